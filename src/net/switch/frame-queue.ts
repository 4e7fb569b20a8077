/** Frames that wait, in one piece of memory: no object is made for a frame. */

import type { FrameInfo } from "../../backend/network/network.ts";

/**
 * ```
 *  #ring    [ frame ][ frame ]      free      [ frame ][ gap ]     bytes; a frame never goes over the end
 *  #words     8 words each: where it begins, its length, and the FrameInfo
 * ```
 */
const WORDS = 8;

/** A queue of frames, with room for some bytes and some frames. Its memory is taken with the first frame. */
export class FrameQueue {
  readonly #capacity: number;
  readonly #most: number;
  #ring = new Uint8Array(0);
  #words = new Int32Array(0);
  /** The first frame's number, and how many there are. */
  #first = 0;
  #count = 0;
  /** Where the first frame begins, and where the next one may. */
  #start = 0;
  #end = 0;

  constructor(capacity: number, most: number) {
    this.#capacity = capacity;
    this.#most = most;
  }

  get length(): number {
    return this.#count;
  }

  /** The memory that frames lie in. */
  get bytes(): Uint8Array {
    return this.#ring;
  }

  /** Where the first frame begins in `bytes`, and its length. */
  get at(): number {
    return this.#words[this.#first * WORDS]!;
  }

  get frameBytes(): number {
    return this.#words[this.#first * WORDS + 1]!;
  }

  /** What belongs to the first frame. */
  readInfo(into: FrameInfo): void {
    const at = this.#first * WORDS;
    const words = this.#words;
    into.flags = words[at + 2]!;
    into.gso = words[at + 3]!;
    into.segmentBytes = words[at + 4]!;
    into.headerBytes = words[at + 5]!;
    into.checksumStart = words[at + 6]!;
    into.checksumOffset = words[at + 7]!;
  }

  /** Whether a frame of `length` bytes fits. */
  fits(length: number): boolean {
    return this.#place(length) >= 0;
  }

  /** Makes room for a frame at the end; where in `bytes` its bytes are to be put, or -1 when there is none. `shift` is that of its offsets. */
  push(length: number, info: FrameInfo, shift: number): number {
    if (this.#ring.length === 0) {
      this.#ring = new Uint8Array(this.#capacity);
      this.#words = new Int32Array(WORDS * this.#most);
    }
    const place = this.#place(length);
    if (place < 0) return -1;
    if (this.#count === 0) this.#start = place;
    this.#end = place + length;
    const at = ((this.#first + this.#count) % this.#most) * WORDS;
    const words = this.#words;
    words[at] = place;
    words[at + 1] = length;
    words[at + 2] = info.flags;
    words[at + 3] = info.gso;
    words[at + 4] = info.segmentBytes;
    words[at + 5] = info.gso === 0 ? 0 : info.headerBytes + shift;
    words[at + 6] = info.checksumStart + (info.flags === 0 ? 0 : shift);
    words[at + 7] = info.checksumOffset;
    this.#count++;
    return place;
  }

  /** Drops the first frame. */
  shift(): void {
    if (this.#count === 0) return;
    this.#first = (this.#first + 1) % this.#most;
    this.#count--;
    if (this.#count === 0) this.#start = this.#end = 0;
    else this.#start = this.at;
  }

  clear(): void {
    this.#first = this.#count = this.#start = this.#end = 0;
  }

  #place(length: number): number {
    if (this.#count >= this.#most || length > this.#capacity) return -1;
    if (this.#count === 0) return 0;
    if (this.#end > this.#start) {
      if (this.#end + length <= this.#capacity) return this.#end;
      return length < this.#start ? 0 : -1;
    }
    return this.#end + length < this.#start ? this.#end : -1;
  }
}
