/** What two saved states differ in, and what they say. */

import type { SavedState } from "../../src/state/section.ts";

const PAGE = 4096;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** All of a state as text; pages that are all zero say nothing, because engines differ in when they touch them. */
export function stateText({ sections, ram }: SavedState): Map<string, string> {
  const text = new Map(sections.map(({ name, version, bytes }) => [name, `${version}: ${hex(bytes)}`]));
  ram.numbers.forEach((page, index) => {
    const bytes = ram.bytes.subarray(index * PAGE, (index + 1) * PAGE);
    if (bytes.some((byte) => byte !== 0)) text.set(`page ${page}`, hex(bytes));
  });
  return text;
}

/** The names of what differs. */
export function differences(a: SavedState, b: SavedState): string[] {
  const [left, right] = [stateText(a), stateText(b)];
  return [...new Set([...left.keys(), ...right.keys()])].filter((name) => left.get(name) !== right.get(name));
}
