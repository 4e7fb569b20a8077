import { describe, expect, test } from "vitest";
import { MemoryBlock } from "../../src/backend/block/memory.ts";
import { hostCodec } from "../../src/disk/codec.ts";
import { DISK_PARTS, mapDisk } from "../../src/disk/map.ts";
import { snapshotOf } from "../../src/disk/open.ts";
import { createQcow2 } from "../../src/disk/qcow2/create.ts";
import { Qcow2 } from "../../src/disk/qcow2/qcow2.ts";
import { RawDisk } from "../../src/disk/raw.ts";

const KIB = 1024;

async function qcow2(size: number, clusterBytes: number, backing?: Qcow2): Promise<Qcow2> {
  const file = new MemoryBlock(0);
  await createQcow2(file, { size, clusterBytes });
  return Qcow2.open(file, { codec: hostCodec, ...(backing === undefined ? {} : { backing }) });
}

/** Letters for the cells: none, below, zero, compressed, data. */
const drawn = (cells: Uint8Array) => Array.from(cells, (kind) => "-bzcd"[kind]).join("");

describe("a map of a disk", () => {
  test("tells what is in the image, compressed in it, zeros, below it, and nowhere", async () => {
    const below = await qcow2(24 * KIB, 4096);
    await below.write(12 * KIB, new Uint8Array(8 * KIB).fill(1));
    const disk = await qcow2(40 * KIB, 4096, below);
    await disk.write(0, new Uint8Array(4096).fill(2));
    await disk.writeCompressed(4096, new Uint8Array(4096).fill(3));
    await disk.writeZeroes(16 * KIB, 4096, true);
    const map = await mapDisk(disk, 10);
    expect(map).toMatchObject({ size: 40 * KIB, cellBytes: 4096, isExact: true });
    expect(drawn(map.cells)).toBe("dc-bz-----");
    expect(map.bytes).toEqual({ data: 4096, compressed: 4096, zero: 4096, below: 4096, nothing: 24 * KIB });
  });

  test("shows in a cell what of it is nearest, and counts all bytes once", async () => {
    const disk = await qcow2(1000 * 512, 512);
    for (let at = 0; at < disk.size; at += 16 * KIB) await disk.write(at, new Uint8Array(512).fill(1));
    for (const cells of [1, 7, 64, 125, 65_536]) {
      const map = await mapDisk(disk, cells);
      expect(map.cells.length).toBeLessThanOrEqual(cells);
      expect(map.cells.length).toBe(Math.ceil(disk.size / map.cellBytes));
      expect(Object.values(map.bytes).reduce((sum, count) => sum + count)).toBe(disk.size);
      expect(map.bytes.data).toBe(512 * Math.ceil(disk.size / (16 * KIB)));
    }
  });

  test("of a raw disk is one piece, of a snapshot what is below", async () => {
    const raw = new RawDisk(new MemoryBlock(new Uint8Array(64 * KIB)));
    expect((await mapDisk(raw)).bytes).toMatchObject({ data: 64 * KIB });
    const snapshot = await snapshotOf(raw);
    await snapshot.write(0, new Uint8Array(512).fill(1));
    expect((await mapDisk(snapshot)).bytes.below).toBe(0);
    expect((await mapDisk(await snapshotOf(snapshot))).bytes.below).toBe(64 * KIB);
    expect((await mapDisk(new MemoryBlock(0))).cells.length).toBe(0);
  });

  test("looks at no more than 64 pieces for each cell, and says so", async () => {
    let looks = 0;
    const endless = {
      size: 2 ** 50,
      extent: () => ({ length: 512, kind: looks++ % 2 ? "data" : "zero" }),
    } as unknown as MemoryBlock;
    const map = await mapDisk(endless, 100);
    expect(looks).toBe(64 * map.cells.length);
    expect(map.isExact).toBe(false);
    expect(Object.values(map.bytes).reduce((sum, count) => sum + count)).toBe(2 ** 50);
    expect(map.cells.every((kind) => DISK_PARTS[kind] === "data")).toBe(true);
  });

  test.each([0, -1, 1.5, 65_537, NaN])("has no %s cells", async (cells) => {
    await expect(mapDisk(new MemoryBlock(10), cells)).rejects.toMatchObject({ code: "option" });
  });
});
