import { describe, expect, test } from "vitest";
import { Rng, type RngLimits } from "../../../src/device/virtio/rng/rng.ts";
import type { VirtioLayout } from "../../../src/device/virtio/mmio.ts";
import { RAM_PA, Rig } from "./driver.ts";
import { hostileQueue } from "./hostile-queue.ts";

const DATA = RAM_PA + 0x9_0000;

function rigOf(limits?: RngLimits, layout?: VirtioLayout): Rig {
  const rig = new Rig(new Rng(limits), layout);
  rig.size = 8;
  return rig;
}

function started(limits?: RngLimits, layout?: VirtioLayout): Rig {
  const rig = rigOf(limits, layout);
  rig.start();
  return rig;
}

/** Asks for `length` bytes and returns how many came at once; undefined when the request waits. */
function ask(rig: Rig, length: number): number | undefined {
  rig.put([{ pa: DATA, length, write: true }]);
  rig.notify();
  return rig.take()?.length;
}

function bytesAt(rig: Rig, pa: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  rig.memory.read(pa, bytes);
  return bytes;
}

describe.each(["legacy", "modern"] as const)("an entropy device on %s registers", (layout) => {
  test("is one, and fills all of a buffer, and nothing beside it", () => {
    const rig = started({}, layout);
    expect(rig.slot.load(8, 4)).toBe(4);
    expect(ask(rig, 100)).toBe(100);
    const bytes = bytesAt(rig, DATA, 108);
    expect(new Set(bytes.subarray(0, 100)).size).toBeGreaterThan(50);
    expect([...bytes.subarray(100)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
    expect(rig.line.level).toBe(true);
  });

  test("gives the bytes of the machine's entropy, one after another", () => {
    const [one, two] = [started({}, layout), started({}, layout)];
    ask(one, 64);
    ask(two, 24);
    const first = bytesAt(two, DATA, 24);
    ask(two, 40);
    expect([...first, ...bytesAt(two, DATA, 40)]).toEqual([...bytesAt(one, DATA, 64)]);
  });
});

test("a buffer that is too large is filled in part", () => {
  const rig = started();
  rig.put([
    { pa: RAM_PA + 0x8_0000, length: 0x7_0000, write: true },
    { pa: RAM_PA + 0x8_0000, length: 0x7_0000, write: true },
  ]);
  rig.notify();
  expect(rig.take()?.length).toBe(2 ** 16);
});

describe("a limit", () => {
  test("cuts a request short, and has the next one wait for the end of the period", () => {
    const rig = started({ maxBytes: 100, period: 50 });
    rig.clock.now = 1000n;
    expect(ask(rig, 70)).toBe(70);
    rig.clock.now = 2000n;
    expect(ask(rig, 70)).toBe(30);
    expect(ask(rig, 70)).toBeUndefined();
    expect(rig.slot.nextDeadline!()).toBe(1000n + 500_000n);
    rig.slot.update!();
    expect(rig.take()).toBeUndefined();
    rig.clock.now = 501_000n;
    rig.slot.update!();
    expect(rig.take()?.length).toBe(70);
    expect(rig.slot.nextDeadline!()).toBeUndefined();
  });

  test("is not lifted by a reset", () => {
    const rig = started({ maxBytes: 10 });
    ask(rig, 10);
    rig.start();
    expect(ask(rig, 10)).toBeUndefined();
  });

  test("and what waits for it are saved", () => {
    const rig = started({ maxBytes: 10, period: 1 });
    ask(rig, 8);
    ask(rig, 2);
    ask(rig, 5);
    const saved = rig.slot.save();
    const other = started({ maxBytes: 10, period: 1 });
    other.ram.set(rig.ram);
    other.slot.restore(saved);
    expect(other.slot.save()).toEqual(saved);
    other.clock.now = 10_000n;
    other.slot.update!();
    expect(other.slot.nextDeadline!()).toBeUndefined();
    expect(other.slot.save()).not.toEqual(saved);
  });
});

test("whatever a driver writes, nothing is thrown and nothing outside RAM is touched", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const limits = seed % 2 ? {} : { maxBytes: 500, period: 1 };
    await hostileQueue(seed, () => rigOf(limits, seed % 3 ? "modern" : "legacy"));
  }
});
