import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frameTableEnd } from "../../src/memory/frame-table.ts";
import { FRAME_BYTES, MachineMemory } from "../../src/memory/machine-memory.ts";

const MIB = 2 ** 20;

describe("machine memory", () => {
  test("gives out frame-aligned ranges that do not overlap, above the core's constants", () => {
    const memory = new MachineMemory();
    const first = memory.allocate(1);
    const second = memory.allocate(FRAME_BYTES + 1);
    const third = memory.allocate(FRAME_BYTES);
    expect(first).toBeGreaterThanOrEqual(MIB);
    expect([first, second, third].map((ma) => ma % FRAME_BYTES)).toEqual([0, 0, 0]);
    expect(second - first).toBe(FRAME_BYTES);
    expect(third - second).toBe(2 * FRAME_BYTES);
  });

  test.each([2, 32, 64, 100, 256, 1024])(
    "has an entry in the table of frames for each frame it gives out: %i MiB",
    (mib) => {
      const memory = new MachineMemory(mib * MIB);
      const first = memory.allocate(FRAME_BYTES);
      const rest = mib * MIB - MIB - FRAME_BYTES;
      const end = memory.allocate(rest) + rest;
      expect(frameTableEnd(end)).toBeLessThanOrEqual(first);
      expect(() => memory.allocate(FRAME_BYTES)).toThrow("The host has no");
    },
  );

  test("a range that is released is cleared", () => {
    const memory = new MachineMemory();
    const ma = memory.allocate(3 * FRAME_BYTES);
    memory.u8[ma] = 1;
    memory.u8[ma + 3 * FRAME_BYTES - 1] = 2;
    memory.release(ma, 3 * FRAME_BYTES);
    expect(memory.allocate(3 * FRAME_BYTES)).toBe(ma);
    expect(memory.u8.subarray(ma, ma + 3 * FRAME_BYTES).every((byte) => byte === 0)).toBe(true);
  });

  test("neighbours that are free become one range, in whatever order they are released", () => {
    fc.assert(
      fc.property(fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5, maxLength: 5 }), (order) => {
        const memory = new MachineMemory();
        const ranges = order.map(() => memory.allocate(2 * FRAME_BYTES)).sort((a, b) => a - b);
        for (const index of order) memory.release(ranges[index]!, 2 * FRAME_BYTES);
        expect(memory.allocate(10 * FRAME_BYTES)).toBe(ranges[0]);
      }),
      { numRuns: 30 },
    );
  });

  test("what is allocated never overlaps, whatever is allocated and released", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: 40 })), { maxLength: 60 }), (steps) => {
        const memory = new MachineMemory();
        const live: { ma: number; bytes: number }[] = [];
        for (const [allocates, size] of steps) {
          if (allocates || live.length === 0) {
            const bytes = size * FRAME_BYTES;
            const ma = memory.allocate(bytes);
            for (const other of live) expect(ma + bytes <= other.ma || other.ma + other.bytes <= ma).toBe(true);
            expect(memory.u8.subarray(ma, ma + bytes).every((byte) => byte === 0)).toBe(true);
            memory.u8.fill(size, ma, ma + bytes);
            live.push({ ma, bytes });
          } else {
            const [range] = live.splice(size % live.length, 1);
            memory.release(range!.ma, range!.bytes);
          }
        }
        expect(memory.allocatedBytes).toBe(live.reduce((sum, { bytes }) => sum + bytes, 0));
      }),
      { numRuns: 40 },
    );
  });

  test("views see the memory after it has grown", () => {
    const memory = new MachineMemory();
    const small = memory.allocate(FRAME_BYTES);
    memory.view.setUint32(small, 0x1234_5678, true);
    memory.allocate(64 * MIB);
    expect(memory.view.getUint32(small, true)).toBe(0x1234_5678);
    expect(memory.u32[small / 4]).toBe(0x1234_5678);
    expect(memory.u64[small / 8]).toBe(0x1234_5678n);
    expect(memory.byteLength).toBeGreaterThan(64 * MIB);
  });

  test("grows to nearly 4 GiB, and says so when that is not enough", () => {
    const memory = new MachineMemory();
    const high = memory.allocate(3500 * MIB);
    memory.u8[high + 3500 * MIB - 1] = 7;
    expect(memory.u8[high + 3500 * MIB - 1]).toBe(7);
    expect(() => memory.allocate(600 * MIB)).toThrow(expect.objectContaining({ code: "host-memory" }));
    expect(memory.allocate(400 * MIB)).toBeGreaterThan(high);
  });

  test("keeps to the limit it was given", () => {
    const memory = new MachineMemory(8 * MIB);
    memory.allocate(6 * MIB);
    expect(() => memory.allocate(2 * MIB)).toThrow(expect.objectContaining({ code: "host-memory" }));
    expect(() => new MachineMemory(1000)).toThrow(expect.objectContaining({ code: "host-memory-size" }));
  });

  test("refuses sizes that are none, and releasing twice", () => {
    const memory = new MachineMemory();
    for (const bytes of [0, -1, 1.5, NaN, Infinity]) {
      expect(() => memory.allocate(bytes)).toThrow(expect.objectContaining({ code: "range-size" }));
    }
    const ma = memory.allocate(FRAME_BYTES);
    memory.release(ma, FRAME_BYTES);
    expect(() => memory.release(ma, FRAME_BYTES)).toThrow(RangeError);
  });

  test("clearing makes everything zero", () => {
    const memory = new MachineMemory();
    const ma = memory.allocate(4 * FRAME_BYTES);
    for (const offset of [0, 5, FRAME_BYTES - 1, 3 * FRAME_BYTES, 4 * FRAME_BYTES - 1]) memory.u8[ma + offset] = 255;
    memory.clear(ma, 4 * FRAME_BYTES);
    expect(memory.u8.subarray(ma, ma + 4 * FRAME_BYTES).every((byte) => byte === 0)).toBe(true);
  });
});

test("grows seldom when many ranges are asked for, and never beyond its limit", () => {
  const memory = new MachineMemory(96 * MIB);
  const buffers = new Set<ArrayBufferLike>();
  for (let range = 0; range < 64; range++) {
    memory.allocate(MIB);
    buffers.add(memory.memory.buffer);
  }
  expect(buffers.size).toBeLessThan(32);
  memory.allocate(memory.availableBytes);
  expect(memory.byteLength).toBe(memory.limitBytes);
});
