/** What two saved states differ in. */

import type { SavedState, Section } from "../../src/state/section.ts";

const PAGE = 4096;

const equal = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;

const isZero = (bytes: Uint8Array | undefined): boolean => bytes === undefined || equal(bytes, ZEROS);
const ZEROS = new Uint8Array(PAGE);

function sectionDifferences(a: readonly Section[], b: readonly Section[]): string[] {
  const names = new Set([...a, ...b].map(({ name }) => name));
  const find = (sections: readonly Section[], name: string) => sections.find((section) => section.name === name);
  return [...names].filter((name) => {
    const [left, right] = [find(a, name), find(b, name)];
    return left?.version !== right?.version || !equal(left?.bytes, right?.bytes);
  });
}

function pagesOf({ ram }: SavedState): Map<number, Uint8Array> {
  const pages = new Map<number, Uint8Array>();
  ram.numbers.forEach((page, index) => pages.set(page, ram.bytes.subarray(index * PAGE, (index + 1) * PAGE)));
  return pages;
}

function pageDifferences(a: SavedState, b: SavedState): string[] {
  if (equal(a.ram.bytes, b.ram.bytes) && Buffer.from(a.ram.numbers).equals(Buffer.from(b.ram.numbers))) return [];
  const [left, right] = [pagesOf(a), pagesOf(b)];
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((page) => !equal(left.get(page), right.get(page)))
    .filter((page) => !isZero(left.get(page)) || !isZero(right.get(page)))
    .map((page) => `page ${page}`);
}

/** The names of what differs; a page that is all zero is as good as one that was never touched, because engines differ in that. */
export function differences(a: SavedState, b: SavedState): string[] {
  return [...sectionDifferences(a.sections, b.sections), ...pageDifferences(a, b)];
}

/** Whether they are the same to the last byte, touched pages too. */
export function identical(a: SavedState, b: SavedState): boolean {
  return (
    JSON.stringify(a.sections.map(({ name, version }) => [name, version])) ===
      JSON.stringify(b.sections.map(({ name, version }) => [name, version])) &&
    a.sections.every(({ bytes }, index) => equal(bytes, b.sections[index]!.bytes)) &&
    equal(a.ram.bytes, b.ram.bytes) &&
    a.ram.numbers.length === b.ram.numbers.length &&
    a.ram.numbers.every((page, index) => page === b.ram.numbers[index])
  );
}
