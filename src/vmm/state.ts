/**
 * Saving a machine and restoring it, all of it or nothing. Sections are made and checked part by part (src/state); RAM is pages. What
 * is saved, what is rebuilt, and what "at rest" means: docs/design/state.md.
 */

import { WasmvisorError } from "../error.ts";
import type { MachineSpace } from "../core/machine-space.ts";
import type { GuestMemory } from "../memory/guest-memory.ts";
import { checkParts, type Part, saveParts } from "../state/saved.ts";
import { PAGE_BYTES, type RamPages, type SavedState, type Section, stateError } from "../state/section.ts";

/** What a state is taken of. */
export interface StateOwner {
  /** In the order in which they are checked and restored. */
  readonly parts: readonly Part[];
  readonly space: MachineSpace;
  readonly ram: GuestMemory;
}

/** @throws WasmvisorError `state-device` when a device cannot be saved */
export function saveState({ parts, space }: StateOwner): SavedState {
  const sections = saveParts(parts);
  const numbers = space.touchedPages();
  const bytes = new Uint8Array(numbers.length * PAGE_BYTES);
  numbers.forEach((page, index) => {
    space.ram.copyOut(page, bytes.subarray(index * PAGE_BYTES, (index + 1) * PAGE_BYTES));
  });
  return { sections, ram: { numbers, bytes } };
}

/**
 * Looks whether `state` fits, and changes nothing.
 * @returns what restores it, to be called at once, because it holds memory for it; that throws only when an owner's device does, and has
 * changed nothing then
 * @throws WasmvisorError `state-section`, `state-version`, `state-damaged`, `state-machine`; `host-memory` when there is not enough for its
 * pages
 */
export function checkState({ parts, space, ram }: StateOwner, state: SavedState): () => void {
  const { sections, ram: pages } = shaped(state);
  // The parts say which machine it is: with another one, its pages would only seem too many.
  const restoreParts = checkParts(parts, sections);
  checkPages(pages, space.ramBytes / PAGE_BYTES);
  const giveBack = reserve(space, pages);
  return () => {
    try {
      restoreParts();
    } finally {
      giveBack();
    }
    restoreRam(space, ram, pages);
  };
}

/**
 * As `checkState`, of a state whose pages of RAM have been written already.
 * @throws WasmvisorError `state-section`, `state-version`, `state-damaged`, `state-machine`
 */
export function checkSections({ parts }: StateOwner, sections: readonly Section[]): () => void {
  return checkParts(parts, sections);
}

/** Makes sure that each page can have a frame. */
function reserve({ ram }: MachineSpace, { numbers }: RamPages): () => void {
  const { length: pages } = numbers;
  const { limit } = ram;
  if (pages > limit) {
    const sentence = `The saved state has ${pages} pages of RAM, and this VM may have ${limit}; make the VM with a higher memoryLimit.`;
    throw stateError("state-machine", sentence, { pages, limit });
  }
  const giveBack = ram.reserveFor(numbers);
  if (giveBack !== undefined) return giveBack;
  throw new WasmvisorError(
    "host-memory",
    `The host has no memory left for the ${pages} pages of RAM of the saved state; destroy other VMs, or make the host larger.`,
    { pages },
  );
}

function restoreRam(space: MachineSpace, ram: GuestMemory, { numbers, bytes }: RamPages): void {
  space.clearRam();
  numbers.forEach((page, index) => {
    ram.write(space.ramPa + page * PAGE_BYTES, bytes.subarray(index * PAGE_BYTES, (index + 1) * PAGE_BYTES));
  });
}

/** A state comes from outside: it may be anything. */
function shaped(state: unknown): SavedState {
  const { sections, ram } = (state ?? {}) as Partial<Record<keyof SavedState, unknown>>;
  const { numbers, bytes } = (ram ?? {}) as Partial<Record<keyof RamPages, unknown>>;
  if (!Array.isArray(sections) || !sections.every(isSection)) throw damaged("its list of parts is none");
  if (!(numbers instanceof Uint32Array) || !(bytes instanceof Uint8Array)) throw damaged("it has no pages of RAM");
  return { sections, ram: { numbers, bytes } };
}

function isSection(value: unknown): value is Section {
  const { name, version, bytes } = (value ?? {}) as Partial<Record<keyof Section, unknown>>;
  return typeof name === "string" && typeof version === "number" && bytes instanceof Uint8Array;
}

function checkPages({ numbers, bytes }: RamPages, count: number): void {
  if (bytes.length !== numbers.length * PAGE_BYTES) throw damaged("its pages of RAM are not all there");
  const isOrdered = numbers.every((page, index) => index === 0 || page > numbers[index - 1]!);
  if (!isOrdered) throw damaged("its pages of RAM are out of order");
  const last = numbers.at(-1) ?? 0;
  if (last < count) return;
  const sentence = `The saved state has a page ${last} of RAM, and this machine ${count} pages; make the VM with as much memory.`;
  throw stateError("state-machine", sentence, { page: last, count });
}

function damaged(what: string): Error {
  return stateError("state-damaged", `The saved state is damaged: ${what}; save the VM again.`, {});
}
