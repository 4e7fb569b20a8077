import { describe, expect, test } from "vitest";
import { balloonRig, fuzzBalloon } from "./balloon-fuzz.ts";
import { RAM_PA, type Rig } from "./driver.ts";

const DATA = RAM_PA + 0x8_0000;
const FIRST = RAM_PA / 4096;

function started(layout: "legacy" | "modern" = "modern", features = {}, without: readonly number[] = [34]) {
  const made = balloonRig(layout, { deflateOnOom: true, freePageReporting: true, ...features });
  made.rig.start({ queues: 5, without });
  return made;
}

async function inflate(rig: Rig, numbers: readonly number[], queue = 0): Promise<void> {
  numbers.forEach((number, index) => rig.memory.store32(DATA + 4 * index, number));
  rig.put([{ pa: DATA, length: 4 * numbers.length }], undefined, queue);
  rig.notify(queue);
  await rig.arrivals.settle();
}

function say(rig: Rig, statistics: readonly (readonly [tag: number, value: bigint])[], pa = DATA): void {
  statistics.forEach(([tag, value], index) => {
    rig.memory.store16(pa + 10 * index, tag);
    rig.memory.store64(pa + 10 * index + 2, value);
  });
  rig.put([{ pa, length: 10 * statistics.length }], undefined, 2);
  rig.notify(2);
}

describe.each(["legacy", "modern"] as const)("a balloon on %s registers", (layout) => {
  test("offers what was asked for, and tells its driver the target", () => {
    const { rig, balloon } = started(layout);
    expect(rig.slot.load(8, 4)).toBe(5);
    expect(rig.features() & 0x3fn).toBe(0b10_0110n);
    balloon.setTarget(300);
    expect(rig.slot.load(0x100, 4)).toBe(300);
    // A change of the configuration.
    expect(rig.slot.load(0x60, 4) & 2).toBe(2);
    rig.slot.store(0x104, 200, 4);
    expect(balloon.actual).toBe(200);
    expect(balloonRig(layout, { deflateOnOom: false, freePageReporting: false }).rig.features() & 0x3fn).toBe(2n);
  });

  test("gives inflated pages back, at rest, and not those that are none", async () => {
    const { rig, discarded } = started(layout);
    rig.memory.store32(DATA, FIRST + 3);
    rig.put([{ pa: DATA, length: 4 }]);
    rig.notify();
    expect([discarded, rig.take()]).toEqual([[], undefined]);
    await rig.arrivals.settle();
    expect([discarded, rig.take()?.length]).toEqual([[3], 0]);
    await inflate(rig, [FIRST + 255, FIRST + 256, FIRST - 1, 0, 0xffff_ffff, FIRST]);
    expect(discarded).toEqual([3, 255, 0]);
    await inflate(rig, [FIRST + 3], 1);
    expect(discarded).toEqual([3, 255, 0]);
    expect(rig.take(1)).toBeDefined();
  });
});

test("reported pages are given back whole, on whatever number the driver has its queue", async () => {
  for (const [queue, without] of [
    [3, [34]],
    [4, [34]],
    [2, [1, 34]],
  ] as const) {
    const { rig, discarded, balloon } = started("modern", {}, without);
    rig.put(
      [
        { pa: RAM_PA + 0x1_0100, length: 0x3000, write: true },
        { pa: RAM_PA + 0x4_0000, length: 0x2000, write: true },
      ],
      undefined,
      queue,
    );
    rig.notify(queue);
    await rig.arrivals.settle();
    expect(discarded).toEqual([0x11, 0x12, 0x40, 0x41]);
    expect(balloon.reported).toBe(4);
    expect(rig.take(queue)).toBeDefined();
  }
});

test("without reporting nothing that lies in those queues is given back", async () => {
  const { rig, discarded } = started("modern", { freePageReporting: false });
  rig.put([{ pa: RAM_PA, length: 0x3000, write: true }], undefined, 3);
  rig.notify(3);
  await rig.arrivals.settle();
  expect(discarded).toEqual([]);
  expect(rig.take(3)).toBeDefined();
});

test("statistics are held until others are wanted", async () => {
  const { rig, balloon } = started();
  expect(balloon.statistics).toBeUndefined();
  let told = 0;
  balloon.onStatistics = () => told++;
  say(rig, [
    [4, 1000n],
    [5, 2n ** 33n],
    [99, 7n],
    [6, 2n ** 64n - 1n],
  ]);
  await rig.arrivals.settle();
  expect([balloon.statistics, rig.take(2), told]).toEqual([{ freeBytes: 1000, totalBytes: 2 ** 33 }, undefined, 1]);
  expect(balloon.askStatistics()).toBe(true);
  expect(rig.take(2)).toBeDefined();
  say(rig, [[4, 900n]]);
  await rig.arrivals.settle();
  expect([balloon.statistics, told]).toEqual([{ freeBytes: 900 }, 2]);
});

test("a chain that is being worked on goes on in a restored state", async () => {
  const { rig } = started();
  const numbers = Array.from({ length: 200 }, (_, index) => FIRST + index);
  numbers.forEach((number, index) => rig.memory.store32(DATA + 4 * index, number));
  rig.put([{ pa: DATA, length: 800 }]);
  rig.notify();
  const state = rig.slot.save();
  const other = started();
  other.rig.ram.set(rig.ram);
  other.rig.slot.restore(state);
  await other.rig.arrivals.settle();
  // Nobody has told the device of it since it was restored.
  other.rig.notify();
  await other.rig.arrivals.settle();
  expect(other.discarded.length).toBe(200);
});

test("a chain as long as all of RAM, many times over, comes to an end in steps", async () => {
  const { rig, discarded } = started();
  rig.memory.fill(DATA, 0x1_0000, 0);
  for (let at = 0; at < 0x1_0000; at += 4) rig.memory.store32(DATA + at, FIRST);
  rig.put(Array.from({ length: 8 }, () => ({ pa: DATA, length: 0x1_0000 })));
  rig.notify();
  await rig.arrivals.settle();
  expect(discarded.length).toBe(256);
  expect(rig.take()).toBeDefined();
});

test("drivers that break every rule do no harm", async () => {
  for (let seed = 1; seed <= 150; seed++) await fuzzBalloon(seed);
});
