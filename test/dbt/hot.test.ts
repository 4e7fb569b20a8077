/** Which regions a module gets, and what is done before the first. */

import { expect, test, vi } from "vitest";
import { HartField, VmField } from "../../assembly/state/layout.ts";
import { Engine } from "../../assembly/shared/constants.ts";
import { assembleProgram } from "../../src/isa/assemble.ts";
import { createTestMachine, RAM_PA } from "../support/core.ts";
import { runHot } from "./hot-machine.ts";

/** Many loops that take equally long, with a call of M mode after each, which no region goes through. */
function manyLoops(): string {
  const body = Array.from({ length: 35 }, (_, at) => `xor a1, a1, a0; addi a0, a0, ${at}`).join("; ");
  const loops = Array.from(
    { length: 400 },
    (_, at) => `li s0, 40; f${at}: ${body}; addi s0, s0, -1; bnez s0, f${at}; ecall`,
  );
  return `
    la t0, handler
    csrw mtvec, t0
  again:
    ${loops.join("\n")}
    j again
  .align 2
  handler:
    csrr t0, mepc
    addi t0, t0, 4
    csrw mepc, t0
    mret
  `;
}

test("a module of 32 KiB gets no more regions, however many are warm", async () => {
  const { bytes } = assembleProgram(manyLoops(), BigInt(RAM_PA));
  const machine = await createTestMachine({ engine: Engine.TIERED, translator: { hotThreshold: 4096 } });
  machine.space.vm.setU32(VmField.samplePeriod, 64);
  machine.load(bytes);
  const install = vi.spyOn(machine.core.code, "install");
  for (let slice = 0; slice < 200; slice++) machine.hart().run(20_000);
  const sizes = install.mock.calls.map(([, , , size]) => size);
  expect(Math.max(...sizes)).toBeGreaterThan(32_768);
  // The last region, and what a module has beside its regions.
  expect(Math.max(...sizes)).toBeLessThan(32_768 + 2048);
});

test("what is rehearsed before the first translation changes nothing", async () => {
  const program = `
    la t0, handler
    csrw mtvec, t0
  loop:
    addi a0, a0, 1
    andi t1, a0, 255
    bnez t1, loop
    la t2, nowhere
    jr t2
  .align 2
  handler:
    csrr t3, mcause
    add a1, a1, t3
    addi a2, a2, 1
    la t4, loop
    csrw mepc, t4
    mret
  nowhere:
    .word 0
  `;
  const { machine } = await runHot(program, { translator: { hotThreshold: 100_000 }, slices: 60 });
  expect(machine.hart().x(12)).toBeGreaterThan(100n);
  expect(machine.space.vm.count(VmField.countRegion)).toBeGreaterThan(0);
  expect(machine.hart().view.u64(HartField.instret)).toBeGreaterThan(100_000n);
});
