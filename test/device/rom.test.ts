import { expect, test } from "vitest";
import { Rom } from "../../src/device/rom.ts";

test("loads are little-endian, of any size", () => {
  const rom = new Rom("mrom", 16);
  rom.bytes.set([0x11, 0x22, 0x33, 0x44, 0xff]);
  expect([rom.load(0, 1), rom.load(0, 2), rom.load(0, 4), rom.load(4, 4)]).toEqual([0x11, 0x2211, 0x4433_2211, 0xff]);
});

test("stores are ignored", () => {
  const rom = new Rom("mrom", 16);
  rom.store();
  expect(rom.load(0, 4)).toBe(0);
});

test("a restored ROM has no bytes of its former self", () => {
  const rom = new Rom("mrom", 16);
  rom.bytes.fill(9);
  rom.restore({ bytes: Uint8Array.of(1, 2) });
  expect([...rom.bytes]).toEqual([1, 2, ...new Array<number>(14).fill(0)]);
});
