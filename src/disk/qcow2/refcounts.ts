/** How often each cluster of the file is used, and which is free (QEMU, docs/interop/qcow2.txt: "Host cluster management"). */

import type { BlockBackend } from "../../backend/block/block.ts";
import { damaged, imageError } from "../error.ts";
import { type Steps, wait } from "../steps.ts";
import { type Header, HeaderOffset, setLarge, viewOf } from "./header.ts";
import { Table, TableCache } from "./tables.ts";

const BLOCK_CACHE_BYTES = 2 ** 22;

/** Room by which the file grows at a time, at least and at most. */
const LEAST_GROWTH = 2 ** 20;
const MOST_GROWTH = 2 ** 26;

/** Counts of clusters so far behind the file's end are not believed: a damaged table could say that none is ever free. */
const TRUSTED_BEYOND_END = 2 ** 22;

/** Some clusters in a row. */
export interface Run {
  /** The number of the first: its offset divided by a cluster's size. */
  readonly first: number;
  readonly count: number;
  /** Whether the file has zeros there. */
  readonly isFresh: boolean;
}

/** The reference counts of an image that is open for writing. All that changes them is called by one at a time. */
export class Refcounts {
  readonly #file: BlockBackend;
  readonly #clusterBytes: number;
  readonly #order: number;
  /** Counts in one block. */
  readonly #perBlock: number;
  readonly blocks: TableCache;
  /** The refcount table: where the blocks are. */
  table: Table;
  /** Clusters that hold tables, whatever the counts of a damaged image say. */
  readonly #metadata = new Set<number>();
  /** No cluster before it is free. */
  #hint = 0;
  /** From here on the file has never been written. */
  #fresh: number;
  /** Frees that take effect when no table on the disk refers to them any more. */
  pending: number[] = [];

  private constructor(file: BlockBackend, header: Header, table: Table) {
    this.#file = file;
    this.#clusterBytes = 2 ** header.clusterBits;
    this.#order = header.refcountOrder;
    this.#perBlock = (this.#clusterBytes * 8) / 2 ** header.refcountOrder;
    this.blocks = new TableCache(file, this.#clusterBytes, BLOCK_CACHE_BYTES);
    this.table = table;
    this.#fresh = Math.ceil(file.size / this.#clusterBytes);
  }

  /**
   * Reads the refcount table.
   * @param repairing - forgets blocks that cannot be where the table says, in place of an error
   */
  static *open(file: BlockBackend, header: Header, repairing: boolean): Steps<Refcounts> {
    const bytes = new Uint8Array(header.refcountTableClusters * 2 ** header.clusterBits);
    if (header.refcountTableOffset >= file.size) throw damaged("its refcount table lies behind its end");
    yield* wait(
      file.read(header.refcountTableOffset, bytes.subarray(0, Math.max(0, file.size - header.refcountTableOffset))),
    );
    const refcounts = new Refcounts(file, header, new Table(header.refcountTableOffset, bytes));
    refcounts.reserve(0, 1);
    refcounts.#reserveTable();
    for (let index = 0; index < refcounts.#tableEntries; index++) {
      if (repairing) refcounts.#forgetWrong(index);
      const block = refcounts.#blockOffset(index);
      if (block !== 0) refcounts.reserve(block / refcounts.#clusterBytes, 1);
    }
    return refcounts;
  }

  /** The highest count. */
  get most(): number {
    return this.#order === 6 ? Number.MAX_SAFE_INTEGER : 2 ** (2 ** this.#order) - 1;
  }

  /** Clusters from this number on have never been used. */
  get end(): number {
    return this.#fresh;
  }

  /** Keeps clusters from being allocated, whatever their counts say. */
  reserve(first: number, count: number): void {
    for (let index = 0; index < count; index++) this.#metadata.add(first + index);
  }

  /** From now on, clusters are looked for behind `cluster`. */
  startAt(cluster: number): void {
    this.#hint = cluster;
  }

  get #tableEntries(): number {
    return this.table.bytes.length / 8;
  }

  #reserveTable(): void {
    this.reserve(this.table.offset / this.#clusterBytes, this.table.bytes.length / this.#clusterBytes);
  }

  /** Where a block lies, or 0. */
  #blockOffset(index: number): number {
    if (index >= this.#tableEntries) return 0;
    const { view } = this.table;
    const offset = view.getUint32(index * 8) * 2 ** 32 + view.getUint32(index * 8 + 4);
    if (offset % this.#clusterBytes !== 0 || offset >= this.#file.size)
      throw damaged("its refcount table leads to no block", { offset });
    return offset;
  }

  #forgetWrong(index: number): void {
    const { view } = this.table;
    const offset = view.getUint32(index * 8) * 2 ** 32 + view.getUint32(index * 8 + 4);
    if (offset % this.#clusterBytes === 0 && offset < this.#file.size) return;
    setLarge(view, index * 8, 0);
    this.table.touch(index * 8, index * 8 + 8);
  }

  /** The count of a cluster. */
  *get(cluster: number): Steps<number> {
    const index = Math.floor(cluster / this.#perBlock);
    const offset = this.#blockOffset(index);
    if (offset === 0) return 0;
    const block = this.blocks.cached(offset) ?? (yield* this.blocks.load(offset));
    return countIn(block, cluster % this.#perBlock, this.#order);
  }

  /** Changes the count of a cluster, which has a block if `count` is not 0. */
  *set(cluster: number, count: number): Steps {
    const offset = this.#blockOffset(Math.floor(cluster / this.#perBlock));
    if (offset === 0) return;
    const block = this.blocks.cached(offset) ?? (yield* this.blocks.load(offset));
    setCount(block, cluster % this.#perBlock, this.#order, count);
  }

  /** Makes the block that counts `cluster`, if there is none. It gets a place where nothing is known to be. */
  *ensureBlock(cluster: number): Steps {
    const index = Math.floor(cluster / this.#perBlock);
    while (this.#blockOffset(index) === 0) {
      const place = this.#hint;
      const at = Math.floor(place / this.#perBlock);
      if (index >= this.#tableEntries || (at !== index && this.#blockOffset(at) === 0)) {
        yield* this.#makeBlock(place);
        continue;
      }
      yield* this.#reach(place + 1);
      const offset = place * this.#clusterBytes;
      this.blocks.create(offset);
      setLarge(this.table.view, index * 8, offset);
      this.table.touch(index * 8, index * 8 + 8);
      this.#metadata.add(place);
      this.#fresh = Math.max(this.#fresh, place + 1);
      this.#hint = place + 1;
      yield* this.set(place, 1);
    }
  }

  /**
   * Finds free clusters in a row, at most `want`, and counts them as used once.
   * @throws WasmvisorError `block-full`
   */
  *allocate(want: number): Steps<Run> {
    let first = -1;
    let count = 0;
    const trusted = this.#fresh + TRUSTED_BEYOND_END;
    for (let cluster = this.#hint; count < want; cluster++) {
      const offset = this.#blockOffset(Math.floor(cluster / this.#perBlock));
      if (offset === 0) {
        if (count > 0) break;
        this.#hint = cluster;
        yield* this.#makeBlock(cluster);
        continue;
      }
      const block = this.blocks.cached(offset) ?? (yield* this.blocks.load(offset));
      const isCounted = cluster < trusted && countIn(block, cluster % this.#perBlock, this.#order) !== 0;
      if (isCounted || this.#metadata.has(cluster)) {
        if (count > 0) break;
        continue;
      }
      if (count === 0) first = cluster;
      count++;
    }
    yield* this.#reach(first + count);
    for (let index = 0; index < count; index++) yield* this.set(first + index, 1);
    this.#hint = first + count;
    const isFresh = first >= this.#fresh;
    this.#fresh = Math.max(this.#fresh, first + count);
    return { first, count, isFresh };
  }

  /** As `allocate`, but exactly `count` of them: for tables of several clusters. They are reserved. */
  *allocateTable(count: number): Steps<number> {
    let run = yield* this.allocate(count);
    const tooSmall: Run[] = [];
    while (run.count < count) {
      tooSmall.push(run);
      run = yield* this.allocate(count);
    }
    for (const { first, count: found } of tooSmall) yield* this.undo(first, found);
    this.reserve(run.first, count);
    return run.first;
  }

  /** Gives back clusters to which nothing has ever referred. */
  *undo(first: number, count: number): Steps {
    for (let index = 0; index < count; index++) yield* this.set(first + index, 0);
    this.#hint = Math.min(this.#hint, first);
  }

  /** Counts one more use of each cluster. */
  *share(first: number, count: number): Steps {
    for (let index = 0; index < count; index++) yield* this.set(first + index, (yield* this.get(first + index)) + 1);
  }

  /** Notes that one use of each cluster has ended; see `pending`. */
  free(first: number, count: number): void {
    for (let index = 0; index < count; index++) this.pending.push(first + index);
  }

  /** Counts frees; no table on the disk refers to these clusters any more. */
  *release(clusters: readonly number[]): Steps {
    for (const cluster of clusters) {
      const count = yield* this.get(cluster);
      // A damaged image may use a cluster more often than it counts.
      if (count === 0) continue;
      yield* this.set(cluster, count - 1);
      if (count > 1) continue;
      this.#metadata.delete(cluster);
      this.#hint = Math.min(this.#hint, cluster);
    }
  }

  /** Makes the file large enough for clusters before `end`. */
  *#reach(end: number): Steps {
    const bytes = end * this.#clusterBytes;
    const { size } = this.#file;
    if (bytes <= size) return;
    if (this.#file.resize === undefined)
      throw imageError(
        "block-full",
        `There is no room left in the ${this.#file.info.description}, whose size is fixed; use a larger one.`,
      );
    const growth = Math.max(LEAST_GROWTH, Math.min(MOST_GROWTH, size / 8));
    const wanted = Math.ceil(Math.max(bytes, size + growth) / this.#clusterBytes) * this.#clusterBytes;
    yield* wait(this.#file.resize(wanted));
  }

  /** Makes the block that counts `cluster`, which is free; it takes that cluster itself. */
  *#makeBlock(cluster: number): Steps {
    const index = Math.floor(cluster / this.#perBlock);
    if (index >= this.#tableEntries) return yield* this.#growTable(cluster);
    if (this.#metadata.has(cluster)) return void this.#hint++;
    yield* this.#reach(cluster + 1);
    const offset = cluster * this.#clusterBytes;
    const block = this.blocks.create(offset);
    setCount(block, cluster % this.#perBlock, this.#order, 1);
    setLarge(this.table.view, index * 8, offset);
    this.table.touch(index * 8, index * 8 + 8);
    this.#metadata.add(cluster);
    this.#fresh = Math.max(this.#fresh, cluster + 1);
    this.#hint = cluster + 1;
  }

  /**
   * Makes a refcount table of twice the size, behind all that the old one counts, with the blocks that count it. All of it is on the
   * disk before the header leads to it.
   */
  *#growTable(cluster: number): Steps {
    const firstBlock = Math.floor(cluster / this.#perBlock);
    const old = this.table;
    let blocks = 1;
    let tableClusters: number;
    for (;;) {
      const entries = Math.max(2 * this.#tableEntries, firstBlock + blocks + 1);
      tableClusters = Math.ceil((entries * 8) / this.#clusterBytes);
      const last = Math.floor((cluster + blocks + tableClusters - 1) / this.#perBlock);
      if (last - firstBlock < blocks) break;
      blocks = last - firstBlock + 1;
    }
    const end = cluster + blocks + tableClusters;
    yield* this.#reach(end);
    const table = new Table(
      (cluster + blocks) * this.#clusterBytes,
      new Uint8Array(tableClusters * this.#clusterBytes),
    );
    table.bytes.set(old.bytes);
    for (let index = 0; index < blocks; index++) {
      const block = new Table((cluster + index) * this.#clusterBytes, new Uint8Array(this.#clusterBytes));
      const first = (firstBlock + index) * this.#perBlock;
      for (let at = Math.max(first, cluster); at < Math.min(first + this.#perBlock, end); at++)
        setCount(block, at - first, this.#order, 1);
      yield* wait(this.#file.write(block.offset, block.bytes));
      setLarge(table.view, (firstBlock + index) * 8, block.offset);
    }
    // The blocks that the old table does not lead to yet on the disk are there before the new one does.
    yield* this.writeBlocks();
    yield* wait(this.#file.write(table.offset, table.bytes));
    yield* barrier(this.#file);
    const field = new Uint8Array(12);
    setLarge(viewOf(field), 0, table.offset);
    viewOf(field).setUint32(8, tableClusters);
    yield* wait(this.#file.write(HeaderOffset.REFCOUNT_TABLE, field));
    yield* barrier(this.#file);
    this.table = table;
    old.dropped = true;
    this.reserve(cluster, blocks + tableClusters);
    this.#fresh = Math.max(this.#fresh, end);
    this.free(old.offset / this.#clusterBytes, old.bytes.length / this.#clusterBytes);
    this.#hint = end;
  }

  /** Writes all blocks with changes as they are now. */
  *writeBlocks(): Steps {
    for (const block of this.blocks.dirty()) {
      const { version } = block;
      yield* wait(this.#file.write(block.offset, block.bytes));
      block.written = Math.max(block.written, version);
      if (block.version === version) block.clean();
    }
    this.blocks.trim();
  }
}

/** Waits until what has been written is on the disk, at once where that can be had. */
export function* barrier(file: BlockBackend): Steps {
  if (file.flushNow !== undefined) file.flushNow();
  else yield* wait(file.flush());
}

/** The count of a cluster in its block. */
export function countIn({ bytes, view }: Table, index: number, order: number): number {
  switch (order) {
    case 4:
      return view.getUint16(index * 2);
    case 3:
      return bytes[index]!;
    case 5:
      return view.getUint32(index * 4);
    case 6:
      return view.getUint32(index * 8) * 2 ** 32 + view.getUint32(index * 8 + 4);
    default: {
      const bits = 2 ** order;
      const each = 8 / bits;
      return (bytes[Math.floor(index / each)]! >> ((index % each) * bits)) & (2 ** bits - 1);
    }
  }
}

function setCount(block: Table, index: number, order: number, count: number): void {
  const { bytes, view } = block;
  const bits = 2 ** order;
  const at = Math.floor((index * bits) / 8);
  if (order < 3) {
    const shift = (index % (8 / bits)) * bits;
    bytes[at] = (bytes[at]! & ~((2 ** bits - 1) << shift)) | (count << shift);
  } else if (order === 3) bytes[at] = count;
  else if (order === 4) view.setUint16(at, count);
  else if (order === 5) view.setUint32(at, count);
  else setLarge(view, at, count);
  block.touch(at, at + Math.max(1, bits / 8));
}
