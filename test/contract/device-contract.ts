/** What every device must keep to; each implementation passes this one suite. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Bus } from "../../src/device/bus.ts";
import type { Device } from "../../src/device/device.ts";
import type { TableDevice } from "../../src/device/state.ts";

/** A device fresh from power-on; each call makes a new one, of the same kind and over the same clock. */
export type MakeDevice = () => TableDevice;

interface Operation {
  readonly store: boolean;
  readonly offset: number;
  readonly size: number;
  readonly low: number;
  readonly high: number;
}

const operation: fc.Arbitrary<Operation> = fc.record({
  store: fc.boolean(),
  /** Most of a device's registers lie at its beginning; some at its end. */
  offset: fc.oneof(fc.nat(0x40), fc.nat(0x3000), fc.nat(0x60_0000)),
  size: fc.constantFrom(1, 2, 4, 8),
  low: fc.oneof(fc.nat(0xff), fc.nat(0xffff_ffff)),
  high: fc.nat(0xffff_ffff),
});

/** Carries them out on a device of `size` bytes at 0; false when a value was not unsigned or the device threw. */
function perform(bus: Bus, size: number, operations: readonly Operation[]): boolean {
  for (const { store, offset, size: bytes, low, high } of operations) {
    const pa = (offset % size) - ((offset % size) % bytes);
    Object.assign(bus.data, { low, high });
    if (store) bus.store(pa, bytes);
    else bus.load(pa, bytes);
    if (bus.data.low !== bus.data.low >>> 0 || bus.data.high !== bus.data.high >>> 0) return false;
  }
  return bus.deviceErrors === 0;
}

function busOf(device: Device): Bus {
  const bus = new Bus();
  bus.attach(0, device);
  return bus;
}

/** Runs the suite. */
export function deviceContract(name: string, make: MakeDevice): void {
  describe(`${name} as a device`, () => {
    test("no access makes it throw or give a value that is not unsigned", () => {
      fc.assert(
        fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
          const device = make();
          return perform(busOf(device), device.size, operations);
        }),
      );
    });

    test("save, restore into a new one, save gives the same state", () => {
      fc.assert(
        fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
          const device = make();
          perform(busOf(device), device.size, operations);
          const saved = device.table.encode(device.save());
          const other = make();
          other.restore(other.table.decode(saved));
          expect(other.table.encode(other.save())).toEqual(saved);
        }),
      );
    });

    test("a restored device answers as the saved one does", () => {
      fc.assert(
        fc.property(fc.array(operation, { maxLength: 40 }), fc.array(operation, { maxLength: 40 }), (before, after) => {
          const device = make();
          perform(busOf(device), device.size, before);
          const other = make();
          other.restore(other.table.decode(device.table.encode(device.save())));
          perform(busOf(device), device.size, after);
          perform(busOf(other), device.size, after);
          expect(other.save()).toEqual(device.save());
        }),
      );
    });

    test("a state that is none is refused and changes nothing", () => {
      const device = make();
      const saved = device.save();
      for (const state of [undefined, null, 7, "x"]) {
        expect(() => device.restore(state)).toThrow(expect.objectContaining({ code: "device-state" }));
      }
      expect(device.save()).toEqual(saved);
    });

    test("a state with one entry damaged is refused and changes nothing", () => {
      const device = make();
      const saved = device.save();
      for (const key of Object.keys(saved)) {
        for (const damage of [undefined, -1, 1.5, "x", [-1], {}, -1n, 2n ** 64n]) {
          if (damage === undefined && device.table.check({ ...saved, [key]: saved[key] })[key] === undefined) continue;
          const other = make();
          expect(() => other.restore({ ...saved, [key]: damage })).toThrow(
            expect.objectContaining({ code: "device-state" }),
          );
          expect(other.save()).toEqual(make().save());
        }
      }
    });
  });
}
