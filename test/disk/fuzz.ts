/** Hostile qcow2 images: each is opened, read, written and checked, and all that may come of it is a WasmvisorError. */

import { MemoryBlock } from "../../src/backend/block/memory.ts";
import { hostCodec } from "../../src/disk/codec.ts";
import { openDisk } from "../../src/disk/open.ts";
import { createQcow2 } from "../../src/disk/qcow2/create.ts";
import { Qcow2 } from "../../src/disk/qcow2/qcow2.ts";
import { WasmvisorError } from "../../src/error.ts";
import { fuzzMany } from "../support/fuzz-many.ts";
import { random } from "./crash.ts";

type Next = (below: number) => number;

const SIZE = 2 ** 20;

/** A few sound images, to be damaged: made once. */
let seeds: Promise<readonly Uint8Array[]> | undefined;

async function soundImages(): Promise<readonly Uint8Array[]> {
  const images: Uint8Array[] = [];
  for (const layout of [
    { clusterBytes: 512 },
    { clusterBytes: 512, version: 2 as const },
    { clusterBytes: 1024, refcountBits: 1 },
    { clusterBytes: 4096, refcountBits: 64 },
    { clusterBytes: 4096, backingFile: "base.raw", backingFormat: "raw" },
    { clusterBytes: 1024, compression: "zstd" as const },
  ]) {
    const file = new MemoryBlock(0);
    await createQcow2(file, { ...layout, size: SIZE });
    const disk = await Qcow2.open(file, { codec: hostCodec });
    const cluster = layout.clusterBytes;
    for (let at = 0; at < 40; at++) {
      const bytes = new Uint8Array(cluster).fill(at);
      if (at % 4 === 1 && layout.compression === undefined) await disk.writeCompressed(at * 3 * cluster, bytes);
      else if (at % 4 === 2) await disk.writeZeroes(at * 3 * cluster, cluster, at % 8 === 2);
      else await disk.write(at * 3 * cluster, bytes);
    }
    await disk.flush();
    await disk.flush();
    const bytes = new Uint8Array(file.size);
    file.read(0, bytes);
    images.push(bytes);
    if (layout.version !== 2) images.push(withSnapshot(bytes));
  }
  return images;
}

/** The image with a list of one snapshot, "1", behind it, which is the disk as it is. */
function withSnapshot(image: Uint8Array): Uint8Array {
  const clusterBytes = 2 ** new DataView(image.buffer).getUint32(20);
  const at = Math.ceil(image.length / clusterBytes) * clusterBytes;
  const bytes = new Uint8Array(at + clusterBytes);
  bytes.set(image);
  const view = new DataView(bytes.buffer);
  view.setUint32(60, 1);
  view.setBigUint64(64, BigInt(at));
  view.setBigUint64(at, view.getBigUint64(40));
  view.setUint32(at + 8, view.getUint32(36));
  view.setUint16(at + 12, 1);
  view.setUint16(at + 14, 3);
  view.setUint32(at + 36, 16);
  view.setBigUint64(at + 48, view.getBigUint64(24));
  bytes.set(new TextEncoder().encode("1one"), at + 56);
  return bytes;
}

/** Values that go wrong more often than others. */
function interesting(next: Next, bytes: Uint8Array): bigint {
  const places = [
    0n,
    1n,
    511n,
    512n,
    BigInt(bytes.length),
    BigInt(bytes.length - 512),
    1n << 30n,
    1n << 53n,
    (1n << 56n) - 512n,
  ];
  const flags = [0n, 0n, 1n << 63n, 1n << 62n, 1n, (1n << 64n) - 1n];
  const place = next(3) === 0 ? BigInt(next(bytes.length / 512) * 512) : places[next(places.length)]!;
  return BigInt.asUintN(64, place | flags[next(flags.length)]!);
}

const HEADER_FIELDS = [4, 8, 16, 20, 24, 32, 36, 40, 48, 56, 60, 64, 72, 76, 80, 88, 96, 100, 104, 112, 116];

/** Damages fields of the header, of tables that it leads to, or any bytes. */
function damage(bytes: Uint8Array, next: Next): void {
  const view = new DataView(bytes.buffer);
  const entry = (table: number, entries: number): void => {
    const at = table + next(Math.max(1, entries)) * 8;
    if (at >= 0 && at + 8 <= bytes.length) view.setBigUint64(at, interesting(next, bytes));
  };
  const place = (at: number): number => Number(view.getBigUint64(at) & 0xff_ffff_ffff_fe00n);
  for (let count = 1 + next(5); count > 0; count--) {
    const l1 = place(40);
    switch (next(6)) {
      case 0: {
        const at = HEADER_FIELDS[next(HEADER_FIELDS.length)]!;
        if (next(2) === 0) view.setUint32(at, Number(interesting(next, bytes) & 0xffff_ffffn));
        else view.setUint32(at, next(40));
        break;
      }
      case 1:
        entry(l1, view.getUint32(36) % 4096);
        break;
      case 2:
        if (l1 + 8 <= bytes.length) entry(place(l1), 64);
        break;
      case 3:
        entry(place(48), 8);
        break;
      case 4: {
        const block = place(48) + 8 <= bytes.length ? place(place(48)) : 0;
        for (let at = 0; at < 8; at++)
          if (block + at < bytes.length) bytes[block + (next(512) % (bytes.length - block))] = next(256);
        break;
      }
      default:
        for (let at = 0; at < 8; at++) bytes[next(bytes.length)] = next(256);
    }
  }
}

/** Most bytes that an image may make of its file: the disk's size and the tables for it. */
const MOST_FILE = 2 ** 28;

/** One input. Throws when it goes wrong. */
export async function fuzzQcow2(seed: number): Promise<void> {
  const next = random(seed);
  const images = await (seeds ??= soundImages());
  const bytes = images[next(images.length)]!.slice();
  damage(bytes, next);
  const file = new MemoryBlock(next(10) === 0 ? bytes.slice(0, next(bytes.length)) : bytes);
  const expected = async (act: () => unknown): Promise<void> => {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof WasmvisorError)) throw error;
      if (!/^[A-Z].*\.$/s.test(error.message) || error.message.includes("NaN"))
        throw new Error(`no sentence: ${error.message}`, { cause: error });
    }
  };
  await expected(async () => {
    const disk = await openDisk(file, {
      format: "qcow2",
      readonly: next(4) === 0,
      repairing: next(4) === 0,
      ...(next(5) === 0 ? { snapshot: next(2) === 0 ? "1" : "one" } : {}),
      openBacking: () => new MemoryBlock(new Uint8Array(SIZE / 2).fill(0xbb), { readonly: true }),
    });
    await use(disk as Qcow2, next, expected);
  });
  if (file.allocated > MOST_FILE) throw new Error(`${file.allocated} bytes were written`);
}

async function use(disk: Qcow2, next: Next, expected: (act: () => unknown) => Promise<void>): Promise<void> {
  const buffer = new Uint8Array(20_000);
  for (let step = 0; step < 12; step++) {
    const length = Math.min(disk.size, 1 + next(buffer.length));
    const at = Math.min(next(2) === 0 ? next(SIZE) : next(20) * 4096, disk.size - length);
    switch (next(9)) {
      case 0:
      case 1:
        await expected(() => disk.read(at, buffer.subarray(0, length)));
        break;
      case 2:
      case 3:
        await expected(() => disk.write(at, buffer.subarray(0, length)));
        break;
      case 4:
        await expected(() => disk.discard(at, length));
        break;
      case 5:
        await expected(() => disk.writeZeroes(at, length, next(2) === 0));
        break;
      case 6:
        await expected(() => disk.flush());
        break;
      case 7:
        await expected(() => (disk.size > 0 ? disk.extent(Math.min(at, disk.size - 1)) : undefined));
        break;
      default:
        await expected(() => disk.snapshots());
    }
  }
  await expected(() => disk.check(disk.readonly ? undefined : ([undefined, "leaks", "all"] as const)[next(3)]));
  await expected(() => disk.close());
}

/** Runs many; prints the first that goes wrong. */
export const fuzzQcow2Many = fuzzMany("qcow2", fuzzQcow2, "images: nothing but errors that say so");
