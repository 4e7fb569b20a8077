/** Which frames are given out, and that all come back. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FRAME_BYTES, MachineMemory } from "../../src/memory/machine-memory.ts";
import { MemoryPool } from "../../src/memory/pool.ts";

const MIB = 2 ** 20;
const VM = 0x7000_0000;

function newPool(maxBytes = 64 * MIB): { memory: MachineMemory; pool: MemoryPool } {
  const memory = new MachineMemory(maxBytes);
  return { memory, pool: new MemoryPool(memory) };
}

/** As the core does with a frame that it takes. */
function take(pool: MemoryPool): number {
  const ma = pool.take();
  if (ma !== 0) pool.frames.set(ma, 1);
  return ma;
}

describe("a pool", () => {
  test("gives frames out until the memory has none left, and none twice", () => {
    const { pool } = newPool(4 * MIB);
    const taken = new Set<number>();
    for (let ma = take(pool); ma !== 0; ma = take(pool)) {
      expect(taken.has(ma)).toBe(false);
      taken.add(ma);
    }
    // All but the core's constants, the frame of zeros and the table, to the last frame.
    expect(taken.size).toBe((4 * MIB - MIB) / FRAME_BYTES);
    expect(pool.statistics()).toMatchObject({ frameBytes: taken.size * FRAME_BYTES, freeBytes: 0 });
    const [ma] = taken;
    pool.release(ma!);
    expect(take(pool)).toBe(ma);
  });

  test("a frame that comes back is zeros", () => {
    const { memory, pool } = newPool();
    const [ma, kept] = [take(pool), take(pool)];
    memory.u8.fill(7, ma, ma + FRAME_BYTES);
    pool.release(ma);
    expect(kept).not.toBe(ma);
    while (take(pool) !== ma) expect(pool.statistics().frameBytes).toBeLessThan(2 * MIB);
    expect(memory.u8.subarray(ma, ma + FRAME_BYTES).every((byte) => byte === 0)).toBe(true);
  });

  test("what others use of a piece stays when its VM goes, and only that", () => {
    const { memory, pool } = newPool();
    const piece = pool.takePiece(VM, 16 * FRAME_BYTES);
    const shared = [piece, piece + 5 * FRAME_BYTES, piece + 15 * FRAME_BYTES];
    for (const ma of shared) {
      pool.frames.set(ma, 1);
      pool.mix(ma);
    }
    pool.release(piece + 7 * FRAME_BYTES);
    pool.releasePiece(VM);
    expect(memory.allocatedBytes).toBe(3 * FRAME_BYTES);
    expect(pool.statistics()).toEqual({ pieceBytes: 0, frameBytes: 3 * FRAME_BYTES, freeBytes: 0 });
    for (const ma of shared) pool.release(ma);
    expect(memory.allocatedBytes).toBe(0);
  });

  test("a page gets the frame in its place if it can, and spare frames go out when nothing else is left", () => {
    const { memory, pool } = newPool(2 * MIB);
    const piece = pool.takePiece(VM, 16 * FRAME_BYTES);
    for (const page of [3, 4]) pool.release(piece + page * FRAME_BYTES);
    expect(pool.takeFor(VM, 3)).toBe(piece + 3 * FRAME_BYTES);
    const others = [];
    for (let ma = take(pool); ma !== 0; ma = take(pool)) others.push(ma);
    expect(others.at(-1)).toBe(piece + 4 * FRAME_BYTES);
    expect(pool.takeFor(VM, 4)).toBe(0);
    for (const ma of others) pool.release(ma);
    pool.releasePiece(VM);
    expect(memory.allocatedBytes).toBe(0);
  });

  test("holds what is taken, whatever is taken and released", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 600 }), (steps) => {
        const { memory, pool } = newPool(3 * MIB);
        const live: number[] = [];
        for (const [index, step] of steps.entries()) {
          if (step % 3 > 0 || live.length === 0) {
            const ma = take(pool);
            if (ma === 0) continue;
            expect(memory.u32[ma / 4]).toBe(0);
            memory.u32[ma / 4] = index + 1;
            live.push(ma);
          } else pool.release(live.splice(step % live.length, 1)[0]!);
        }
        expect(new Set(live.map((ma) => memory.u32[ma / 4])).size).toBe(live.length);
        expect(pool.statistics().frameBytes).toBe(live.length * FRAME_BYTES);
        for (const ma of live) pool.release(ma);
        expect(memory.allocatedBytes).toBe(0);
      }),
      { numRuns: 30 },
    );
  });
});
