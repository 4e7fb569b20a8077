/** Making qcow2 images. */

import type { BlockBackend, Done } from "../../backend/block/block.ts";
import { expectSize } from "../../backend/block/range.ts";
import { imageError } from "../error.ts";
import { settle, type Steps, wait } from "../steps.ts";
import {
  Compatible,
  type Compression,
  encodeHeader,
  featureNames,
  type Header,
  Incompatible,
  l1EntriesFor,
  mostBytes,
  setLarge,
  viewOf,
} from "./header.ts";

/** What an image is to be like. */
export interface Qcow2Layout {
  /** Bytes of the disk; rounded up to whole sectors. */
  readonly size: number;
  /** Default: 3. */
  readonly version?: 2 | 3;
  /** A power of two from 512 to 2 MiB. Default: 65536. */
  readonly clusterBytes?: number;
  /** A power of two from 1 to 64. Default: 16. */
  readonly refcountBits?: number;
  /** Default: `"zlib"`. */
  readonly compression?: Compression;
  /** Lets other programs leave counts until later. Default: false. */
  readonly lazyRefcounts?: boolean;
  /** The name of what lies below, which must exist when the image is opened. */
  readonly backingFile?: string;
  readonly backingFormat?: string;
  /**
   * What is set aside at once: nothing, or the tables of all clusters (`metadata`: the file has its final length, and holes in it), or the
   * room of all of them too, written as zeros (`full`). Default: `"off"`.
   */
  readonly preallocation?: Preallocation;
}

/** What is set aside when an image is made. */
export type Preallocation = "off" | "metadata" | "full";

const DEFAULT_CLUSTER_BYTES = 65_536;

/** In the first byte of an entry: what it leads to is used once. */
const COPIED = 0x80;

/**
 * Writes an empty image into a file, in the place of what is there.
 * @throws WasmvisorError `option` when the layout cannot be; `block-size`
 */
export function createQcow2(file: BlockBackend, layout: Qcow2Layout): Done {
  return settle(create(file, layout));
}

/** A whole exponent of 2, from `least` to `most`, or an error. */
function exponent(name: string, value: number, least: number, most: number): number {
  const bits = Math.log2(value);
  if (Number.isInteger(bits) && bits >= least && bits <= most) return bits;
  throw imageError("option", `The ${name} must be a power of two from ${2 ** least} to ${2 ** most}, not ${value}.`, {
    value,
  });
}

/**
 * Checks what an image is to be like, before anything is written.
 * @throws WasmvisorError `option`, `block-size`
 */
export function checkQcow2Layout(layout: Qcow2Layout): void {
  headerOf(layout);
}

function headerOf(layout: Qcow2Layout): Header {
  if ((layout.preallocation ?? "off") !== "off" && layout.backingFile !== undefined)
    throw imageError("option", "Clusters that are set aside hide what lies below; leave preallocation out.");
  const { version = 3, compression = "zlib", lazyRefcounts = false, backingFile, backingFormat } = layout;
  const size = Math.ceil(layout.size / 512) * 512;
  expectSize(size);
  const clusterBits = exponent("cluster size", layout.clusterBytes ?? DEFAULT_CLUSTER_BYTES, 9, 21);
  if (size > mostBytes(clusterBits))
    throw imageError(
      "block-size",
      `With clusters of ${2 ** clusterBits} bytes, an image has at most ${mostBytes(clusterBits)} bytes; use larger clusters.`,
      { size },
    );
  const refcountOrder = exponent("width of a reference count", layout.refcountBits ?? 16, 0, 6);
  if (version === 2 && (refcountOrder !== 4 || compression !== "zlib" || lazyRefcounts))
    throw imageError(
      "option",
      "Version 2 (compat=0.10) has reference counts of 16 bits, zlib and no lazy refcounts; use compat=1.1.",
    );
  const isZstd = compression === "zstd";
  const roomForNames = clusterBits > 10;
  return {
    version,
    clusterBits,
    size,
    l1Size: l1EntriesFor(size, clusterBits),
    l1Offset: 0,
    refcountTableOffset: 2 ** clusterBits,
    refcountTableClusters: 1,
    snapshotCount: 0,
    snapshotsOffset: 0,
    incompatible: isZstd ? Incompatible.COMPRESSION : 0,
    compatible: lazyRefcounts ? Compatible.LAZY_REFCOUNTS : 0,
    autoclear: 0,
    refcountOrder,
    headerLength: version === 2 ? 72 : 112,
    compression,
    ...(backingFile === undefined ? {} : { backingFile }),
    ...(backingFormat === undefined ? {} : { backingFormat }),
    extensions: version === 3 && roomForNames ? [featureNames()] : [],
  };
}

/** Header, refcount table, refcount blocks, L1 table; when they are set aside, L2 tables and the disk's clusters. */
function* create(file: BlockBackend, layout: Qcow2Layout): Steps {
  const draft = headerOf(layout);
  const clusterBytes = 2 ** draft.clusterBits;
  const perBlock = (clusterBytes * 8) / 2 ** draft.refcountOrder;
  const l1Clusters = Math.max(1, Math.ceil((draft.l1Size * 8) / clusterBytes));
  const isAllocated = (layout.preallocation ?? "off") !== "off";
  const dataClusters = isAllocated ? Math.ceil(draft.size / clusterBytes) : 0;
  const l2Tables = Math.ceil((dataClusters * 8) / clusterBytes);
  let tableClusters = 1;
  let blocks = 1;
  for (;;) {
    const used = 1 + tableClusters + blocks + l1Clusters + l2Tables + dataClusters;
    const neededBlocks = Math.ceil(used / perBlock);
    const neededTable = Math.ceil((neededBlocks * 8) / clusterBytes);
    if (neededBlocks <= blocks && neededTable <= tableClusters) break;
    blocks = Math.max(blocks, neededBlocks);
    tableClusters = Math.max(tableClusters, neededTable);
  }
  const firstBlock = 1 + tableClusters;
  const firstL2 = firstBlock + blocks + l1Clusters;
  const firstData = firstL2 + l2Tables;
  const used = firstData + dataClusters;
  const header: Header = {
    ...draft,
    refcountTableClusters: tableClusters,
    l1Offset: (firstBlock + blocks) * clusterBytes,
  };
  const first = encodeHeader(header);
  if (file.resize !== undefined) {
    yield* wait(file.resize(0));
    yield* wait(file.resize(used * clusterBytes));
  } else if (file.size < used * clusterBytes) {
    throw imageError("block-full", `The ${file.info.description} has no room for an image; use a larger one.`);
  }
  const table = new Uint8Array(tableClusters * clusterBytes);
  for (let index = 0; index < blocks; index++) {
    setLarge(viewOf(table), index * 8, (firstBlock + index) * clusterBytes);
    yield* wait(
      file.write((firstBlock + index) * clusterBytes, usedBlock(Math.min(perBlock, used - index * perBlock), header)),
    );
  }
  yield* wait(file.write(clusterBytes, table));
  const l1 = new Uint8Array(l1Clusters * clusterBytes);
  putEntries(l1, l2Tables, firstL2, clusterBytes);
  if (l2Tables > 0 || file.resize === undefined) yield* wait(file.write(header.l1Offset, l1));
  const perTable = clusterBytes / 8;
  for (let index = 0; index < l2Tables; index++) {
    const l2 = new Uint8Array(clusterBytes);
    putEntries(l2, Math.min(perTable, dataClusters - index * perTable), firstData + index * perTable, clusterBytes);
    yield* wait(file.write((firstL2 + index) * clusterBytes, l2));
  }
  if (layout.preallocation === "full" || (isAllocated && file.resize === undefined))
    yield* writeZeros(file, firstData * clusterBytes, used * clusterBytes);
  yield* wait(file.write(0, first));
}

/** Leads the first `count` entries of a table to clusters of the file that follow each other, each used once. */
function putEntries(table: Uint8Array, count: number, firstCluster: number, clusterBytes: number): void {
  const view = viewOf(table);
  for (let index = 0; index < count; index++) {
    setLarge(view, index * 8, (firstCluster + index) * clusterBytes);
    view.setUint8(index * 8, view.getUint8(index * 8) | COPIED);
  }
}

const ZEROS_AT_ONCE = 2 ** 20;

/** Writes zeros, so that the file has the room for good. */
export function* writeZeros(file: BlockBackend, from: number, to: number): Steps {
  const zeros = new Uint8Array(Math.min(ZEROS_AT_ONCE, to - from));
  for (let at = from; at < to; at += zeros.length)
    yield* wait(file.write(at, zeros.subarray(0, Math.min(zeros.length, to - at))));
}

/** A refcount block whose first `count` clusters are used once. */
function usedBlock(count: number, { clusterBits, refcountOrder }: Header): Uint8Array {
  const block = new Uint8Array(2 ** clusterBits);
  const bits = 2 ** refcountOrder;
  for (let index = 0; index < count; index++) {
    // The lowest bit of each count: from the right within a byte, and in the last byte of wider ones.
    if (bits < 8) block[Math.floor((index * bits) / 8)]! |= 1 << ((index * bits) % 8);
    else block[(index + 1) * (bits / 8) - 1] = 1;
  }
  return block;
}
