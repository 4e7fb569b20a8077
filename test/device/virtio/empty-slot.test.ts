import { expect, test } from "vitest";
import { EmptyVirtioSlot } from "../../../src/device/virtio/empty-slot.ts";

test("an empty slot identifies itself and says that there is no device", () => {
  const slot = new EmptyVirtioSlot(3);
  expect([0, 4, 8, 12].map((offset) => slot.load(offset, 4))).toEqual([0x7472_6976, 1, 0, 0x554d_4551]);
});

test("an empty slot has the version of the others", () => {
  expect(new EmptyVirtioSlot(0, "modern").load(4, 4)).toBe(2);
});

test("everything else reads zero", () => {
  const slot = new EmptyVirtioSlot(0);
  for (let offset = 16; offset < slot.size; offset += 4) expect(slot.load(offset, 4)).toBe(0);
});

test("narrow loads give the low bytes of the register", () => {
  const slot = new EmptyVirtioSlot(0);
  expect([slot.load(0, 1), slot.load(0, 2)]).toEqual([0x76, 0x6976]);
});
