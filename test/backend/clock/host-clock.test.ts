import { expect, test } from "vitest";
import { HostClock } from "../../../src/backend/clock/host-clock.ts";

function rig() {
  const host = { now: 500, wallNow: 1_700_000_000_000 };
  return { host, clock: new HostClock({ monotonic: () => host.now, wall: () => host.wallNow }) };
}

test("a millisecond is 10000 ticks", () => {
  const { host, clock } = rig();
  host.now += 2.5;
  expect(clock.ticks()).toBe(25_000n);
});

test("wall time is the host's, in nanoseconds", () => {
  const { host, clock } = rig();
  host.wallNow += 0.25;
  expect(clock.wallNanoseconds()).toBe(1_700_000_000_000_250_000n);
});

test("ticks stand still while paused and leave the pause out afterwards", () => {
  const { host, clock } = rig();
  host.now += 1;
  clock.pause();
  host.now += 100;
  clock.pause();
  expect(clock.ticks()).toBe(10_000n);
  clock.resume();
  expect(clock.ticks()).toBe(10_000n);
  host.now += 1;
  clock.resume();
  expect(clock.ticks()).toBe(20_000n);
});
