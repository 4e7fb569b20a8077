import { expect, test } from "vitest";
import { SunxiWdt } from "../../src/device/sunxi-wdt.ts";
import { Host } from "../../src/index.ts";
import { failureOf } from "../support/failure.ts";
import { flatGuest } from "../support/guest.ts";

const SECOND = 10_000_000n;
const [STATUS, CONTROL, CONFIGURATION, MODE] = [0x04, 0x10, 0x14, 0x18];
const KEY = 0x16aa_0000;
const RESTART = (0xa57 << 1) | 1;

function rig() {
  const at = { ticks: 0n, expired: 0 };
  const clock = { ticks: () => at.ticks, wallNanoseconds: () => 0n };
  const device = new SunxiWdt(clock, () => at.expired++);
  const pass = (ticks: bigint) => {
    at.ticks += ticks;
    device.update();
  };
  return { at, device, pass };
}

test("it runs out after the time that was set, unless it is restarted, and once", () => {
  const { at, device, pass } = rig();
  // As Linux does it: 8 seconds are number 7.
  device.store(MODE, KEY | 0x70);
  device.store(CONTROL, RESTART);
  expect(device.nextDeadline()).toBeUndefined();
  device.store(CONFIGURATION, KEY | 1);
  device.store(MODE, KEY | 0x71);
  expect([device.load(MODE), device.nextDeadline()]).toEqual([0x71, 8n * SECOND]);
  for (let times = 0; times < 3; times++) {
    pass(7n * SECOND);
    device.store(CONTROL, RESTART);
  }
  pass(8n * SECOND - 1n);
  expect([at.expired, device.load(STATUS)]).toEqual([0, 0]);
  pass(1n);
  pass(100n * SECOND);
  expect([at.expired, device.load(STATUS), device.nextDeadline()]).toEqual([1, 1, undefined]);
  device.store(STATUS, 1);
  expect(device.load(STATUS)).toBe(0);
});

test("stores without the key, and other words than the one that restarts it, change nothing", () => {
  const { at, device, pass } = rig();
  device.store(MODE, 0x11);
  expect(device.nextDeadline()).toBeUndefined();
  device.store(MODE, KEY | 0x11);
  device.store(MODE, 0);
  device.store(CONFIGURATION, 2);
  device.store(CONTROL, 1);
  pass(SECOND);
  expect(at.expired).toBe(1);
});

test("stopped, reset, or told to do nothing, it lets the guest be", () => {
  const { at, device, pass } = rig();
  device.store(MODE, KEY | 0x11);
  device.store(MODE, KEY);
  pass(20n * SECOND);
  device.store(MODE, KEY | 0x11);
  device.reset();
  pass(20n * SECOND);
  device.store(CONFIGURATION, KEY | 2);
  device.store(MODE, KEY | 0xf1);
  expect(device.nextDeadline()).toBe(at.ticks + 16n * SECOND);
  pass(20n * SECOND);
  expect([at.expired, device.load(STATUS)]).toEqual([0, 1]);
});

test("its state goes on where it was", async () => {
  const { at, device, pass } = rig();
  device.store(MODE, KEY | 0x31);
  const state = device.save();
  device.reset();
  device.restore(state);
  pass(3n * SECOND);
  expect(at.expired).toBe(1);
  expect(await failureOf(() => device.restore({ ...state, mode: 2 }))).toMatchObject({ code: "device-state" });
});

test.each([false, true])("a guest that lets it run out fails, in a restored VM too (%s)", async (isRestored) => {
  using host = await Host.create();
  const kernel = flatGuest(`
  li s0, 0x103000
  li t0, 0x16aa0011
  sw t0, 24(s0)
wait: wfi
  j wait`);
  const config = { memory: "2M", bios: "none", kernel, clock: "deterministic", watchdogTimer: true } as const;
  const first = await host.createVm(config);
  first.step(0, 10);
  const stream = first.snapshot() as ReadableStream<Uint8Array<ArrayBuffer>>;
  const vm = isRestored ? await host.restore(new Uint8Array(await new Response(stream).arrayBuffer())) : first;
  vm.start();
  const { reason, error } = await vm.exited;
  expect([reason, (error as Error).message]).toEqual(["hang", expect.stringContaining("watchdog timer")]);
});
