/** Whether the tables of an image and its reference counts agree (`qemu-img check`), and making them. */

import { type Steps, wait } from "../steps.ts";
import { ExtensionType, viewOf } from "./header.ts";
import { compressedIn, type Image, isCopied, Kind, kindIn, offsetIn } from "./image.ts";
import { readSnapshots } from "./snapshots.ts";
import { countIn } from "./refcounts.ts";
import { Table } from "./tables.ts";

/** What to repair: clusters that are counted and not used, or everything. */
export type Repair = "leaks" | "all";

/** What a check has found. After a repair, `corruptions` and `leaks` are what is left. */
export interface CheckResult {
  readonly corruptions: number;
  readonly leaks: number;
  readonly corruptionsFixed: number;
  readonly leaksFixed: number;
  /** Clusters of the disk, and how many of them have a place in the file. */
  readonly totalClusters: number;
  readonly allocatedClusters: number;
  /** Allocated clusters that do not come behind the one before. */
  readonly fragmentedClusters: number;
  readonly compressedClusters: number;
  /** Where the last cluster of the file ends that is used or counted. */
  readonly imageEndOffset: number;
  /** The first findings, as sentences. */
  readonly findings: readonly string[];
}

const MOST_FINDINGS = 100;
const CHUNK = 4096;
const MOST_DIRECTORY = 2 ** 25;

/** Counts by cluster, with memory for those parts of the file where there are any. */
class Counts {
  readonly #chunks = new Map<number, Uint32Array>();
  end = 0;

  add(first: number, count: number, weight: number): void {
    for (let cluster = first; cluster < first + count; cluster++) {
      const index = Math.floor(cluster / CHUNK);
      let chunk = this.#chunks.get(index);
      if (chunk === undefined) this.#chunks.set(index, (chunk = new Uint32Array(CHUNK)));
      chunk[cluster % CHUNK]! += weight;
    }
    this.end = Math.max(this.end, first + count);
  }

  of(cluster: number): number {
    return this.#chunks.get(Math.floor(cluster / CHUNK))?.[cluster % CHUNK] ?? 0;
  }
}

/** Checks one image. */
export function* checkImage(image: Image, repair?: Repair): Steps<CheckResult> {
  return yield* new Check(image, repair).run();
}

class Check {
  readonly #image: Image;
  readonly #repair: Repair | undefined;
  readonly #counts = new Counts();
  readonly #findings: string[] = [];
  #corruptions = 0;
  #corruptionsFixed = 0;
  #leaks = 0;
  #leaksFixed = 0;
  #allocated = 0;
  #fragmented = 0;
  #compressed = 0;
  #previousEnd = 0;
  #end = 0;

  constructor(image: Image, repair: Repair | undefined) {
    this.#image = image;
    this.#repair = repair;
  }

  *run(): Steps<CheckResult> {
    const image = this.#image;
    const { header, clusterBytes } = image;
    this.#use("header", 0, clusterBytes);
    this.#use("active L1 table", header.l1Offset, header.l1Size * 8);
    const weights = new Map<number, number>();
    this.#countTables(image.l1, weights);
    const active = new Set(weights.keys());
    const { snapshots, bytes } = yield* readSnapshots(image.file, header);
    if (bytes > 0) this.#use("snapshot table", header.snapshotsOffset, bytes);
    for (const { l1Offset, l1Size } of snapshots) {
      const l1 = new Table(l1Offset, new Uint8Array(l1Size * 8));
      yield* wait(image.file.read(l1Offset, l1.bytes));
      this.#use("snapshot L1 table", l1Offset, l1Size * 8);
      this.#countTables(l1, weights);
    }
    for (const [offset, weight] of weights) yield* this.#countClusters(offset, weight, active.has(offset));
    yield* this.#countBitmaps();
    const table = yield* this.#refcountTable();
    const blocks = this.#countBlocks(table);
    const reader = new BlockReader(image, blocks);
    yield* this.#compare(reader);
    yield* this.#compareCopied(reader);
    return {
      corruptions: this.#corruptions,
      leaks: this.#leaks,
      corruptionsFixed: this.#corruptionsFixed,
      leaksFixed: this.#leaksFixed,
      totalClusters: Math.ceil(image.size / clusterBytes),
      allocatedClusters: this.#allocated,
      fragmentedClusters: this.#fragmented,
      compressedClusters: this.#compressed,
      imageEndOffset: this.#end * clusterBytes,
      findings: this.#findings,
    };
  }

  #corrupt(sentence: string): void {
    this.#corruptions++;
    if (this.#findings.length < MOST_FINDINGS) this.#findings.push(`ERROR ${sentence}`);
  }

  /** Counts uses of the clusters that some bytes of the file are in. */
  #use(what: string, at: number, length: number, weight = 1): void {
    const { clusterBytes, file } = this.#image;
    const end = Math.ceil(file.size / clusterBytes) * clusterBytes;
    if (length === 0) return;
    if (at + length > end) return this.#corrupt(`${what} at ${at} lies behind the end of the file`);
    const first = Math.floor(at / clusterBytes);
    this.#counts.add(first, Math.floor((at + length - 1) / clusterBytes) - first + 1, weight);
  }

  /** Counts what an L1 table leads to, each L2 table once for each entry. */
  #countTables(l1: Table, weights: Map<number, number>): void {
    const { clusterBytes } = this.#image;
    for (let index = 0; index < l1.bytes.length / 8; index++) {
      const offset = offsetIn(l1.view, index);
      if (offset === 0) continue;
      if (offset % clusterBytes !== 0) {
        this.#corrupt(`L2 table at ${offset} does not begin where a cluster does`);
        continue;
      }
      weights.set(offset, (weights.get(offset) ?? 0) + 1);
      this.#use("L2 table", offset, clusterBytes);
    }
  }

  *#countClusters(offset: number, weight: number, isActive: boolean): Steps {
    const image = this.#image;
    if (offset >= image.file.size) return;
    const table = yield* image.l2.load(offset);
    this.#previousEnd = 0;
    for (let index = 0; index < image.perTable; index++) {
      const kind = kindIn(table.view, index);
      if (kind === Kind.COMPRESSED) {
        const { at, length } = compressedIn(table.view, index, image.clusterBits);
        this.#use("compressed cluster", at, length, weight);
        if (isActive) {
          this.#allocated++;
          this.#compressed++;
          // Compressed clusters are fragmented by their nature.
          this.#fragmented++;
        }
      } else if (kind === Kind.DATA || kind === Kind.ZERO_ALLOCATED) {
        this.#countCluster(offsetIn(table.view, index), weight, isActive);
      }
    }
  }

  #countCluster(host: number, weight: number, isActive: boolean): void {
    const { clusterBytes } = this.#image;
    if (host % clusterBytes !== 0) return this.#corrupt(`data cluster at ${host} does not begin where a cluster does`);
    this.#use("data cluster", host, clusterBytes, weight);
    if (!isActive) return;
    this.#allocated++;
    if (this.#previousEnd !== 0 && host !== this.#previousEnd) this.#fragmented++;
    this.#previousEnd = host + clusterBytes;
  }

  /** Counts what dirty bitmaps take (docs/interop/qcow2.txt: "Bitmaps extension"), unless they are out of date. */
  *#countBitmaps(): Steps {
    const { header, file, clusterBytes } = this.#image;
    const extension = header.extensions.find(({ type }) => type === ExtensionType.BITMAPS);
    if (extension === undefined || extension.bytes.length < 24 || header.autoclear % 2 === 0) return;
    const fields = viewOf(extension.bytes);
    const length = Number(fields.getBigUint64(8));
    const offset = Number(fields.getBigUint64(16));
    if (length > MOST_DIRECTORY || offset + length > file.size)
      return this.#corrupt("the directory of bitmaps lies behind the end of the file");
    this.#use("bitmap directory", offset, length);
    const directory = new Uint8Array(length);
    yield* wait(file.read(offset, directory));
    const view = viewOf(directory);
    for (let at = 0; at + 24 <= length;) {
      const table = Number(view.getBigUint64(at));
      const entries = view.getUint32(at + 8);
      if (table + entries * 8 > file.size || entries > MOST_DIRECTORY)
        return this.#corrupt("the table of a bitmap lies behind the end of the file");
      this.#use("bitmap table", table, entries * 8);
      const bytes = new Uint8Array(entries * 8);
      yield* wait(file.read(table, bytes));
      for (let index = 0; index < entries; index++) {
        const cluster = offsetIn(viewOf(bytes), index);
        if (cluster !== 0) this.#use("bitmap", cluster, clusterBytes);
      }
      at += Math.ceil((24 + view.getUint32(at + 20) + view.getUint16(at + 18)) / 8) * 8;
    }
  }

  *#refcountTable(): Steps<Table> {
    const { header, file, refcounts, clusterBytes } = this.#image;
    if (refcounts !== undefined) return refcounts.table;
    const bytes = new Uint8Array(header.refcountTableClusters * clusterBytes);
    const there = Math.max(0, Math.min(bytes.length, file.size - header.refcountTableOffset));
    yield* wait(file.read(Math.min(file.size, header.refcountTableOffset), bytes.subarray(0, there)));
    return new Table(header.refcountTableOffset, bytes);
  }

  /** The blocks that there are, by number. */
  #countBlocks(table: Table): Map<number, number> {
    const { clusterBytes, file } = this.#image;
    this.#use("refcount table", table.offset, table.bytes.length);
    const blocks = new Map<number, number>();
    const seen = new Set<number>();
    for (let index = 0; index < table.bytes.length / 8; index++) {
      const offset = table.view.getUint32(index * 8) * 2 ** 32 + table.view.getUint32(index * 8 + 4);
      if (offset === 0) continue;
      if (offset % clusterBytes !== 0 || offset >= file.size) {
        this.#corrupt(`refcount block ${index} lies at ${offset}, where none can`);
        continue;
      }
      if (seen.has(offset)) this.#corrupt(`refcount block ${index} at ${offset} is another one, too`);
      seen.add(offset);
      this.#use("refcount block", offset, clusterBytes);
      blocks.set(index, offset);
    }
    return blocks;
  }

  /** Compares what is used with what is counted, cluster by cluster, and repairs. */
  *#compare(reader: BlockReader): Steps {
    const image = this.#image;
    const end = Math.max(this.#counts.end, Math.ceil(image.file.size / image.clusterBytes));
    image.refcounts?.startAt(end);
    for (let cluster = 0; cluster < end; cluster++) {
      const used = this.#counts.of(cluster);
      const counted = yield* reader.count(cluster);
      if (used > 0 || counted > 0) this.#end = cluster + 1;
      if (used === counted) continue;
      const isLeak = counted > used;
      const sentence = `cluster ${cluster} refcount=${counted} reference=${used}`;
      const canFix = this.#repair === "all" || (this.#repair === "leaks" && isLeak);
      if (canFix && (yield* this.#setCount(cluster, used))) {
        if (isLeak) this.#leaksFixed++;
        else this.#corruptionsFixed++;
      } else if (isLeak) {
        this.#leaks++;
        if (this.#findings.length < MOST_FINDINGS) this.#findings.push(`Leaked ${sentence}`);
      } else this.#corrupt(sentence);
    }
    image.refcounts?.startAt(0);
  }

  *#setCount(cluster: number, count: number): Steps<boolean> {
    const refcounts = this.#image.refcounts!;
    if (count > refcounts.most) return false;
    yield* refcounts.ensureBlock(cluster);
    yield* refcounts.set(cluster, count);
    return true;
  }

  /** Whether entries say truly that what they lead to is counted once. */
  *#compareCopied(reader: BlockReader): Steps {
    const { clusterBytes } = this.#image;
    for (const { table, index, cluster } of yield* this.#wrongEntries(reader)) {
      if (this.#repair !== "all") {
        this.#corrupt(
          `the entry of cluster ${cluster} at ${table.offset / clusterBytes} says wrongly whether others use it`,
        );
        continue;
      }
      const hi = table.view.getUint32(index * 8);
      table.view.setUint32(index * 8, (hi ^ 0x8000_0000) >>> 0);
      table.touch(index * 8, index * 8 + 8);
      this.#corruptionsFixed++;
    }
  }

  /** The entries of the active tables that are wrong about that. */
  *#wrongEntries(reader: BlockReader): Steps<{ table: Table; index: number; cluster: number }[]> {
    const image = this.#image;
    const wrong: { table: Table; index: number; cluster: number }[] = [];
    const seen = new Set<number>();
    for (let index = 0; index < image.l1.bytes.length / 8; index++) {
      const offset = offsetIn(image.l1.view, index);
      if (offset === 0 || offset % image.clusterBytes !== 0 || offset >= image.file.size) continue;
      const cluster = offset / image.clusterBytes;
      if (isCopied(image.l1.view, index) !== ((yield* reader.count(cluster)) === 1))
        wrong.push({ table: image.l1, index, cluster });
      if (seen.has(offset)) continue;
      seen.add(offset);
      const table = yield* image.l2.load(offset);
      for (let entry = 0; entry < image.perTable; entry++) {
        const kind = kindIn(table.view, entry);
        if (kind !== Kind.DATA && kind !== Kind.ZERO_ALLOCATED) continue;
        const host = offsetIn(table.view, entry) / image.clusterBytes;
        if (!Number.isInteger(host)) continue;
        if (isCopied(table.view, entry) !== ((yield* reader.count(host)) === 1))
          wrong.push({ table, index: entry, cluster: host });
      }
    }
    return wrong;
  }
}

/** Reads counts from an image that is open for reading or for writing. */
class BlockReader {
  readonly #image: Image;
  readonly #blocks: ReadonlyMap<number, number>;
  readonly #perBlock: number;
  #index = -1;
  #block: Table | undefined;

  constructor(image: Image, blocks: ReadonlyMap<number, number>) {
    this.#image = image;
    this.#blocks = blocks;
    this.#perBlock = (image.clusterBytes * 8) / 2 ** image.header.refcountOrder;
  }

  *count(cluster: number): Steps<number> {
    const { refcounts, file, clusterBytes, header } = this.#image;
    const index = Math.floor(cluster / this.#perBlock);
    if (refcounts !== undefined) return yield* refcounts.get(cluster);
    if (index !== this.#index) {
      const offset = this.#blocks.get(index);
      this.#index = index;
      this.#block = undefined;
      if (offset !== undefined) {
        const bytes = new Uint8Array(clusterBytes);
        yield* wait(file.read(offset, bytes.subarray(0, Math.max(0, file.size - offset))));
        this.#block = new Table(offset, bytes);
      }
    }
    return this.#block === undefined ? 0 : countIn(this.#block, cluster % this.#perBlock, header.refcountOrder);
  }
}
