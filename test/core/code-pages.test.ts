/** VMs of a host take their decoded pages from one pool, and each executes its own code. */

import { expect, test } from "vitest";
import { VmField } from "../../assembly/state/layout.ts";
import { CodePage, Engine } from "../../assembly/shared/constants.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { createTestMachine, RAM_PA, type TestMachine } from "../support/core.ts";

const PAGES = 3;

/** Adds `step` to a0 in each of eight pages, for ever. */
function load(machine: TestMachine, step: number): void {
  for (let page = 0; page < 8; page++) {
    const at = RAM_PA + page * 4096;
    const next = page === 7 ? RAM_PA : at + 4096;
    machine.load(assemble(`addi a0, a0, ${step}\nli t0, ${next}\njr t0`, BigInt(at)), at);
  }
}

function ran(machine: TestMachine, step: number): bigint {
  const hart = machine.hart();
  const before = hart.x(10);
  hart.run(6000);
  expect(hart.x(10) % BigInt(step)).toBe(0n);
  return hart.x(10) - before;
}

test.each([Engine.PREDECODE, Engine.TIERED, Engine.TRANSLATE])(
  "each executes its own code, whoever evicts whose pages, engine %i",
  async (engine) => {
    const options = { engine, codePages: PAGES };
    const first = await createTestMachine(options);
    const second = await createTestMachine({ ...options, beside: first });
    const third = await createTestMachine({ ...options, beside: first });
    expect(second.space.vm.u32(VmField.codePages)).toBe(first.space.vm.u32(VmField.codePages));
    [first, second, third].forEach((machine, index) => load(machine, [1, 3, 1000][index]!));
    const alone = ran(first, 1);
    for (let turn = 0; turn < 20; turn++) {
      expect(ran(second, 3)).toBeGreaterThan(0n);
      expect(ran(first, 1)).toBeGreaterThanOrEqual(alone - 2n);
      // One goes in the middle; nothing of it is left in the pool, and what it held is taken again.
      if (turn < 5) expect(ran(third, 1000)).toBeGreaterThan(0n);
      if (turn === 5) {
        third.space.release();
        const { u32 } = first.memory;
        const pool = first.space.vm.u32(VmField.codePages) + 4096;
        const owners = Array.from({ length: PAGES }, (_, index) => u32[(pool + index * CodePage.BYTES + 16) / 4]);
        expect(owners).not.toContain(third.space.vm.ma);
      }
    }
    second.space.release();
    first.space.release();
    expect(first.memory.allocatedBytes).toBe(0);
  },
);
