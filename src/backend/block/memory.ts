/** A disk in memory: what has never been written takes none. */

import { WasmvisorError } from "../../error.ts";
import type { BlockBackend, BlockInfo, Extent } from "./block.ts";
import { expectChange, expectInside, expectOpen, expectSize } from "./range.ts";

const PAGE_BYTES = 65_536;

/** How a `MemoryBlock` may be made. */
export interface MemoryBlockOptions {
  /** Refuses everything that would change it. Default: false. */
  readonly readonly?: boolean;
}

/**
 * Bytes in memory, in pages that are made when they are first written. Nothing survives `close`.
 *
 * ```ts
 * const disk = new MemoryBlock(64 * 2 ** 20);
 * ```
 */
export class MemoryBlock implements BlockBackend {
  readonly readonly: boolean;
  readonly synchronous = true;
  readonly info: BlockInfo = { description: "disk in memory" };
  readonly #pages = new Map<number, Uint8Array>();
  #size: number;
  #open = true;

  /**
   * @param content - how many bytes of zeros, or the first bytes, which are copied
   * @throws WasmvisorError `block-size`; `block-full` when the host has no memory for what is copied
   */
  constructor(content: number | Uint8Array, options: MemoryBlockOptions = {}) {
    const size = typeof content === "number" ? content : content.length;
    expectSize(size);
    this.#size = size;
    if (typeof content !== "number") this.#put(0, content);
    this.readonly = options.readonly ?? false;
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of memory that it takes. */
  get allocated(): number {
    return this.#pages.size * PAGE_BYTES;
  }

  read(at: number, into: Uint8Array): void {
    expectOpen(this, this.#open);
    expectInside(this, at, into.length);
    for (let done = 0; done < into.length;) {
      const { index, offset, length } = piece(at + done, into.length - done);
      const page = this.#pages.get(index);
      if (page === undefined) into.fill(0, done, done + length);
      else into.set(offset === 0 && length === PAGE_BYTES ? page : page.subarray(offset, offset + length), done);
      done += length;
    }
  }

  write(at: number, from: Uint8Array): void {
    expectChange(this, this.#open, at, from.length);
    this.#put(at, from);
  }

  flush(): void {
    expectOpen(this, this.#open);
  }

  flushNow(): void {
    this.flush();
  }

  discard(at: number, length: number): void {
    expectChange(this, this.#open, at, length);
    this.#clear(at, length);
  }

  writeZeroes(at: number, length: number): void {
    expectChange(this, this.#open, at, length);
    this.#clear(at, length);
  }

  resize(size: number): void {
    expectChange(this, this.#open, 0, 0);
    expectSize(size);
    if (size < this.#size) this.#clear(size, this.#size - size);
    this.#size = size;
  }

  extent(at: number): Extent {
    expectOpen(this, this.#open);
    expectInside(this, at, 1);
    const { index, length } = piece(at, this.#size - at);
    const isThere = this.#pages.has(index);
    let end = at + length;
    while (end < this.#size && this.#pages.size > 0 && this.#pages.has(end / PAGE_BYTES) === isThere) {
      // Without pages behind it, a hole reaches to the end; a disk may have more pages than there is time to look at.
      if (!isThere && end - at >= EXTENT_BYTES) break;
      end += PAGE_BYTES;
    }
    if (this.#pages.size === 0) end = this.#size;
    return { length: Math.min(end, this.#size) - at, kind: isThere ? "data" : "hole" };
  }

  close(): Promise<void> {
    this.#open = false;
    this.#pages.clear();
    return Promise.resolve();
  }

  #put(at: number, from: Uint8Array): void {
    for (let done = 0; done < from.length;) {
      const { index, offset, length } = piece(at + done, from.length - done);
      const page = this.#pages.get(index) ?? this.#newPage(index);
      page.set(length === from.length ? from : from.subarray(done, done + length), offset);
      done += length;
    }
  }

  #newPage(index: number): Uint8Array {
    try {
      const page = new Uint8Array(PAGE_BYTES);
      this.#pages.set(index, page);
      return page;
    } catch (cause) {
      throw new WasmvisorError(
        "block-full",
        "The host has no memory left for a disk in memory; use a file, or a smaller disk.",
        { size: this.#size },
        { cause },
      );
    }
  }

  /** Whole pages are given back. Of a large range only the pages that there are cost time. */
  #clear(at: number, length: number): void {
    const end = at + length;
    if (length / PAGE_BYTES > this.#pages.size) {
      for (const index of [...this.#pages.keys()]) {
        const from = Math.max(at, index * PAGE_BYTES);
        const to = Math.min(end, (index + 1) * PAGE_BYTES);
        if (from < to) this.#clearPiece(index, from % PAGE_BYTES, to - from);
      }
      return;
    }
    for (let next = at; next < end;) {
      const part = piece(next, end - next);
      this.#clearPiece(part.index, part.offset, part.length);
      next += part.length;
    }
  }

  #clearPiece(index: number, offset: number, length: number): void {
    if (length === PAGE_BYTES) this.#pages.delete(index);
    else this.#pages.get(index)?.fill(0, offset, offset + length);
  }
}

/** How far `extent` looks through a hole. */
const EXTENT_BYTES = 2 ** 30;

/** The part of `length` bytes at `at` that lies in one page. */
function piece(at: number, length: number): { index: number; offset: number; length: number } {
  const offset = at % PAGE_BYTES;
  return { index: (at - offset) / PAGE_BYTES, offset, length: Math.min(length, PAGE_BYTES - offset) };
}
