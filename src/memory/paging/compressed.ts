/**
 * Pages kept compressed, in memory that is not the Wasm memory.
 *
 * Memory comes in slabs, each cut into cells of one size, a multiple of 256 bytes. A page's number is slab · 256 + cell + 1.
 */

import { FRAME_BYTES } from "../frame-table.ts";
import { compress, decompress } from "./lz.ts";
import type { PageBackend } from "./page-store.ts";

const CELL_STEP = 256;
const SLAB_BYTES = 65_536;
/** Sizes of cells: 1 to 16 steps. The largest holds a page as it is. */
const SIZES = FRAME_BYTES / CELL_STEP;
const CELLS_MOST = SLAB_BYTES / CELL_STEP;

interface Slab {
  readonly bytes: Uint8Array;
  readonly cellBytes: number;
  /** What each cell that is used holds. */
  readonly lengths: Uint16Array;
  readonly free: number[];
}

/** Pages in memory, compressed. */
export class CompressedPages implements PageBackend {
  readonly #most: number;
  readonly #slabs: (Slab | undefined)[] = [];
  /** Slabs with free cells, by the size of these in steps. */
  readonly #open = Array.from({ length: SIZES + 1 }, () => new Set<number>());
  readonly #scratch = new Uint8Array(FRAME_BYTES - CELL_STEP);
  #bytes = 0;

  /** @param most - bytes that it may take */
  constructor(most: number) {
    this.#most = most;
  }

  get bytes(): number {
    return this.#bytes;
  }

  write(page: Uint8Array): number {
    const packed = compress(page, this.#scratch);
    const length = packed === 0 ? FRAME_BYTES : packed;
    const index = this.#slabFor(Math.ceil(length / CELL_STEP));
    if (index < 0) return 0;
    const slab = this.#slabs[index]!;
    const cell = slab.free.pop()!;
    if (slab.free.length === 0) this.#open[slab.cellBytes / CELL_STEP]!.delete(index);
    slab.lengths[cell] = length;
    slab.bytes.set(packed === 0 ? page : this.#scratch.subarray(0, packed), cell * slab.cellBytes);
    return index * CELLS_MOST + cell + 1;
  }

  read(number: number, page: Uint8Array): void {
    const [slab, cell] = this.#cell(number);
    const start = cell * slab.cellBytes;
    const bytes = slab.bytes.subarray(start, start + slab.lengths[cell]!);
    if (bytes.length === FRAME_BYTES) page.set(bytes);
    else if (!decompress(bytes, page)) throw new RangeError("the page cannot be unpacked");
  }

  free(number: number): void {
    const [slab, cell] = this.#cell(number);
    const index = Math.floor((number - 1) / CELLS_MOST);
    const open = this.#open[slab.cellBytes / CELL_STEP]!;
    slab.free.push(cell);
    open.add(index);
    if (slab.free.length < Math.floor(SLAB_BYTES / slab.cellBytes)) return;
    open.delete(index);
    this.#slabs[index] = undefined;
    this.#bytes -= SLAB_BYTES;
  }

  close(): void {
    this.#slabs.length = 0;
    for (const open of this.#open) open.clear();
    this.#bytes = 0;
  }

  #cell(number: number): [Slab, number] {
    const slab = this.#slabs[Math.floor((number - 1) / CELLS_MOST)];
    if (slab === undefined) throw new RangeError(`no page ${number}`);
    return [slab, (number - 1) % CELLS_MOST];
  }

  /** A slab with a free cell of so many steps; -1 when there is no memory for one. */
  #slabFor(steps: number): number {
    const open = this.#open[steps]!;
    for (const index of open) return index;
    if (this.#bytes + SLAB_BYTES > this.#most) return -1;
    const cellBytes = steps * CELL_STEP;
    const count = Math.floor(SLAB_BYTES / cellBytes);
    const slab: Slab = {
      bytes: new Uint8Array(SLAB_BYTES),
      cellBytes,
      lengths: new Uint16Array(count),
      free: Array.from({ length: count }, (_, index) => count - 1 - index),
    };
    let index = this.#slabs.indexOf(undefined);
    if (index < 0) index = this.#slabs.length;
    this.#slabs[index] = slab;
    this.#bytes += SLAB_BYTES;
    open.add(index);
    return index;
  }
}
