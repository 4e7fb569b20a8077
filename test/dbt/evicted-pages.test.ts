/** Decoded pages lose their place while a region is formed from them: it is not made, and everything ends. */

import { expect, test } from "vitest";
import { HartField, VmField } from "../../assembly/state/layout.ts";
import { Engine, Priv } from "../../assembly/shared/constants.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { createTestMachine, RAM_PA } from "../support/core.ts";
import { compare } from "./compare.ts";

/**
 * A loop in one page with a branch that is never taken to another page, which jumps into the middle of the loop: when that is formed, the
 * first page must be read again, and with few decoded pages it is not there any more.
 */
const split = `
  again:
    addi t0, t0, 1
    addi t1, t1, 1
  middle:
    addi t2, t2, 1
    bne x0, x0, other
    j again
  .align 12
  other:
    nop
    bne x0, x0, third
    j middle
  .align 12
  third:
    nop
    j middle`;

/** A program like that with calls that are inlined, and an instruction that lies in two pages. */
const calls = `
  again:
    addi a0, a0, 1
    jal ra, near
    jal ra, over
    jal ra, far
    bne x0, x0, middle
    j again
  near:
    addi a1, a1, 1
  middle:
    addi a2, a2, 1
    ret
  .zero 4046
  over:
    c.addi a6, 1
    addi a3, a3, 1
    addi a4, a4, 1
    ret
  .align 12
  far:
    addi a5, a5, 1
    ret`;

test.each([1, 2, 3, 4, 16])(
  "with %i decoded pages, regions in three pages do the same as the interpreter",
  async (codePages) => {
    for (const source of [split, calls]) {
      const { differences } = await compare({ source, options: { codePages }, slice: 4999, slices: 6 });
      expect(differences).toEqual([]);
    }
  },
);

test("with enough pages all of it is one region; with one page nothing of it can be made, and that is not tried for ever", async () => {
  const regions = async (codePages: number): Promise<{ made: number; executed: bigint }> => {
    const machine = await createTestMachine({ codePages, engine: Engine.TRANSLATE });
    machine.load(assemble(split, BigInt(RAM_PA)));
    const hart = machine.hart();
    for (let i = 0; i < 10; i++) hart.run(10_000);
    return { made: machine.space.vm.count(VmField.countRegion), executed: hart.instret };
  };
  expect(await regions(16)).toEqual({ made: 1, executed: 100_000n });
  const { made, executed } = await regions(1);
  expect(made).toBeLessThan(20);
  expect(executed).toBe(100_000n);
});

test("looking at code that is not executed sets no A bits", async () => {
  // One page of the table for 2 MiB: page 0 executes, page 1 is only branched to by what is never taken, and has A clear.
  const TABLES = RAM_PA + 0x10_000;
  const leaf = (pa: number, flags: number): bigint => (BigInt(pa >>> 12) << 10n) | BigInt(flags);
  const machine = await createTestMachine({ engine: Engine.TRANSLATE });
  machine.load(assemble(split, BigInt(RAM_PA)));
  machine.write64(TABLES + 16, (BigInt((TABLES + 0x1000) >>> 12) << 10n) | 1n);
  machine.write64(TABLES + 0x1000, (BigInt((TABLES + 0x2000) >>> 12) << 10n) | 1n);
  for (let page = 0; page < 4; page++) machine.write64(TABLES + 0x2000 + 8 * page, leaf(RAM_PA + page * 4096, 0x0b));
  const hart = machine.hart();
  hart.setCsr(0x3b0, -1n);
  hart.setCsr(0x3a0, 0x1fn);
  hart.setCsr(0x180, (8n << 60n) | BigInt(TABLES >>> 12));
  hart.setCsr(0x30a, 1n << 61n);
  hart.view.setU32(HartField.priv, Priv.S);
  machine.core.hart_sync(hart.view.ma);
  for (let i = 0; i < 10; i++) hart.run(10_000);
  expect(hart.instret).toBe(100_000n);
  expect(machine.space.vm.count(VmField.countTranslated)).toBeGreaterThan(50_000);
  const flags = [0, 1, 2].map((page) => Number(machine.read64(TABLES + 0x2000 + 8 * page) & 0xffn));
  expect(flags).toEqual([0x4b, 0x0b, 0x0b]);
});
