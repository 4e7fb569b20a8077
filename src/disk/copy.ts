/** Copying disks, and moving contents between images that lie over each other. */

import type { BlockBackend, Extent } from "../backend/block/block.ts";
import { Qcow2 } from "./qcow2/qcow2.ts";

/** How a disk is copied. */
export interface CopyOptions {
  /** Writes clusters compressed; only to qcow2. */
  readonly compress?: boolean;
  /** So many bytes of zeros in a row are not written. Default: 4096. */
  readonly sparseBytes?: number;
  /** The target reads as this where nothing is written; as zeros without it. */
  readonly base?: BlockBackend;
  /** Where the target has been zeros (or `base`) before. Default: true. */
  readonly isEmpty?: boolean;
  /** Told how many bytes have been done. */
  readonly onProgress?: (done: number, total: number) => void;
}

const CHUNK_BYTES = 2 ** 21;
const SPARSE_BYTES = 4096;

/** Chunks after which the event loop looks at what else is due. */
const CHUNKS_AT_ONCE = 16;

/** Goes through a range in chunks, with a look at other work now and then. */
async function inChunks(
  from: number,
  to: number,
  chunkBytes: number,
  act: (at: number, length: number) => unknown,
): Promise<void> {
  let chunks = 0;
  for (let at = from; at < to; at += chunkBytes) {
    await act(at, Math.min(chunkBytes, to - at));
    if (++chunks % CHUNKS_AT_ONCE === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** What lies at an address. */
async function extentOf(disk: BlockBackend, at: number): Promise<Extent> {
  return (await disk.extent?.(at)) ?? { length: disk.size - at, kind: "data" };
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/**
 * Copies the contents of a disk to another one, from `at` on.
 * @throws WasmvisorError as the disks do
 */
export async function copyDisk(from: BlockBackend, to: BlockBackend, at = 0, options: CopyOptions = {}): Promise<void> {
  const cluster = to instanceof Qcow2 ? to.info.clusterBytes : SPARSE_BYTES;
  const chunk = Math.max(cluster, CHUNK_BYTES);
  for (let done = 0; done < from.size;) {
    const { length, kind } = await extentOf(from, done);
    const isBlank =
      kind !== "data" && !hasBacking(from, done) && options.base === undefined && options.isEmpty !== false;
    // Whole clusters, so that none is written in two halves.
    const end = isBlank || done + length === from.size ? done + length : Math.ceil((done + length) / chunk) * chunk;
    const next = Math.min(from.size, isBlank ? floorTo(end, cluster, from.size) : end);
    if (!isBlank || next <= done) {
      const stop = Math.min(from.size, Math.max(next, done + cluster));
      await inChunks(done, stop, chunk, async (start, bytes) => {
        const buffer = new Uint8Array(bytes);
        await from.read(start, buffer);
        await putChunk(to, at + start, buffer, cluster, options);
        options.onProgress?.(at + start + bytes, to.size);
      });
      done = stop;
    } else done = next;
  }
  options.onProgress?.(at + from.size, to.size);
}

function floorTo(value: number, unit: number, end: number): number {
  return value === end ? value : Math.floor(value / unit) * unit;
}

function hasBacking(disk: BlockBackend, at: number): boolean {
  return disk instanceof Qcow2 && disk.backing !== undefined && at < disk.backing.size;
}

async function putChunk(
  to: BlockBackend,
  at: number,
  bytes: Uint8Array,
  cluster: number,
  options: CopyOptions,
): Promise<void> {
  const { base, compress, isEmpty = true, sparseBytes = SPARSE_BYTES } = options;
  const unit = base === undefined && !compress ? Math.max(512, sparseBytes) : cluster;
  let from = 0;
  const below = base === undefined ? undefined : new Uint8Array(bytes.length);
  if (below !== undefined && at < base!.size)
    await base!.read(at, below.subarray(0, Math.min(below.length, base!.size - at)));
  const flush = async (end: number): Promise<void> => {
    if (end > from) await to.write(at + from, bytes.subarray(from, end));
  };
  for (let next = 0; next < bytes.length; next += unit) {
    const part = bytes.subarray(next, next + unit);
    const isThere =
      isEmpty &&
      sparseBytes > 0 &&
      (below === undefined ? isZero(part) : equal(part, below.subarray(next, next + unit)));
    if (isThere || compress) {
      await flush(next);
      from = Math.min(bytes.length, next + unit);
    }
    if (compress && !isThere) await (to as Qcow2).writeCompressed(at + next, part);
  }
  await flush(bytes.length);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

/**
 * Writes what is in an image itself, not below it, to another disk, which becomes larger when it must.
 * @param image - opened alone
 */
export async function pushDown(
  image: BlockBackend,
  to: BlockBackend,
  onProgress?: CopyOptions["onProgress"],
): Promise<void> {
  if (to.size < image.size) await to.resize?.(image.size);
  for (let at = 0; at < image.size;) {
    const { length, kind } = await extentOf(image, at);
    if (kind === "zero") await (to.writeZeroes?.(at, length, true) ?? copyDisk(image, to));
    else if (kind === "data")
      await inChunks(at, at + length, CHUNK_BYTES, async (start, bytes) => {
        const buffer = new Uint8Array(bytes);
        await image.read(start, buffer);
        await to.write(start, buffer);
      });
    at += length;
    onProgress?.(at, image.size);
  }
}

/**
 * Writes into an image what it shows of what lies below it, where another disk below it would show something else.
 * @param base - the other disk; without it, there will be none
 */
export async function pullUp(
  image: Qcow2,
  base: BlockBackend | undefined,
  onProgress?: CopyOptions["onProgress"],
): Promise<void> {
  const cluster = image.info.clusterBytes;
  const chunk = Math.max(cluster, CHUNK_BYTES);
  for (let at = 0; at < image.size;) {
    const { length, kind } = await extentOf(image, at);
    if (kind === "hole")
      await inChunks(at, at + length, chunk, async (start, bytes) => {
        const [now, then] = [new Uint8Array(bytes), new Uint8Array(bytes)];
        await image.read(start, now);
        if (base !== undefined && start < base.size)
          await base.read(start, then.subarray(0, Math.min(bytes, base.size - start)));
        for (let from = 0; from < bytes; from += cluster) {
          const part = now.subarray(from, from + cluster);
          if (!equal(part, then.subarray(from, from + cluster))) await image.write(start + from, part);
        }
      });
    at += length;
    onProgress?.(at, image.size);
  }
}
