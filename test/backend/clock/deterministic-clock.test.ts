import { expect, test } from "vitest";
import { DeterministicClock } from "../../../src/backend/clock/deterministic-clock.ts";

function rig() {
  const guest = { instructions: 0n };
  const clock = new DeterministicClock({
    instructions: () => guest.instructions,
    instructionsPerTick: 100,
    epochNanoseconds: 5n,
  });
  return { guest, clock };
}

test("ticks follow instructions", () => {
  const { guest, clock } = rig();
  guest.instructions = 1299n;
  expect([clock.ticks(), clock.wallNanoseconds()]).toEqual([12n, 1205n]);
});

test("skipping moves time on to a deadline and never back", () => {
  const { guest, clock } = rig();
  guest.instructions = 500n;
  clock.skipTo(1000n);
  clock.skipTo(7n);
  expect(clock.ticks()).toBe(1000n);
  guest.instructions = 600n;
  expect(clock.ticks()).toBe(1001n);
});

test("the budget to a deadline ends exactly there", () => {
  const { guest, clock } = rig();
  guest.instructions = 55n;
  clock.skipTo(20n);
  const budget = clock.instructionsUntil(30n);
  guest.instructions += budget - 1n;
  expect(clock.ticks()).toBe(29n);
  guest.instructions += 1n;
  expect([clock.ticks(), clock.instructionsUntil(30n)]).toEqual([30n, 0n]);
});
