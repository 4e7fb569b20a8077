import { describe, expect, test } from "vitest";
import { MemoryBlock } from "../../../src/backend/block/memory.ts";

const MIB = 2 ** 20;

describe("MemoryBlock", () => {
  test("takes memory for what was written, not for its size", () => {
    const disk = new MemoryBlock(2 ** 50);
    expect(disk.allocated).toBe(0);
    disk.write(2 ** 49 - 5, new Uint8Array(10).fill(7));
    expect(disk.allocated).toBe(2 * 65_536);
    const into = new Uint8Array(12);
    disk.read(2 ** 49 - 6, into);
    expect([...into]).toEqual([0, ...Array.from({ length: 10 }, () => 7), 0]);
  });

  test("never takes more than its size, rounded up to pages", () => {
    const disk = new MemoryBlock(MIB + 1);
    for (let round = 0; round < 3; round++) {
      for (let at = 0; at < MIB; at += 4096) disk.write(at, new Uint8Array(4096).fill(1));
      disk.write(MIB, new Uint8Array(1));
    }
    expect(disk.allocated).toBe(MIB + 65_536);
  });

  test("gives back what is discarded, zeroed or cut off", () => {
    const disk = new MemoryBlock(new Uint8Array(10 * 65_536).fill(1));
    disk.discard(65_536, 65_536);
    disk.writeZeroes(3 * 65_536 - 1, 65_536 + 1);
    disk.resize(9 * 65_536);
    expect(disk.allocated).toBe(7 * 65_536);
  });

  test("discarding a huge range takes no longer than what is in it", () => {
    const disk = new MemoryBlock(2 ** 52);
    disk.write(2 ** 51, new Uint8Array(10).fill(1));
    disk.discard(1, 2 ** 52 - 2);
    expect(disk.allocated).toBe(0);
  });

  test("tells pages from holes, and ends on the way through a long hole", () => {
    const disk = new MemoryBlock(2 ** 40);
    expect(disk.extent(5)).toEqual({ length: 2 ** 40 - 5, kind: "hole" });
    disk.write(65_536, new Uint8Array(65_537).fill(1));
    expect(disk.extent(0)).toEqual({ length: 65_536, kind: "hole" });
    expect(disk.extent(65_537)).toEqual({ length: 2 * 65_536 - 1, kind: "data" });
    expect(disk.extent(3 * 65_536)).toEqual({ length: 2 ** 30, kind: "hole" });
  });
});
