/** Bytes of a connection: those that the guest has not acknowledged, and those that it has sent out of order. */

import { copyOf } from "../wire.ts";
import { after } from "./segment.ts";

/** Pieces below this many bytes are put together into blocks. */
const SMALL = 2048;
const BLOCK = 16_384;

/** What the host has sent and the guest has not acknowledged, in the buffers that it came in. */
export class SendQueue {
  readonly #chunks: Uint8Array[] = [];
  /** Bytes of the first chunk that are gone. */
  #headAt = 0;
  /** The block that the last chunk lies in, while there is room in it. */
  #block: Uint8Array | undefined;
  bytes = 0;

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.bytes += bytes.length;
    if (bytes.length >= SMALL) {
      this.#block = undefined;
      this.#chunks.push(bytes);
      return;
    }
    const last = this.#chunks.at(-1);
    const used = this.#block === undefined || last === undefined ? BLOCK : last.length;
    if (used + bytes.length <= BLOCK) {
      this.#block!.set(bytes, used);
      this.#chunks[this.#chunks.length - 1] = this.#block!.subarray(0, used + bytes.length);
    } else {
      this.#block = new Uint8Array(BLOCK);
      this.#block.set(bytes);
      this.#chunks.push(this.#block.subarray(0, bytes.length));
    }
  }

  /** Forgets the first `count` bytes; `count` is at most `bytes`. */
  drop(count: number): void {
    this.bytes -= count;
    let rest = this.#headAt + count;
    let gone = 0;
    while (gone < this.#chunks.length && rest >= this.#chunks[gone]!.length) rest -= this.#chunks[gone++]!.length;
    this.#headAt = rest;
    if (gone > 0) this.#chunks.splice(0, gone);
    if (this.#chunks.length === 0) {
      this.#block = undefined;
      this.#headAt = 0;
    }
  }

  /** Copies `length` bytes from `offset` on, which there are. */
  copy(offset: number, length: number, into: Uint8Array, at: number): void {
    let from = this.#headAt + offset;
    let done = 0;
    for (const chunk of this.#chunks) {
      if (from >= chunk.length) {
        from -= chunk.length;
        continue;
      }
      const part = Math.min(chunk.length - from, length - done);
      into.set(chunk.subarray(from, from + part), at + done);
      done += part;
      from = 0;
      if (done === length) return;
    }
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#block = undefined;
    this.#headAt = 0;
    this.bytes = 0;
  }
}

/** What a piece that waits for those before it takes beside its bytes. */
const PIECE_BYTES = 256;
const MOST_PIECES = 1024;

interface Piece {
  readonly seq: number;
  readonly bytes: Uint8Array;
}

/** What the guest has sent beyond a gap: pieces in order that do not overlap. */
export class Reorder {
  readonly #pieces: Piece[] = [];
  /** Memory that is held. */
  held = 0;
  /** Where the piece that came last begins: what is told of first. */
  #latest = 0;

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** Keeps a copy of bytes that begin at sequence number `seq`, as far as they are new. Without room, nothing happens. */
  insert(seq: number, bytes: Uint8Array): void {
    let from = seq;
    const end = (seq + bytes.length) | 0;
    let index = this.#indexAt(from);
    this.#latest = seq;
    while (after(end, from) > 0) {
      const next = this.#pieces[index];
      const until = next !== undefined && after(next.seq, end) < 0 ? next.seq : end;
      if (after(until, from) > 0) {
        if (this.#pieces.length >= MOST_PIECES) return;
        const piece = { seq: from, bytes: copyOf(bytes, after(from, seq), after(until, seq)) };
        this.#pieces.splice(index++, 0, piece);
        this.held += piece.bytes.length + PIECE_BYTES;
      }
      if (next === undefined || until === end) return;
      from = (next.seq + next.bytes.length) | 0;
      index++;
    }
  }

  /** Takes what lies at `seq`, without what came before it; undefined when nothing does. */
  take(seq: number): Uint8Array | undefined {
    for (;;) {
      const first = this.#pieces[0];
      if (first === undefined || after(first.seq, seq) > 0) return undefined;
      this.#pieces.shift();
      this.held -= first.bytes.length + PIECE_BYTES;
      const known = after(seq, first.seq);
      if (known < first.bytes.length) return first.bytes.subarray(known);
    }
  }

  /**
   * Writes begins and ends of at most `most` runs of pieces, the one that has changed last first; returns how many. (RFC 2018,
   * "Generating Sack Options")
   */
  runs(into: Int32Array, most: number): number {
    let count = 0;
    let begin = 0;
    let end = 0;
    const add = () => {
      const isLatest = after(this.#latest, begin) >= 0 && after(this.#latest, end) < 0;
      if (isLatest) {
        into.copyWithin(2, 0, 2 * Math.min(count, most - 1));
        into[0] = begin;
        into[1] = end;
        count = Math.min(count + 1, most);
      } else if (count < most) {
        into[2 * count] = begin;
        into[2 * count + 1] = end;
        count++;
      }
    };
    for (const [i, { seq, bytes }] of this.#pieces.entries()) {
      if (i > 0 && seq === end) end = (end + bytes.length) | 0;
      else {
        if (i > 0) add();
        begin = seq;
        end = (seq + bytes.length) | 0;
      }
    }
    if (this.#pieces.length > 0) add();
    return count;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.held = 0;
  }

  /** The first piece that ends beyond `seq`. */
  #indexAt(seq: number): number {
    let low = 0;
    let high = this.#pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { seq: begin, bytes } = this.#pieces[middle]!;
      if (after((begin + bytes.length) | 0, seq) > 0) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

const MOST_RANGES = 256;

/** What the guest has said to have received beyond a gap: ranges of sequence numbers in order. */
export class Scoreboard {
  readonly #ranges: { begin: number; end: number }[] = [];
  /** Bytes in the ranges. */
  bytes = 0;

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  /** The end of the last range; there is one. */
  get highest(): number {
    return this.#ranges.at(-1)!.end;
  }

  add(begin: number, end: number): void {
    const ranges = this.#ranges;
    let low = 0;
    while (low < ranges.length && after(ranges[low]!.end, begin) < 0) low++;
    let high = low;
    let [first, last] = [begin, end];
    while (high < ranges.length && after(ranges[high]!.begin, end) <= 0) {
      const range = ranges[high++]!;
      if (after(range.begin, first) < 0) first = range.begin;
      if (after(range.end, last) > 0) last = range.end;
      this.bytes -= after(range.end, range.begin);
    }
    ranges.splice(low, high - low, { begin: first, end: last });
    this.bytes += after(last, first);
    // The guest's own choice of ranges: too many of them, and the last ones are sent again.
    if (ranges.length > MOST_RANGES) {
      const range = ranges.pop()!;
      this.bytes -= after(range.end, range.begin);
    }
  }

  /** What lies before `seq` is acknowledged. */
  drop(seq: number): void {
    const ranges = this.#ranges;
    while (ranges.length > 0 && after(ranges[0]!.begin, seq) < 0) {
      const range = ranges[0]!;
      const gone = Math.min(after(seq, range.begin), after(range.end, range.begin));
      this.bytes -= gone;
      range.begin = (range.begin + gone) | 0;
      if (range.begin !== range.end) return;
      ranges.shift();
    }
  }

  /** The end of the range that `seq` lies in; `seq` itself when it lies in none. */
  endAt(seq: number): number {
    for (const { begin, end } of this.#ranges) {
      if (after(begin, seq) > 0) return seq;
      if (after(end, seq) > 0) return end;
    }
    return seq;
  }

  /** Where the next range behind `seq` begins; undefined when there is none. */
  nextAfter(seq: number): number | undefined {
    for (const { begin } of this.#ranges) if (after(begin, seq) > 0) return begin;
    return undefined;
  }

  clear(): void {
    this.#ranges.length = 0;
    this.bytes = 0;
  }
}
