/**
 * What an open qcow2 image has in memory, and where in the file the bytes of the disk are.
 *
 * ```
 * file:  header | L1 table -> L2 tables -> clusters      (where the disk's bytes are)
 *               | refcount table -> refcount blocks      (which clusters of the file are used)
 *               | snapshots -> their own L1 tables
 * ```
 */

import type { BlockBackend, Done } from "../../backend/block/block.ts";
import { damaged } from "../error.ts";
import { Gate, settle, type Steps, wait } from "../steps.ts";
import type { Codec } from "./codec.ts";
import { type Header, setLarge } from "./header.ts";
import type { Refcounts } from "./refcounts.ts";
import { type Table, TableCache } from "./tables.ts";

const L2_CACHE_BYTES = 2 ** 25;

/** Bytes of clusters that stay decompressed. */
const DECOMPRESSED_BYTES = 2 ** 22;

/** What an entry of an L2 table says about a cluster. */
export const Kind = {
  /** What lies below, or zeros. */
  UNALLOCATED: 0,
  /** Zeros. */
  ZERO: 1,
  /** Zeros, with a cluster set aside. */
  ZERO_ALLOCATED: 2,
  DATA: 3,
  COMPRESSED: 4,
} as const;
export type Kind = (typeof Kind)[keyof typeof Kind];

const COPIED_HI = 0x8000_0000;
const COMPRESSED_HI = 0x4000_0000;
const OFFSET_HI = 0x00ff_ffff;
const OFFSET_LO = 0xffff_fe00;
const ZERO_LO = 1;

/** The offset in an entry of an L1 or L2 table. */
export function offsetIn(view: DataView, index: number): number {
  return (view.getUint32(index * 8) & OFFSET_HI) * 2 ** 32 + ((view.getUint32(index * 8 + 4) & OFFSET_LO) >>> 0);
}

/** Whether what an entry leads to is used by it alone, so that it may be written in place. */
export function isCopied(view: DataView, index: number): boolean {
  return (view.getUint32(index * 8) & COPIED_HI) !== 0;
}

/** Whether the words of an entry of an L2 table lead to data, used by it alone if so is asked. */
function isDataIn(hi: number, lo: number, alone: boolean): boolean {
  if ((hi & COMPRESSED_HI) !== 0 || (lo & ZERO_LO) !== 0 || (alone && (hi & COPIED_HI) === 0)) return false;
  return (hi & OFFSET_HI) !== 0 || (lo & OFFSET_LO) !== 0;
}

/** What an entry of an L2 table says. */
export function kindIn(view: DataView, index: number): Kind {
  const hi = view.getUint32(index * 8);
  if (hi & COMPRESSED_HI) return Kind.COMPRESSED;
  const lo = view.getUint32(index * 8 + 4);
  const isThere = (hi & OFFSET_HI) !== 0 || (lo & OFFSET_LO) !== 0;
  if (lo & ZERO_LO) return isThere ? Kind.ZERO_ALLOCATED : Kind.ZERO;
  return isThere ? Kind.DATA : Kind.UNALLOCATED;
}

/** Where compressed bytes lie: whole sectors, of which the compressed stream may leave a rest. */
export function compressedIn(view: DataView, index: number, clusterBits: number): { at: number; length: number } {
  const shift = 62 - (clusterBits - 8);
  const entry = view.getBigUint64(index * 8) & ((1n << 62n) - 1n);
  const at = Number(entry & ((1n << BigInt(shift)) - 1n));
  const sectors = Number(entry >> BigInt(shift)) + 1;
  return { at, length: sectors * 512 - (at % 512) };
}

/** Writes an entry that leads to a cluster which it alone uses. */
export function setEntry(table: Table, index: number, offset: number, zero = false): void {
  setLarge(table.view, index * 8, offset);
  const { view } = table;
  if (offset !== 0) view.setUint32(index * 8, (view.getUint32(index * 8) | COPIED_HI) >>> 0);
  if (zero) view.setUint32(index * 8 + 4, view.getUint32(index * 8 + 4) | ZERO_LO);
  table.touch(index * 8, index * 8 + 8);
}

/** An entry as it is, to see later whether it has changed. */
export function entryOf(view: DataView, index: number): bigint {
  return view.getBigUint64(index * 8);
}

/** Parts of an open image. */
export interface ImageParts {
  readonly file: BlockBackend;
  readonly header: Header;
  readonly backing: BlockBackend | undefined;
  readonly codec: Codec;
  readonly l1: Table;
  /** Only when it is open for writing. */
  readonly refcounts: Refcounts | undefined;
}

/** An open image. */
export class Image {
  readonly file: BlockBackend;
  header: Header;
  readonly backing: BlockBackend | undefined;
  readonly clusterBits: number;
  readonly clusterBytes: number;
  /** Entries of an L2 table. */
  readonly perTable: number;
  /** Bytes of the disk that one L2 table is for. */
  readonly tableSpan: number;
  l1: Table;
  readonly l2: TableCache;
  readonly refcounts: Refcounts | undefined;
  /** Bytes of the disk. */
  size: number;
  /** Allocations and whatever else changes tables, one at a time. */
  readonly gate = new Gate();
  readonly #codec: Codec;
  #decompressed = new Map<string, Uint8Array>();
  /** Reads and writes of the file's clusters on their way. */
  readonly #flights = new Set<Promise<unknown>>();

  constructor({ file, header, backing, codec, l1, refcounts }: ImageParts) {
    this.file = file;
    this.header = header;
    this.backing = backing;
    this.clusterBits = header.clusterBits;
    this.clusterBytes = 2 ** header.clusterBits;
    this.perTable = this.clusterBytes / 8;
    this.tableSpan = this.perTable * this.clusterBytes;
    this.l1 = l1;
    this.l2 = new TableCache(file, this.clusterBytes, L2_CACHE_BYTES);
    this.refcounts = refcounts;
    this.size = header.size;
    this.#codec = codec;
  }

  /** Where the L2 table for an address lies, or 0. */
  tableOffset(at: number): number {
    return this.#tableAt(Math.floor(at / this.tableSpan));
  }

  #tableAt(index: number): number {
    const offset = offsetIn(this.l1.view, index);
    // A cluster's size has fewer bits than a word.
    if (offset !== 0 && (((offset >>> 0) & (this.clusterBytes - 1)) !== 0 || offset >= this.file.size))
      throw damaged("its L1 table leads to no L2 table", { offset });
    return offset;
  }

  /** The entry of an address in its L2 table. */
  entryIndex(at: number): number {
    return Math.floor((at % this.tableSpan) / this.clusterBytes);
  }

  /** The L2 table for an address, or undefined where there is none. */
  *table(at: number): Steps<Table | undefined> {
    const offset = this.tableOffset(at);
    return offset === 0 ? undefined : (this.l2.cached(offset) ?? (yield* this.l2.load(offset)));
  }

  /** The kind of a cluster. */
  kind(table: Table, index: number): Kind {
    const kind = kindIn(table.view, index);
    if (this.header.version === 2 && (kind === Kind.ZERO || kind === Kind.ZERO_ALLOCATED))
      throw damaged("version 2 has no clusters of zeros", { table: table.offset, index });
    return kind;
  }

  /** Where the bytes of a cluster lie in the file; they may go over its end, which reads as zeros. */
  dataOffset(table: Table, index: number): number {
    const offset = offsetIn(table.view, index);
    if (offset % this.clusterBytes !== 0) throw damaged("a cluster does not begin where one may", { offset });
    return offset;
  }

  /**
   * Where `length` bytes at `at` lie in the file, if they are in one piece there and that is known at once; otherwise -1.
   * @param alone - they must not be used by anybody else
   */
  hostOffset(at: number, length: number, alone: boolean): number {
    // Divisions by powers of two are exact; the remainder of a number of more than 31 bits is slow.
    const cluster = Math.floor(at / this.clusterBytes);
    const inCluster = at - cluster * this.clusterBytes;
    const tableIndex = Math.floor(cluster / this.perTable);
    const table = this.#cachedTable(tableIndex);
    if (table === undefined) return -1;
    const index = cluster - tableIndex * this.perTable;
    const { view } = table;
    const hi = view.getUint32(index * 8);
    const lo = view.getUint32(index * 8 + 4);
    if (!isDataIn(hi, lo, alone) || (lo & (this.clusterBytes - 1) & OFFSET_LO) !== 0) return -1;
    const host = (hi & OFFSET_HI) * 2 ** 32 + ((lo & OFFSET_LO) >>> 0);
    if (host + inCluster + length > this.file.size) return -1;
    if (inCluster + length > this.clusterBytes && !this.#isOnePiece(view, index, host, inCluster + length, alone))
      return -1;
    return host + inCluster;
  }

  /** The L2 table with that number, if it is in memory. */
  #cachedTable(index: number): Table | undefined {
    const offset = this.#tableAt(index);
    return offset === 0 ? undefined : this.l2.cached(offset);
  }

  /** Whether the clusters of `length` bytes from `index` on lie one behind the other from `host` on. */
  #isOnePiece(view: DataView, index: number, host: number, length: number, alone: boolean): boolean {
    const last = index + Math.floor((length - 1) / this.clusterBytes);
    if (last >= this.perTable) return false;
    for (let next = index + 1; next <= last; next++) {
      if (kindIn(view, next) !== Kind.DATA || (alone && !isCopied(view, next))) return false;
      if (offsetIn(view, next) !== host + (next - index) * this.clusterBytes) return false;
    }
    return true;
  }

  /** Reads clusters of the file, where what lies over its end is zeros. */
  readFile(at: number, into: Uint8Array): Done {
    const there = Math.max(0, Math.min(into.length, this.file.size - at));
    if (there < into.length) into.fill(0, there);
    if (there > 0) return this.inFlight(this.file.read(at, there === into.length ? into : into.subarray(0, there)));
  }

  /** Remembers that a request is on its way to clusters that are in use. */
  inFlight(done: Done): Done {
    if (!(done instanceof Promise)) return;
    this.#flights.add(done);
    const landed = (): void => void this.#flights.delete(done);
    done.then(landed, landed);
    return done;
  }

  /** Waits for the requests that are on their way now: after it, none of them looks at a cluster that has been freed before. */
  *landed(): Steps {
    if (this.#flights.size > 0) yield Promise.allSettled(this.#flights);
  }

  /** Reads what lies below an address, or zeros. */
  readBacking(at: number, into: Uint8Array): Done {
    const { backing } = this;
    const there = backing === undefined ? 0 : Math.max(0, Math.min(into.length, backing.size - at));
    if (there < into.length) into.fill(0, there);
    if (there > 0) return backing!.read(at, there === into.length ? into : into.subarray(0, there));
  }

  /** Whether there is something below `length` bytes at `at`. */
  hasBacking(at: number): boolean {
    return this.backing !== undefined && at < this.backing.size;
  }

  /** A compressed cluster, decompressed. The bytes may not be changed. */
  *decompressed(table: Table, index: number): Steps<Uint8Array> {
    const { at, length } = compressedIn(table.view, index, this.clusterBits);
    const key = `${at} ${length}`;
    const cache = this.#decompressed;
    const known = cache.get(key);
    if (known !== undefined) return known;
    if (at + 1 > this.file.size) throw damaged("a compressed cluster lies behind its end", { at });
    const packed = new Uint8Array(Math.min(length, this.file.size - at));
    yield* wait(this.inFlight(this.file.read(at, packed)));
    const bytes = yield* wait(this.#codec.decompress(this.header.compression, packed, this.clusterBytes));
    if (bytes.length !== this.clusterBytes) throw damaged("a compressed cluster has another length", { at });
    if (cache.size > 0 && cache.size * this.clusterBytes >= DECOMPRESSED_BYTES)
      cache.delete(cache.keys().next().value!);
    cache.set(key, bytes);
    return bytes;
  }

  /** Forgets decompressed clusters, whose places may get other contents. */
  forgetDecompressed(): void {
    // A new map: what is being decompressed now still goes into the old one.
    this.#decompressed = new Map();
  }

  /** Compresses a cluster. */
  compress(bytes: Uint8Array): Done<Uint8Array> {
    return this.#codec.compress(this.header.compression, bytes);
  }

  /** Reads bytes of the disk. */
  read(at: number, into: Uint8Array): Done {
    const host = into.length === 0 ? -1 : this.hostOffset(at, into.length, false);
    return host < 0 ? settle(this.readSteps(at, into)) : this.inFlight(this.file.read(host, into));
  }

  /** Reads bytes of the disk, run by run; the runs are fetched at the same time where that takes time. */
  *readSteps(at: number, into: Uint8Array): Steps {
    const later: Promise<unknown>[] = [];
    try {
      for (let done = 0; done < into.length;) {
        const table = yield* this.table(at + done);
        const length = this.runLength(table, at + done, into.length - done);
        const part = into.subarray(done, done + length);
        const reading = this.readRun(table, at + done, part);
        if (reading instanceof Promise) later.push(reading);
        done += length;
      }
    } finally {
      // Nothing may still write into the caller's bytes after a failure.
      if (later.length > 0) yield Promise.allSettled(later);
    }
    if (later.length > 0) yield Promise.all(later);
  }

  /** How many bytes from an address on, at most `most`, are read in one way. */
  runLength(table: Table | undefined, at: number, most: number): number {
    if (table === undefined) return Math.min(most, this.tableSpan - (at % this.tableSpan));
    const first = this.entryIndex(at);
    const kind = this.kind(table, first);
    let length = this.clusterBytes - (at % this.clusterBytes);
    if (kind === Kind.COMPRESSED) return Math.min(most, length);
    const host = offsetIn(table.view, first);
    for (let index = first + 1; index < this.perTable && length < most; index++) {
      if (this.kind(table, index) !== kind) break;
      if (kind === Kind.DATA && offsetIn(table.view, index) !== host + (index - first) * this.clusterBytes) break;
      length += this.clusterBytes;
    }
    return Math.min(most, length);
  }

  /** Reads a run. */
  readRun(table: Table | undefined, at: number, into: Uint8Array): Done {
    if (table === undefined) return this.readBacking(at, into);
    const index = this.entryIndex(at);
    switch (this.kind(table, index)) {
      case Kind.UNALLOCATED:
        return this.readBacking(at, into);
      case Kind.ZERO:
      case Kind.ZERO_ALLOCATED:
        into.fill(0);
        return;
      case Kind.DATA:
        return this.readFile(this.dataOffset(table, index) + (at % this.clusterBytes), into);
      case Kind.COMPRESSED:
        return settle(this.#readCompressed(table, index, at % this.clusterBytes, into));
    }
  }

  *#readCompressed(table: Table, index: number, from: number, into: Uint8Array): Steps {
    const bytes = yield* this.decompressed(table, index);
    into.set(bytes.subarray(from, from + into.length));
  }
}
