import { expect, test } from "vitest";
import { SifiveTest } from "../../src/device/sifive-test.ts";
import type { PowerEvent } from "../../src/device/sifive-test.ts";

function stores(...accesses: [offset: number, value: number][]): PowerEvent[] {
  const events: PowerEvent[] = [];
  const device = new SifiveTest((event) => events.push(event));
  for (const [offset, value] of accesses) device.store(offset, value);
  return events;
}

test("0x5555 is success, whatever the high half", () => {
  expect(stores([0, 0x5555], [0, 0x9_5555])).toEqual([
    { kind: "poweroff", code: 0 },
    { kind: "poweroff", code: 0 },
  ]);
});

test("0x3333 is failure with the high half as its code", () => {
  expect(stores([0, 0x0017_3333], [0, 0xffff_3333])).toEqual([
    { kind: "poweroff", code: 0x17 },
    { kind: "poweroff", code: 0xffff },
  ]);
});

test("0x7777 is a reset", () => {
  expect(stores([0, 0x7777])).toEqual([{ kind: "reset" }]);
});

test("anything else, anywhere else, is ignored", () => {
  expect(stores([0, 0], [0, 0x1234], [4, 0x5555], [0xffc, 0x7777])).toEqual([]);
});

test("it reads zero", () => {
  expect(new SifiveTest(() => undefined).load()).toBe(0);
});
