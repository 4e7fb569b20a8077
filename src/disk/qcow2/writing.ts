/** Changing the contents of a qcow2 image. */

import { damaged } from "../error.ts";
import { settle, type Steps, wait } from "../steps.ts";
import { compressedIn, entryOf, type Image, isCopied, Kind, offsetIn, setEntry } from "./image.ts";
import type { Refcounts } from "./refcounts.ts";
import type { Table } from "./tables.ts";
import type { WriteBack } from "./write-back.ts";

/** As many bytes as are allocated at a time. */
const MOST_AT_ONCE = 2 ** 24;

const COMPRESSED = 1n << 62n;

/** Writes into one image. */
export class Writing {
  readonly #image: Image;
  readonly #refcounts: Refcounts;
  readonly #writeBack: WriteBack;
  /** Where compressed clusters go on: behind the last one, within its cluster. */
  #compressedEnd = 0;

  constructor(image: Image, refcounts: Refcounts, writeBack: WriteBack) {
    this.#image = image;
    this.#refcounts = refcounts;
    this.#writeBack = writeBack;
  }

  /** Writes bytes of the disk. */
  *write(at: number, from: Uint8Array): Steps {
    const image = this.#image;
    for (let done = 0; done < from.length;) {
      if (this.#writeBack.needed) yield* this.#writeBack.now();
      const table = yield* image.table(at + done);
      const inPlace = table === undefined ? 0 : this.#inPlaceLength(table, at + done, from.length - done);
      if (inPlace === 0) {
        done += yield* this.#allocate(at + done, from.subarray(done));
        continue;
      }
      const host = image.dataOffset(table!, image.entryIndex(at + done)) + ((at + done) % image.clusterBytes);
      yield* wait(this.#writeFile(host, from.subarray(done, done + inPlace)));
      done += inPlace;
    }
  }

  #writeFile(host: number, from: Uint8Array) {
    const { file, clusterBytes } = this.#image;
    // The last cluster of a file need not be whole.
    const end = Math.ceil(file.size / clusterBytes) * clusterBytes;
    if (host + from.length > end) throw damaged("a cluster lies behind its end", { at: host });
    if (host + from.length <= file.size) return this.#image.inFlight(file.write(host, from));
    return settle(this.#growAndWrite(host, from, end));
  }

  *#growAndWrite(host: number, from: Uint8Array, end: number): Steps {
    const { file } = this.#image;
    if (file.resize !== undefined && end > file.size) yield* wait(file.resize(end));
    yield* wait(this.#image.inFlight(file.write(host, from)));
  }

  /** How many bytes from an address on, at most `most`, can be written where they are. */
  #inPlaceLength(table: Table, at: number, most: number): number {
    const image = this.#image;
    const first = image.entryIndex(at);
    const host = offsetIn(table.view, first);
    let length = -(at % image.clusterBytes);
    for (let index = first; index < image.perTable && length < most; index++) {
      if (image.kind(table, index) !== Kind.DATA || !isCopied(table.view, index)) break;
      if (offsetIn(table.view, index) !== host + (index - first) * image.clusterBytes) break;
      length += image.clusterBytes;
    }
    return Math.max(0, Math.min(most, length));
  }

  /**
   * Writes the first of these bytes to clusters of their own; returns how many.
   *
   * What a cluster had before is fetched first, outside the gate: it may have to come from far away.
   */
  *#allocate(at: number, from: Uint8Array): Steps<number> {
    const image = this.#image;
    const { clusterBytes } = image;
    const head = at % clusterBytes;
    const most = Math.min(from.length, image.tableSpan - (at % image.tableSpan), MOST_AT_ONCE - head);
    const before = yield* this.#entries(at, most);
    if (before.length === 0) return 0;
    const length = Math.min(most, before.length * clusterBytes - head);
    const end = (head + length) % clusterBytes;
    const first = head > 0 || (before.length === 1 && end > 0) ? yield* this.#content(at - head) : undefined;
    const isLastPartial = end > 0 && before.length > 1;
    const last = isLastPartial ? yield* this.#content(at + length - end) : undefined;
    const pieces = this.#compose(head, from.subarray(0, length), first, last);
    return yield* image.gate.pass(() => this.#place(at - head, before, pieces, head, length));
  }

  /** The entries for bytes from `at` on, up to one that is written in place. */
  *#entries(at: number, length: number): Steps<readonly bigint[]> {
    const image = this.#image;
    const table = yield* image.table(at);
    const first = image.entryIndex(at);
    const count = Math.ceil(((at % image.clusterBytes) + length) / image.clusterBytes);
    const entries: bigint[] = [];
    for (let index = first; index < first + count; index++) {
      if (table !== undefined && image.kind(table, index) === Kind.DATA && isCopied(table.view, index)) break;
      entries.push(table === undefined ? 0n : entryOf(table.view, index));
    }
    return entries;
  }

  /** What a cluster has now; undefined when that is zeros. */
  *#content(at: number): Steps<Uint8Array | undefined> {
    const image = this.#image;
    const table = yield* image.table(at);
    const kind = table === undefined ? Kind.UNALLOCATED : image.kind(table, image.entryIndex(at));
    if (kind === Kind.ZERO || kind === Kind.ZERO_ALLOCATED) return undefined;
    if (kind === Kind.UNALLOCATED && !image.hasBacking(at)) return undefined;
    const bytes = new Uint8Array(image.clusterBytes);
    yield* wait(image.readRun(table, at, bytes));
    return bytes;
  }

  /** The bytes of whole clusters, in pieces; where the old content was zeros they may begin late or end early. */
  #compose(head: number, from: Uint8Array, first: Uint8Array | undefined, last: Uint8Array | undefined): Piece[] {
    const { clusterBytes } = this.#image;
    const pieces: Piece[] = [];
    let done = 0;
    if (first !== undefined) {
      done = Math.min(from.length, clusterBytes - head);
      first.set(from.subarray(0, done), head);
      pieces.push({ at: 0, bytes: first });
    }
    const end = (head + from.length) % clusterBytes;
    const middle = last === undefined ? from.length : from.length - end;
    if (middle > done) pieces.push({ at: head + done, bytes: from.subarray(done, middle) });
    if (last !== undefined) {
      last.set(from.subarray(middle));
      pieces.push({ at: head + middle, bytes: last });
    }
    return pieces;
  }

  /** Puts clusters into new places and leads the table there; returns how many bytes, 0 when the table has changed meanwhile. */
  *#place(
    at: number,
    before: readonly bigint[],
    pieces: readonly Piece[],
    head: number,
    length: number,
  ): Steps<number> {
    const image = this.#image;
    const { clusterBytes } = image;
    const table = yield* this.#ownTable(at);
    const index = image.entryIndex(at);
    // Copying a table makes none of its clusters its own, so entries are as they were.
    if (before.some((entry, offset) => entryOf(table.view, index + offset) !== entry)) return 0;
    table.pins++;
    try {
      if (image.kind(table, index) === Kind.ZERO_ALLOCATED && isCopied(table.view, index))
        return yield* this.#fill(table, index, pieces, head, length);
      const { first, count, isFresh } = yield* this.#refcounts.allocate(before.length);
      const offset = first * clusterBytes;
      try {
        yield* this.#writePieces(offset, count * clusterBytes, pieces, isFresh);
      } catch (error) {
        yield* this.#refcounts.undo(first, count);
        throw error;
      }
      for (let next = 0; next < count; next++) {
        this.#free(table, index + next);
        setEntry(table, index + next, offset + next * clusterBytes);
      }
      return Math.min(length, count * clusterBytes - head);
    } finally {
      table.pins--;
    }
  }

  /** Writes the cluster that is set aside for an address. */
  *#fill(table: Table, index: number, pieces: readonly Piece[], head: number, length: number): Steps<number> {
    const { clusterBytes } = this.#image;
    const offset = this.#image.dataOffset(table, index);
    const end = Math.ceil(this.#image.file.size / clusterBytes) * clusterBytes;
    if (offset + clusterBytes > end) throw damaged("a cluster lies behind its end", { at: offset });
    yield* this.#writePieces(offset, clusterBytes, pieces, false);
    setEntry(table, index, offset);
    return Math.min(length, clusterBytes - head);
  }

  /** Writes pieces to `room` bytes of the file, with zeros between them unless the file has zeros there. */
  *#writePieces(offset: number, room: number, pieces: readonly Piece[], isFresh: boolean): Steps {
    let at = 0;
    for (const piece of pieces) {
      if (piece.at >= room) break;
      const bytes = piece.at + piece.bytes.length > room ? piece.bytes.subarray(0, room - piece.at) : piece.bytes;
      if (!isFresh && piece.at > at) yield* this.#writeRoom(offset + at, new Uint8Array(piece.at - at));
      yield* this.#writeRoom(offset + piece.at, bytes);
      at = piece.at + bytes.length;
    }
    const rest = Math.ceil(at / this.#image.clusterBytes) * this.#image.clusterBytes;
    if (!isFresh && rest > at) yield* this.#writeRoom(offset + at, new Uint8Array(rest - at));
  }

  *#writeRoom(at: number, bytes: Uint8Array): Steps {
    const { file } = this.#image;
    if (at + bytes.length > file.size && file.resize !== undefined) yield* wait(file.resize(at + bytes.length));
    yield* wait(this.#image.inFlight(file.write(at, bytes)));
  }

  /** Notes that what an entry leads to is not needed by it any more. */
  #free(table: Table, index: number): void {
    const image = this.#image;
    // The cluster of the last compressed bytes may be among what is freed.
    this.#compressedEnd = 0;
    const { clusterBytes } = image;
    switch (image.kind(table, index)) {
      case Kind.DATA:
      case Kind.ZERO_ALLOCATED:
        this.#refcounts.free(image.dataOffset(table, index) / clusterBytes, 1);
        return;
      case Kind.COMPRESSED: {
        const { at, length } = compressedIn(table.view, index, image.clusterBits);
        const first = Math.floor(at / clusterBytes);
        this.#refcounts.free(first, Math.floor((at + length - 1) / clusterBytes) - first + 1);
      }
    }
  }

  /** The L2 table for an address, which may be changed: a new one where there is none, or where it is shared. */
  *#ownTable(at: number): Steps<Table> {
    const image = this.#image;
    const index = Math.floor(at / image.tableSpan);
    const offset = image.tableOffset(at);
    const old = offset === 0 ? undefined : yield* image.l2.load(offset);
    if (old !== undefined && isCopied(image.l1.view, index)) return old;
    const { first } = yield* this.#refcounts.allocate(1);
    this.#refcounts.reserve(first, 1);
    const table = image.l2.create(first * image.clusterBytes, old?.bytes);
    if (offset !== 0) this.#refcounts.free(offset / image.clusterBytes, 1);
    setEntry(image.l1, index, table.offset);
    return table;
  }

  /** Has clusters read as zeros (or, with `forget`, as what lies below). `at` and `length` are whole clusters. */
  *clear(at: number, length: number, mode: ClearMode): Steps {
    const image = this.#image;
    for (let next = at; next < at + length;) {
      if (this.#writeBack.needed) yield* this.#writeBack.now();
      const end = Math.min(at + length, next - (next % image.tableSpan) + image.tableSpan);
      const isBare = image.tableOffset(next) === 0;
      const needsZeros = mode !== "forget" && image.hasBacking(next);
      if (isBare && !needsZeros) {
        next = end;
        continue;
      }
      const start = next;
      yield* image.gate.pass(() => this.#clearInTable(start, end, mode));
      next = end;
    }
  }

  *#clearInTable(at: number, end: number, mode: ClearMode): Steps {
    const image = this.#image;
    const table = yield* this.#ownTable(at);
    for (let next = at; next < end; next += image.clusterBytes) {
      const index = image.entryIndex(next);
      const kind = image.kind(table, index);
      if (mode === "forget") {
        if (kind === Kind.UNALLOCATED) continue;
        this.#free(table, index);
        setEntry(table, index, 0);
        continue;
      }
      if (kind === Kind.ZERO || (kind === Kind.UNALLOCATED && !image.hasBacking(next))) continue;
      if (mode === "keep" && (kind === Kind.DATA || kind === Kind.ZERO_ALLOCATED) && isCopied(table.view, index)) {
        setEntry(table, index, image.dataOffset(table, index), true);
        continue;
      }
      this.#free(table, index);
      setEntry(table, index, 0, image.header.version === 3);
    }
  }

  /** Whether a part of a cluster reads as zeros already, because nothing is there. */
  *isBare(at: number): Steps<boolean> {
    const image = this.#image;
    const table = yield* image.table(at);
    const kind = table === undefined ? Kind.UNALLOCATED : image.kind(table, image.entryIndex(at));
    return kind === Kind.ZERO || kind === Kind.ZERO_ALLOCATED || (kind === Kind.UNALLOCATED && !image.hasBacking(at));
  }

  /**
   * Writes one cluster compressed, if that makes it smaller, behind the last such.
   * @param from - a whole cluster
   */
  *writeCompressed(at: number, from: Uint8Array): Steps {
    const image = this.#image;
    const packed = yield* wait(image.compress(from));
    if (packed.length >= image.clusterBytes) return yield* this.write(at, from);
    if (this.#writeBack.needed) yield* this.#writeBack.now();
    yield* image.gate.pass(() => this.#placeCompressed(at, packed));
  }

  *#placeCompressed(at: number, packed: Uint8Array): Steps {
    const image = this.#image;
    const table = yield* this.#ownTable(at);
    table.pins++;
    try {
      const start = yield* this.#compressedRoom(packed.length);
      yield* this.#writeRoom(start, packed);
      const sectors = Math.floor(((start % 512) + packed.length - 1) / 512);
      const index = image.entryIndex(at);
      this.#free(table, index);
      const shift = BigInt(62 - (image.clusterBits - 8));
      table.view.setBigUint64(index * 8, COMPRESSED | (BigInt(sectors) << shift) | BigInt(start));
      table.touch(index * 8, index * 8 + 8);
      this.#compressedEnd = start + packed.length;
    } finally {
      table.pins--;
    }
  }

  /** Finds room for compressed bytes: behind the last ones, or in a new cluster. */
  *#compressedRoom(length: number): Steps<number> {
    const { clusterBytes } = this.#image;
    const end = this.#compressedEnd;
    const last = Math.floor(end / clusterBytes);
    const left = end % clusterBytes === 0 ? 0 : clusterBytes - (end % clusterBytes);
    const canShare = left > 0 && (yield* this.#refcounts.get(last)) < this.#refcounts.most;
    if (canShare && length <= left) {
      yield* this.#refcounts.share(last, 1);
      return end;
    }
    const { first } = yield* this.#refcounts.allocate(1);
    // Sectors that are shared with the stream before it belong to both.
    if (!canShare || first !== last + 1) return first * clusterBytes;
    yield* this.#refcounts.share(last, 1);
    return end;
  }
}

/** What is left where something was: zeros without (`drop`) or with (`keep`) the clusters, or what lies below (`forget`). */
export type ClearMode = "drop" | "keep" | "forget";

/** Bytes for a place within the clusters that are written. */
interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
}
