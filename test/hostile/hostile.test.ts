/** A minute of hostile programs; `npm run fuzz -- hostile` has all of them. */

import { beforeAll, describe, expect, test } from "vitest";
import { Engine } from "../../assembly/shared/constants.ts";
import { Farm } from "./farm.ts";
import { check, search } from "./hostile.ts";
import { hostileProgram } from "./program.ts";
import { runsStaleCode } from "./stale.ts";

/** Seeds that went wrong once, and why. */
const KNOWN: readonly (readonly [seed: number, why: string])[] = [
  [120, "PMP narrowed by pmpaddr alone"],
  [1_081_612, "an illegal instruction in translated code, and the page of the one before marked as accessed"],
  [
    20_375,
    "an interpreted callee came back to its caller just as it got hot, and an interrupt that was due came an instruction late",
  ],
];

const PART = 60;
const PARTS = 6;

let farm: Farm;

beforeAll(async () => {
  farm = await Farm.create();
});

describe("hostile programs do the same on all engines, and nothing to their neighbours", () => {
  const parts = Array.from({ length: PARTS }, (_, i) => 1 + i * PART);
  test.each(parts)(`seeds from %i on`, (first) => {
    expect(search(farm, first, PART)).toBeUndefined();
  });

  test.each(KNOWN)("seed %i, which has gone wrong: %s", (seed) => {
    expect(check(farm, hostileProgram(seed))).toEqual([]);
  });

  test("much of that is translated, and thrown away again", () => {
    for (const machine of farm.machines.filter(({ engine }) => engine >= Engine.TRANSLATE)) {
      let translated = 0;
      let evicted = 0;
      for (let seed = 1; seed < 30; seed++) {
        check(farm, hostileProgram(seed));
        const counters = farm.counters(machine);
        translated += counters.translated;
        evicted += counters.evicted;
        farm.clearCounters(machine);
      }
      expect(translated).toBeGreaterThan(30_000);
      expect(evicted).toBeGreaterThan(100);
    }
  });
});

test("a program that runs changed code without a fence is told from the others", () => {
  expect(runsStaleCode(farm, hostileProgram(1_017_131))).toBe(true);
  const stale = Array.from({ length: 40 }, (_, i) => hostileProgram(i)).filter(
    (program) => !program.unfenced && runsStaleCode(farm, program),
  );
  expect(stale).toEqual([]);
});

test("a program is the same each time", () => {
  expect(hostileProgram(7)).toEqual(hostileProgram(7));
});

test("a byte that a neighbour loses is noticed", () => {
  farm.spoil();
  expect(farm.damage()).toHaveLength(1);
});
