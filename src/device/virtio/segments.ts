/** A buffer of the guest's that lies in pieces. */

import type { GuestMemory } from "../../memory/guest-memory.ts";
import type { Touch } from "../../memory/late-pages.ts";

/** Pieces of guest memory, one after another; all of them in RAM. Made once and filled anew for each chain. */
export class Segments {
  /** Bytes in all pieces. */
  bytes = 0;
  #count = 0;
  readonly #pa: number[] = [];
  readonly #length: number[] = [];

  clear(): void {
    this.#count = 0;
    this.bytes = 0;
  }

  /** Appends `length` bytes at `pa`. A piece that goes on where the last one ends makes that longer. */
  add(pa: number, length: number): void {
    if (length === 0) return;
    this.bytes += length;
    const last = this.#count - 1;
    const end = last < 0 ? -1 : this.#pa[last]! + this.#length[last]!;
    if (end === pa) {
      this.#length[last]! += length;
      return;
    }
    this.#pa[this.#count] = pa;
    this.#length[this.#count] = length;
    this.#count++;
  }

  /** Names all pieces. */
  touch(touch: Touch): void {
    for (let i = 0; i < this.#count; i++) touch(this.#pa[i]!, this.#length[i]!);
  }

  /** Fills `into` with what is at `offset`. False when that is not all there. */
  read(memory: GuestMemory, offset: number, into: Uint8Array): boolean {
    return this.copyOut(memory, offset, into, 0, into.length);
  }

  /** Writes all of `from` at `offset`. False when there is no room, or no memory for it. */
  write(memory: GuestMemory, offset: number, from: Uint8Array): boolean {
    return this.copyIn(memory, offset, from, 0, from.length);
  }

  /** Copies `length` bytes at `offset` to `into[at]` and on. False when they are not all there. */
  copyOut(memory: GuestMemory, offset: number, into: Uint8Array, at: number, length: number): boolean {
    for (let done = 0; done < length;) {
      const view = this.view(memory, offset + done, length - done, false);
      if (view === undefined) return false;
      copy(view, 0, into, at + done, view.length);
      done += view.length;
    }
    return true;
  }

  /** Copies `length` bytes from `from[at]` on to `offset`. False when there is no room, or no memory for it. */
  copyIn(memory: GuestMemory, offset: number, from: Uint8Array, at: number, length: number): boolean {
    for (let done = 0; done < length;) {
      const view = this.view(memory, offset + done, length - done, true);
      if (view === undefined) return false;
      copy(from, at + done, view, 0, view.length);
      done += view.length;
    }
    return true;
  }

  /** Where the byte at `offset` lies, and how many follow it in its piece, itself included. Undefined behind the end. */
  pieceAt(offset: number): { readonly pa: number; readonly length: number } | undefined {
    for (let i = 0; i < this.#count; i++) {
      const length = this.#length[i]!;
      if (offset < length) return { pa: this.#pa[i]! + offset, length: length - offset };
      offset -= length;
    }
    return undefined;
  }

  /**
   * The bytes at `offset`, up to `most` of them, as far as they lie in one piece. Undefined behind the end, or when there is no memory for
   * a page that is to be written.
   */
  view(memory: GuestMemory, offset: number, most: number, write: boolean): Uint8Array | undefined {
    for (let i = 0; i < this.#count; i++) {
      const length = this.#length[i]!;
      if (offset < length) return memory.view(this.#pa[i]! + offset, Math.min(most, length - offset), write);
      offset -= length;
    }
    return undefined;
  }
}

/** Fewer bytes are copied faster one by one than by making a view of them. */
const FEW = 64;

function copy(from: Uint8Array, at: number, into: Uint8Array, to: number, length: number): void {
  if (length > FEW) into.set(at === 0 && length === from.length ? from : from.subarray(at, at + length), to);
  else for (let i = 0; i < length; i++) into[to + i] = from[at + i]!;
}
