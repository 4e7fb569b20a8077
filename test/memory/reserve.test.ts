/** Whether RAM says rightly, before it is cleared, which pages could be written afterwards. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTestMachine, RAM_PA, type TestMachine } from "../support/core.ts";

const PAGE = 4096;
const PAGES = 8;
const MIB = 2 ** 20;

const side = fc.nat(2);
const page = fc.nat(PAGES - 1);
/** Few values, so that pages are often equal. */
const value = fc.nat(2);

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant("write" as const), side, page, value }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("share" as const), side, page, from: side, fromPage: page }) },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("copy" as const), side, page, from: side, fromPage: page }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("break" as const), side, page }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("clear" as const), side }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("track" as const), side }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("fill" as const), free: fc.nat(6) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Frames that others hold: all that the host has, but for a few. */
class Hog {
  readonly #machine: TestMachine;
  #held: (() => void)[] = [];

  constructor(machine: TestMachine) {
    this.#machine = machine;
  }

  fill(free: number): void {
    const { pool } = this.#machine.core;
    for (let one = pool.reserve(1); one !== undefined; one = pool.reserve(1)) this.#held.push(one);
    for (const giveBack of this.#held.splice(0, free)) giveBack();
  }
}

const write = ({ ram }: TestMachine, at: number, byte: number): boolean =>
  ram.write(RAM_PA + at * PAGE, new Uint8Array(PAGE).fill(byte));

function perform(machines: readonly TestMachine[], hog: Hog, step: Step): void {
  if (step.what === "fill") return hog.fill(step.free);
  const machine = machines[step.side]!;
  const { ram } = machine.space;
  switch (step.what) {
    case "write":
      write(machine, step.page, step.value);
      return;
    case "share":
      ram.share(step.page, machines[step.from]!.space.ram, step.fromPage);
      return;
    case "copy":
      ram.copyFrom(step.page, machines[step.from]!.space.ram, step.fromPage);
      return;
    case "break":
      ram.breakSharing(step.page, 1);
      return;
    case "clear":
      return ram.clear();
    case "track":
      try {
        ram.trackStores();
      } catch {
        // There is no room for its table.
      }
  }
}

/** All that must be as it was: where each page lies and how often its frame is used, and what is given out. */
function snapshot(machines: readonly TestMachine[]): unknown {
  const { core, memory } = machines[0]!;
  const pages = machines.map(({ space: { ram } }) =>
    Array.from({ length: PAGES }, (_, at) => [ram.frame(at), ram.touched(at), core.pool.frames.count(ram.frame(at))]),
  );
  return [pages, memory.allocatedBytes, core.pool.statistics(), machines.map(({ ram }) => ramBytes(ram))];
}

function ramBytes(ram: TestMachine["ram"]): number[] {
  return Array.from({ length: PAGES }, (_, at) => ram.load8(RAM_PA + at * PAGE)!);
}

describe("reserving for pages", () => {
  test("succeeds exactly when all of them can be written after RAM has been cleared, and changes nothing", async () => {
    let [held, refused] = [0, 0];
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.nat(4),
        fc.array(step, { maxLength: 8 }),
        side,
        fc.subarray(Array.from({ length: PAGES }, (_, at) => at)),
        async (steps, free, more, which, pages) => {
          const options = { ram: PAGES * PAGE, codePages: 1, maxMemory: 4 * MIB };
          const first = await createTestMachine(options);
          const beside = await createTestMachine({ ...options, beside: first });
          const scattered = await createTestMachine({ ...options, beside: first, ramLimit: PAGES * PAGE });
          const machines = [first, beside, scattered];
          const hog = new Hog(first);
          for (const one of steps) perform(machines, hog, one);
          hog.fill(free);
          for (const one of more) perform(machines, hog, one);
          const { space } = machines[which]!;
          const before = snapshot(machines);
          const giveBack = space.ram.reserveFor(Uint32Array.from(pages));
          giveBack?.();
          expect(snapshot(machines)).toEqual(before);
          if (giveBack === undefined) refused++;
          else held++;
          space.ram.clear();
          expect(pages.every((at) => write(machines[which]!, at, 7))).toBe(giveBack !== undefined);
        },
      ),
      { numRuns: Number(process.env.RESERVE_RUNS ?? 300) },
    );
    expect([held > 10, refused > 10]).toEqual([true, true]);
  });
});
