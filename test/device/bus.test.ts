import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Bus } from "../../src/device/bus.ts";
import type { AccessSize, Device, Word64 } from "../../src/device/device.ts";

/** Remembers accesses; loads give the offset. */
class Probe implements Device {
  readonly log: string[] = [];
  readonly name: string;
  readonly size: number;
  readonly access: { min: AccessSize; max: AccessSize };
  load64?(offset: number, into: Word64): void;
  store64?(offset: number, low: number, high: number): void;

  constructor(name: string, size: number, min: AccessSize = 1, max: AccessSize = 8) {
    this.name = name;
    this.size = size;
    this.access = { min, max };
  }

  load(offset: number, size: number): number {
    this.log.push(`load${size} ${offset}`);
    return offset;
  }

  store(offset: number, value: number, size: number): void {
    this.log.push(`store${size} ${offset} ${value.toString(16)}`);
  }

  reset(): void {}

  save(): Record<string, unknown> {
    return {};
  }

  restore(): void {}
}

function busWith(...devices: [number, Device][]): Bus {
  const bus = new Bus();
  for (const [pa, device] of devices) bus.attach(pa, device);
  return bus;
}

describe("decoding", () => {
  test("an access reaches the device with its offset", () => {
    const bus = busWith([0x1000, new Probe("a", 0x100)], [0x8000_0000, new Probe("b", 0x100)]);
    expect(bus.load(0x8000_0010, 4)).toBe(true);
    expect(bus.data).toEqual({ low: 0x10, high: 0 });
  });

  test("an address without a device is refused and counted", () => {
    const bus = busWith([0x1000, new Probe("a", 0x100)]);
    expect([bus.load(0xfff, 1), bus.load(0x1100, 1), bus.store(0, 8)]).toEqual([false, false, false]);
    expect(bus.faults).toBe(3);
  });

  test("exactly the addresses inside a region decode, in any order of attachment", () => {
    const regions = [0x5000, 0x1000, 0x3000, 0x7000].map((pa) => [pa, new Probe(`${pa}`, 0x800)] as [number, Device]);
    const bus = busWith(...regions);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x9000 }), (pa) => {
        const inside = regions.some(([start]) => pa >= start && pa < start + 0x800);
        return bus.load(pa, 1) === inside;
      }),
    );
  });

  test("overlapping devices are refused", () => {
    const bus = busWith([0x1000, new Probe("a", 0x100)]);
    const attach = () => bus.attach(0x10ff, new Probe("b", 1));
    expect(attach).toThrow(expect.objectContaining({ code: "bus-overlap" }));
    bus.attach(0x1100, new Probe("c", 1));
  });
});

describe("sizes", () => {
  test("a size outside the device's range is a fault and does not reach it", () => {
    const probe = new Probe("a", 0x100, 2, 4);
    const bus = busWith([0, probe]);
    expect([1, 2, 4, 8].map((size) => bus.load(0, size))).toEqual([false, true, true, false]);
    expect(probe.log).toEqual(["load2 0", "load4 0"]);
  });

  test("a misaligned access is a fault", () => {
    const bus = busWith([0, new Probe("a", 0x100)]);
    expect([bus.load(2, 4), bus.load(4, 8), bus.store(1, 2), bus.load(3, 1)]).toEqual([false, false, false, true]);
  });

  test("an access that reaches beyond the region is a fault", () => {
    expect(busWith([0, new Probe("a", 6)]).load(4, 4)).toBe(false);
  });

  test("8 bytes become two accesses of 4, low half first", () => {
    const probe = new Probe("a", 0x100);
    const bus = busWith([0, probe]);
    bus.load(8, 8);
    expect(bus.data).toEqual({ low: 8, high: 12 });
    Object.assign(bus.data, { low: 0x1111, high: 0x2222 });
    bus.store(8, 8);
    expect(probe.log).toEqual(["load4 8", "load4 12", "store4 8 1111", "store4 12 2222"]);
  });

  test("a device that takes 8 bytes gets them at once", () => {
    const probe = new Probe("a", 0x100);
    probe.load64 = (offset, into) => Object.assign(into, { low: offset, high: 7 });
    probe.store64 = (offset, low, high) => probe.log.push(`store8 ${offset} ${low} ${high}`);
    const bus = busWith([0, probe]);
    bus.load(16, 8);
    expect(bus.data).toEqual({ low: 16, high: 7 });
    bus.store(16, 8);
    expect(probe.log).toEqual(["store8 16 16 7"]);
  });

  test("values reach the device unsigned and cut to their size", () => {
    const probe = new Probe("a", 0x100);
    const bus = busWith([0, probe]);
    bus.data.low = -1;
    for (const size of [1, 2, 4]) bus.store(0, size);
    expect(probe.log).toEqual(["store1 0 ff", "store2 0 ffff", "store4 0 ffffffff"]);
  });
});

test("a device that throws is a fault, counted and kept for people", () => {
  const broken = new Probe("a", 8);
  const error = new Error("bug");
  broken.load = () => {
    throw error;
  };
  const bus = busWith([0, broken]);
  expect(bus.load(0, 4)).toBe(false);
  expect(bus.deviceErrors).toBe(1);
  expect(bus.lastDeviceError).toBe(error);
});
