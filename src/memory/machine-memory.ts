/**
 * The machine memory: the one flat Wasm memory of a Host, given out in ranges of whole frames.
 *
 *   0            1 MiB                                              size         4 GiB
 *   +------------+----------+----------+--------+----------+--------+- - - - - - - +
 *   | the core's | table of | range    | free   | range    | free   | not grown yet |
 *   | constants  | frames   |          |        |          |        |               |
 *   +------------+----------+----------+--------+----------+--------+- - - - - - - +
 *
 * The operating system commits a page of it at the first write, so a range that is allocated and never touched costs
 * address space only. A range is cleared when it is released, and only the pages that hold something are written: what is
 * given out is zero, and nothing of a VM outlives it. A large one is cleared piece by piece in the turns of the event loop
 * that follow, or when it is given out before: nothing waits for it, and a process that ends does without.
 */

import { WasmvisorError } from "../error.ts";
import { FRAME_BYTES, frameTableEnd } from "./frame-table.ts";

export { FRAME_BYTES };

const WASM_PAGE_BYTES = 65536;
const MAX_WASM_PAGES = 65536;

/** Below lie the core's constants (asconfig.json: `memoryBase`, `initialMemory`). */
const FIRST_WASM_PAGES = 16;

/**
 * It grows by this part of itself at least, and not by more than so many pages for that reason alone: each time the engine tells all instances
 * that have it, which are as many as there are translated modules, and counts it as garbage that is to be collected.
 */
const GROWS_BY = 8;
const GROWS_MOST_PAGES = 1024;

/** What is cleared at once, and in one turn of the event loop: some 8 ms where it was never touched. */
const CLEARED_AT_ONCE_BYTES = 2 ** 24;

interface FreeRange {
  start: number;
  end: number;
}

/** The flat memory of a Host and the allocator of its ranges. */
export class MachineMemory {
  /** The Wasm memory itself, which the core imports. */
  readonly memory: WebAssembly.Memory;

  #u8!: Uint8Array;
  #u32!: Uint32Array;
  #u64!: BigUint64Array;
  #view!: DataView;
  #free: FreeRange[] = [];
  /** What of it has not been cleared. */
  #stale: FreeRange[] = [];
  #clearing = false;
  #allocated = 0;
  #clear: (ma: number, bytes: number) => void = (ma, bytes) => this.#u8.fill(0, ma, ma + bytes);
  /** There is no range of so many bytes: true when others have made one free. */
  onFull: ((bytes: number) => boolean) | undefined;
  readonly #limit: number;
  readonly #firstBytes: number;
  /** The system has refused to let it grow. */
  #isFull = false;

  /**
   * @param maxBytes - how far the memory may grow, at most 4 GiB
   */
  constructor(maxBytes = MAX_WASM_PAGES * WASM_PAGE_BYTES) {
    const pages = Math.min(Math.floor(maxBytes / WASM_PAGE_BYTES), MAX_WASM_PAGES);
    if (!(pages >= FIRST_WASM_PAGES)) {
      throw new WasmvisorError("host-memory-size", "Give the host at least 1 MiB of memory.", { maxBytes });
    }
    const { first, maximum } = layout(pages);
    this.#limit = maximum * WASM_PAGE_BYTES;
    this.#firstBytes = first * WASM_PAGE_BYTES;
    this.memory = newMemory(first, maximum);
    this.#refresh();
  }

  /** The memory as bytes. Do not keep it: growing replaces it. */
  get u8(): Uint8Array {
    return this.#u8;
  }

  /** The memory as 32-bit words. Do not keep it: growing replaces it. */
  get u32(): Uint32Array {
    return this.#u32;
  }

  /** The memory as 64-bit words. Do not keep it: growing replaces it. */
  get u64(): BigUint64Array {
    return this.#u64;
  }

  /** The memory for unaligned access. Do not keep it: growing replaces it. */
  get view(): DataView {
    return this.#view;
  }

  /** Bytes of the Wasm memory now. */
  get byteLength(): number {
    return this.#u8.byteLength;
  }

  /** How far it may grow, in bytes. */
  get limitBytes(): number {
    return this.#limit;
  }

  /** Bytes given out and not released. */
  get allocatedBytes(): number {
    return this.#allocated;
  }

  /** Bytes that can still be given out, in whatever pieces. */
  get availableBytes(): number {
    return (this.#isFull ? this.byteLength : this.#limit) - this.#firstBytes - this.#allocated;
  }

  /**
   * Gives out a range of zeros, a whole number of frames long and frame-aligned.
   *
   * @returns its machine address
   * @throws WasmvisorError `host-memory` when no range of that size can be had
   */
  allocate(bytes: number): number {
    return this.#allocate(bytes, true);
  }

  /** As `allocate`, for who can do with less: what others have is left to them. */
  allocateFree(bytes: number): number {
    return this.#allocate(bytes, false);
  }

  /** The ranges that can be given out, in order of address, with what it has not grown to yet. */
  get freeRanges(): readonly { readonly start: number; readonly end: number }[] {
    const rest = { start: this.byteLength, end: this.#isFull ? this.byteLength : this.#limit };
    return rest.start < rest.end ? [...this.#free, rest] : this.#free;
  }

  #allocate(bytes: number, mayAsk: boolean): number {
    const size = frames(bytes);
    const range = this.#take(size) ?? this.#growFor(size, mayAsk);
    this.#allocated += size;
    if (this.#stale.length > 0) this.#clearStale(range);
    return range.start;
  }

  /** Takes back what `allocate(bytes)` gave out at `ma`; it is zero when it is given out again. */
  release(ma: number, bytes: number): void {
    const size = frames(bytes);
    this.#insert({ start: ma, end: ma + size });
    this.#allocated -= size;
    if (size <= CLEARED_AT_ONCE_BYTES) {
      this.clear(ma, size);
      return;
    }
    this.#stale.push({ start: ma, end: ma + size });
    if (!this.#clearing) this.#clearLater();
  }

  #clearLater(): void {
    this.#clearing = true;
    setTimeout(() => {
      this.#clearing = false;
      const [first] = this.#stale;
      if (first !== undefined) this.#clearStale({ start: first.start, end: first.start + CLEARED_AT_ONCE_BYTES });
      if (this.#stale.length > 0) this.#clearLater();
    }, 0);
  }

  /** Clears what is stale of a range. */
  #clearStale({ start, end }: FreeRange): void {
    this.#stale = this.#stale.flatMap((stale) => {
      const [from, to] = [Math.max(start, stale.start), Math.min(end, stale.end)];
      if (from >= to) return [stale];
      this.clear(from, to - from);
      const rest = [
        { start: stale.start, end: from },
        { start: to, end: stale.end },
      ];
      return rest.filter((part) => part.start < part.end);
    });
  }

  /** Makes `bytes` bytes at `ma` zero. Both are multiples of a frame. */
  clear(ma: number, bytes: number): void {
    this.#clear(ma, bytes);
  }

  /** Has `clear` done by the core, which writes only to frames that hold something. */
  clearWith(clear: (ma: number, bytes: number) => void): void {
    this.#clear = clear;
  }

  #refresh(): void {
    const buffer = this.memory.buffer;
    this.#u8 = new Uint8Array(buffer);
    this.#u32 = new Uint32Array(buffer);
    this.#u64 = new BigUint64Array(buffer);
    this.#view = new DataView(buffer);
  }

  /** First fit. */
  #take(size: number): FreeRange | undefined {
    for (const [index, range] of this.#free.entries()) {
      if (range.end - range.start < size) continue;
      const taken = { start: range.start, end: range.start + size };
      range.start += size;
      if (range.start === range.end) this.#free.splice(index, 1);
      return taken;
    }
    return undefined;
  }

  #growFor(size: number, mayAsk: boolean): FreeRange {
    const end = this.byteLength;
    const last = this.#free.at(-1);
    const atEnd = last?.end === end ? end - last.start : 0;
    const missing = Math.ceil((size - atEnd) / WASM_PAGE_BYTES);
    if (end + missing * WASM_PAGE_BYTES > this.#limit || !this.#growBy(missing)) {
      if (mayAsk && this.onFull?.(size) === true) return this.#take(size) ?? this.#growFor(size, false);
      throw new WasmvisorError(
        "host-memory",
        `The host has no ${size} bytes in one piece left; use a smaller VM, destroy one, or make a second host.`,
        { requested: size, allocated: this.#allocated, limit: this.#limit },
      );
    }
    this.#insert({ start: end, end: this.byteLength });
    const range = this.#take(size);
    if (range === undefined) throw new RangeError("the free list lost the range that was just added");
    return range;
  }

  /** Grows by so many Wasm pages, and some more where it may. */
  #growBy(missing: number): boolean {
    const pages = this.byteLength / WASM_PAGE_BYTES;
    const room = this.#limit / WASM_PAGE_BYTES - pages;
    const more = Math.min(Math.max(missing, Math.min(Math.ceil(pages / GROWS_BY), GROWS_MOST_PAGES)), room);
    if (this.#grow(more) || (more > missing && this.#grow(missing))) return true;
    this.#isFull = true;
    return false;
  }

  #grow(wasmPages: number): boolean {
    try {
      this.memory.grow(wasmPages);
    } catch {
      return false;
    }
    this.#refresh();
    return true;
  }

  /** Keeps the list sorted and joins neighbours. */
  #insert(range: FreeRange): void {
    const free = this.#free;
    let index = free.findIndex((other) => other.start >= range.end);
    if (index < 0) index = free.length;
    const next = free[index];
    const previous = free[index - 1];
    if (previous !== undefined && previous.end > range.start) {
      throw new RangeError("a range of machine memory was released twice");
    }
    if (next?.start === range.end) {
      range = { start: range.start, end: next.end };
      free.splice(index, 1);
    }
    if (previous?.end === range.start) {
      previous.end = range.end;
    } else {
      free.splice(index, 0, range);
    }
  }
}

/**
 * In Wasm pages: where the first range can lie, and how far the memory may grow. The table of frames (assembly/shared/constants.ts) comes
 * on top of what is to be given out, where there is room for that; it has an entry for each frame up to the end.
 */
function layout(pages: number): { first: number; maximum: number } {
  let first = FIRST_WASM_PAGES;
  for (;;) {
    const maximum = Math.min(pages + first - FIRST_WASM_PAGES, MAX_WASM_PAGES);
    const needed = Math.ceil(frameTableEnd(maximum * WASM_PAGE_BYTES) / WASM_PAGE_BYTES);
    if (needed <= first) return { first, maximum };
    first = needed;
  }
}

function newMemory(initial: number, maximum: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial, maximum });
  } catch (cause) {
    const bytes = maximum * WASM_PAGE_BYTES;
    throw new WasmvisorError(
      "host-memory",
      `The system cannot set ${bytes} bytes of address space aside; give the host less with maxMemory, or close other hosts.`,
      { requested: bytes },
      { cause },
    );
  }
}

function frames(bytes: number): number {
  if (!Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new WasmvisorError("range-size", "Ask for a positive whole number of bytes.", { bytes });
  }
  return Math.ceil(bytes / FRAME_BYTES) * FRAME_BYTES;
}
