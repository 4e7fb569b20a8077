import { expect, test } from "vitest";
import { VmGenId } from "../../src/device/vmgenid.ts";
import { failureOf } from "../support/failure.ts";

const ID = Uint8Array.from({ length: 16 }, (_, index) => 0xf0 + index);

function rig() {
  const levels: boolean[] = [];
  return { levels, device: new VmGenId(ID, { set: (level) => levels.push(level) }) };
}

test("the ID is read in pieces of any size, and not written", () => {
  const { device } = rig();
  expect([device.load(0, 1), device.load(15, 1)]).toEqual([0xf0, 0xff]);
  expect([device.load(2, 2), device.load(4, 4)]).toEqual([0xf3f2, 0xf7f6f5f4]);
  device.store();
  expect(device.generation).toEqual(ID);
});

test("a new ID interrupts once; a reset keeps it", () => {
  const { device, levels } = rig();
  device.renew(new Uint8Array(16));
  expect(levels).toEqual([true, false]);
  device.reset();
  expect([device.load(0, 4), levels]).toEqual([0, [true, false, false]]);
});

test("its state is 16 bytes", async () => {
  const { device } = rig();
  const state = device.save();
  device.renew(new Uint8Array(16));
  device.restore(state);
  expect(device.generation).toEqual(ID);
  expect(await failureOf(() => device.restore({ id: [1] }))).toMatchObject({ code: "device-state" });
  expect(device.generation).toEqual(ID);
});
