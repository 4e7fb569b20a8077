/** The engine that translates everything does not translate the same things again and again when they do not all fit. */

import { expect, test } from "vitest";
import { VmField } from "../../assembly/state/layout.ts";
import { Engine } from "../../assembly/shared/constants.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { createTestMachine, RAM_PA } from "../support/core.ts";

const FUNCTIONS = 64;
const STEPS = 2_000_000;

/** Goes through all functions for ever, with a fence that lets what was given up be tried anew; they are too far away to be inlined. */
const source = `
  again:
  fence.i
  ${Array.from({ length: FUNCTIONS }, (_, i) => `la t3, far${i}\njalr ra, 0(t3)`).join("\n")}
  j again
  ${Array.from({ length: FUNCTIONS }, (_, i) => `far${i}:\naddi a0, a0, ${i}\n.word 0x00000013\nret`).join("\n")}`;

async function run(regions: number): Promise<{ translated: number; thrownAway: number }> {
  const machine = await createTestMachine({ engine: Engine.TRANSLATE, translator: { regions } });
  machine.load(assemble(source, BigInt(RAM_PA)));
  const hart = machine.hart();
  for (let done = 0; done < STEPS; done += 10_000) hart.run(10_000);
  expect(hart.instret).toBe(BigInt(STEPS));
  const { vm } = machine.space;
  return { translated: vm.count(VmField.countRegion), thrownAway: vm.count(VmField.countEvicted) };
}

test("with room for all, each region is translated once", async () => {
  const { translated, thrownAway } = await run(1024);
  expect(translated).toBeLessThan(5 * FUNCTIONS);
  expect(thrownAway).toBe(0);
});

test("with room for a quarter, hardly more than that is thrown away a few times", async () => {
  const { translated, thrownAway } = await run(FUNCTIONS / 4);
  expect(thrownAway).toBeGreaterThan(0);
  // A round of the program takes some 400 steps: each would throw away four times the budget.
  expect(translated).toBeLessThan(8 * FUNCTIONS);
});
