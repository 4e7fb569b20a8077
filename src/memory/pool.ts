/**
 * The pool of frames of a Host: what backs the RAM of its VMs, one page at a time or in pieces.
 *
 * A *chunk* is a range from which single frames are given out. A *piece* is the range that a VM's RAM has to itself; those of its frames
 * that the VM gives up are spare, and go to others when there is nothing else. When the VM goes, what others still use of the piece
 * becomes loose frames, each a chunk of its own, and the rest goes back. Free frames are zero.
 */

import { WasmvisorError } from "../error.ts";
import type { PageStore } from "./paging/page-store.ts";
import { FrameTable } from "./frame-table.ts";
import { FRAME_BYTES, type MachineMemory } from "./machine-memory.ts";

/** Frames of a chunk: as many as can be had, the first of these. */
const CHUNK_FRAMES = [256, 16, 1];

/** A range that frames are given out from. */
interface Range {
  readonly ma: number;
  readonly end: number;
  /** Whether it is a VM's piece. */
  readonly piece: boolean;
  /** Frames of it that back RAM; not counted for a piece. */
  used: number;
  /** Whether others than the piece's VM have ever used a frame of it, or could have. */
  mixed: boolean;
}

/** Machine memory from `start` to `end`. */
interface Run {
  readonly start: number;
  readonly end: number;
}

/** What a pool holds, in bytes. */
export interface PoolStatistics {
  /** In the pieces that VMs have to themselves, touched or not. */
  readonly pieceBytes: number;
  /** In frames given out one by one. */
  readonly frameBytes: number;
  /** In frames that wait to be given out. */
  readonly freeBytes: number;
}

/** Who finds frames when there are few, by having pages leave for a store (src/memory/paging). */
export interface FramePager {
  readonly store: PageStore;
  /** The VM whose block is at `vm` has taken a frame. */
  took(vm: number): void;
  /** There is none: has pages leave of VMs that nothing of is running. True when there may be one now. */
  rescue(): boolean;
}

/** The frames of one machine memory. */
export class MemoryPool {
  /** How many pages each frame backs. */
  readonly frames: FrameTable;
  /** Undefined when pages never leave. */
  pager: FramePager | undefined;
  readonly #memory: MachineMemory;
  /** Sorted by address. */
  readonly #ranges: Range[] = [];
  readonly #free = new Set<number>();
  /** Free ones of pieces. */
  readonly #spare = new Set<number>();
  /** The pieces, by the machine address of their VM's block. */
  readonly #pieces = new Map<number, Range>();
  /** What is being cleared. */
  #kept: Run | undefined;
  #pieceBytes = 0;
  #given = 0;

  constructor(memory: MachineMemory) {
    this.#memory = memory;
    this.frames = new FrameTable(memory);
  }

  /** What it holds now. */
  statistics(): PoolStatistics {
    return {
      pieceBytes: this.#pieceBytes,
      frameBytes: this.#given * FRAME_BYTES,
      freeBytes: (this.#free.size + this.#spare.size) * FRAME_BYTES,
    };
  }

  /**
   * Takes a piece of zeros for the VM whose block is at `vm`: RAM in one range.
   * @throws WasmvisorError `host-memory` when there is no range of that size
   */
  takePiece(vm: number, bytes: number): number {
    const ma = this.#memory.allocate(bytes);
    const range = { ma, end: ma + bytes, piece: true, used: 0, mixed: false };
    this.#insert(range);
    this.#pieces.set(vm, range);
    this.#pieceBytes += bytes;
    return ma;
  }

  /** Gives the piece of the VM back, whose own pages use none of it any more. What others use of it stays until they give it up. */
  releasePiece(vm: number): void {
    const range = this.#pieces.get(vm);
    if (range === undefined) return;
    this.#pieces.delete(vm);
    this.#pieceBytes -= range.end - range.ma;
    this.#remove(range);
    if (range.mixed) this.#dissolve(range);
    else this.#memory.release(range.ma, range.end - range.ma);
  }

  /** Notes that a frame may be used by others than the VM whose piece it is in. */
  mix(ma: number): void {
    this.#rangeOf(ma).mixed = true;
  }

  /** Takes a frame of zeros for page `page` of the VM: the one in its place in the VM's piece, if it can. 0 when there is none left. */
  takeFor(vm: number, page: number): number {
    const piece = this.#pieces.get(vm);
    const own = piece === undefined ? 0 : piece.ma + page * FRAME_BYTES;
    const ma = own !== 0 && this.takeAt(own) ? own : this.take() || this.#rescued();
    if (ma !== 0) this.pager?.took(vm);
    return ma;
  }

  /** How many frames can still be taken. */
  get available(): number {
    return this.#free.size + this.#spare.size + Math.floor(this.#memory.availableBytes / FRAME_BYTES);
  }

  /** Takes a frame of zeros. 0 when there is none left. */
  take(): number {
    if (this.#kept !== undefined) return this.#takeOutside(this.#kept);
    if (this.#free.size === 0) this.#grow();
    const [ma] = this.#free.size > 0 ? this.#free : this.#spare;
    return ma !== undefined && this.takeAt(ma) ? ma : 0;
  }

  #takeOutside({ start, end }: Run): number {
    for (const free of [this.#free, this.#spare])
      for (const ma of free) if (ma < start || ma >= end) return this.takeAt(ma) ? ma : 0;
    return 0;
  }

  /**
   * Where `bytes` bytes would be free after the fewest frames have gone elsewhere; undefined when some of them must stay wherever that is.
   * @param mayGo - whether the page of a frame can go elsewhere
   */
  runFor(bytes: number, mayGo: (ma: number) => boolean): Run | undefined {
    const chunks = this.#ranges.filter(({ piece }) => !piece);
    const parts = [
      ...this.#memory.freeRanges.map((range) => ({ ...range, cost: 0 })),
      ...chunks.map(({ ma, end }) => ({ start: ma, end, cost: this.#costOf(ma, end, mayGo) })),
    ].sort((a, b) => a.start - b.start);
    let best: (Run & { cost: number }) | undefined;
    for (const [index, { start }] of parts.entries()) {
      let cost = 0;
      for (let at = index, end = start; at < parts.length && parts[at]!.start === end; at++) {
        end = parts[at]!.end;
        cost += parts[at]!.cost;
        if (end - start < bytes) continue;
        if (cost < (best?.cost ?? Infinity)) best = { start, end, cost };
        break;
      }
    }
    return best;
  }

  #costOf(ma: number, end: number, mayGo: (ma: number) => boolean): number {
    let cost = 0;
    for (let frame = ma; frame < end; frame += FRAME_BYTES) {
      if (this.#free.has(frame)) continue;
      if (!mayGo(frame)) return Infinity;
      cost++;
    }
    return cost;
  }

  /** Calls `clear` with each frame of a run that backs something; none of the run is given out meanwhile. False when one of them stays. */
  clearRun(run: Run, clear: (ma: number) => boolean): boolean {
    this.#kept = run;
    try {
      const chunks = this.#ranges.filter(({ piece, ma }) => !piece && ma >= run.start && ma < run.end);
      for (const { ma, end } of chunks)
        for (let frame = ma; frame < end; frame += FRAME_BYTES)
          if (this.frames.count(frame) > 0 && !clear(frame)) return false;
      return true;
    } finally {
      this.#kept = undefined;
    }
  }

  /** Whether the frame at `ma` waits to be given out. */
  isFree(ma: number): boolean {
    return this.#spare.has(ma) || this.#free.has(ma);
  }

  /** Takes `count` frames for later, and returns what gives them back. Undefined, and none taken, when there are not so many. */
  reserve(count: number): (() => void) | undefined {
    const taken: number[] = [];
    const giveBack = (): void => taken.splice(0).forEach((ma) => this.release(ma));
    while (taken.length < count) {
      const ma = this.take();
      if (ma === 0) {
        giveBack();
        return undefined;
      }
      taken.push(ma);
    }
    return giveBack;
  }

  /** Takes the frame at `ma` if it is free. */
  takeAt(ma: number): boolean {
    if (this.#spare.delete(ma)) return true;
    if (!this.#free.delete(ma)) return false;
    this.#rangeOf(ma).used++;
    this.#given++;
    return true;
  }

  /** Takes a frame back that backs no page any more. */
  release(ma: number): void {
    const range = this.#rangeOf(ma);
    this.frames.set(ma, 0);
    if (range.piece) {
      this.#memory.clear(ma, FRAME_BYTES);
      range.mixed = true;
      this.#spare.add(ma);
      return;
    }
    this.#given--;
    if (--range.used > 0) {
      this.#memory.clear(ma, FRAME_BYTES);
      this.#free.add(ma);
      return;
    }
    for (let other = range.ma; other < range.end; other += FRAME_BYTES) this.#free.delete(other);
    this.#remove(range);
    this.#memory.release(range.ma, range.end - range.ma);
  }

  #rescued(): number {
    return this.pager?.rescue() === true ? this.take() : 0;
  }

  #grow(): void {
    for (const frames of CHUNK_FRAMES) {
      const ma = this.#allocate(frames * FRAME_BYTES);
      if (ma === undefined) continue;
      const end = ma + frames * FRAME_BYTES;
      this.#insert({ ma, end, piece: false, used: 0, mixed: false });
      for (let frame = ma; frame < end; frame += FRAME_BYTES) this.#free.add(frame);
      return;
    }
  }

  #allocate(bytes: number): number | undefined {
    try {
      return this.#memory.allocateFree(bytes);
    } catch (error) {
      if (error instanceof WasmvisorError && error.code === "host-memory") return undefined;
      throw error;
    }
  }

  /** Gives back what nobody uses of a piece without a VM; the rest becomes loose. */
  #dissolve({ ma, end }: Range): void {
    let start = ma;
    for (let frame = ma; frame <= end; frame += FRAME_BYTES) {
      this.#spare.delete(frame);
      if (frame < end && this.frames.count(frame) === 0) continue;
      if (start < frame) this.#memory.release(start, frame - start);
      start = frame + FRAME_BYTES;
      if (frame === end) break;
      this.#insert({ ma: frame, end: start, piece: false, used: 1, mixed: true });
      this.#given++;
    }
  }

  #rangeOf(ma: number): Range {
    const range = this.#ranges[this.#indexOf(ma)];
    if (range === undefined || ma < range.ma || ma >= range.end) throw new RangeError(`no frame of the pool at ${ma}`);
    return range;
  }

  /** Index of the last range that begins at `ma` or below; -1 for none. */
  #indexOf(ma: number): number {
    let [low, high] = [0, this.#ranges.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ranges[middle]!.ma <= ma) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #insert(range: Range): void {
    this.#ranges.splice(this.#indexOf(range.ma) + 1, 0, range);
  }

  #remove(range: Range): void {
    this.#ranges.splice(this.#indexOf(range.ma), 1);
  }
}
