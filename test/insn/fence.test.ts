import { beforeEach, describe, expect, test } from "vitest";
import { Engine } from "../../assembly/shared/constants.ts";
import { assembleProgram } from "../../src/isa/assemble.ts";
import { createTestMachine, RAM_PA, type TestMachine } from "../support/core.ts";

/** `addi x10, x0, 2` */
const LI_2 = 0x0020_0513n;

describe.each([
  { engine: "decoding once", number: Engine.PREDECODE },
  { engine: "decoding each time", number: Engine.INTERPRET },
])("$engine", ({ number }) => {
  let machine: TestMachine;
  beforeEach(async () => {
    machine = await createTestMachine({ engine: number });
  });

  const load = (source: string) => {
    const { bytes, labels } = assembleProgram(source, BigInt(RAM_PA));
    machine.load(bytes);
    return (label: string) => labels.get(label)!;
  };

  test("FENCE.I makes a store to an instruction that has run visible at once", () => {
    const label = load(`
      la x5, target
      jal x1, target
      mv x11, x10
      sw x6, 0(x5)
      fence.i
      jal x1, target
      spin: j spin
      target: addi x10, x0, 1
      ret`);
    const hart = machine.hart();
    hart.setX(6, LI_2);
    hart.runTo(label("spin"));
    expect([hart.x(11), hart.x(10)]).toEqual([1n, 2n]);
  });

  test("FENCE.I also forgets an instruction whose second half was entered in the meantime", () => {
    // The first target is 4 bytes long; its upper half, once overwritten, is a compressed instruction that runs by itself.
    const label = load(`
      la x5, target
      jal x1, target
      mv x11, x10
      sh x6, 2(x5)
      addi x7, x5, 2
      jalr x1, 0(x7)
      fence.i
      jal x1, target
      spin: j spin
      target: addi x10, x0, 1
      ret`);
    const hart = machine.hart();
    // c.nop, so that the first target becomes addi x10, x0, 0 with rs1 x2: its upper half's low bits are rs1's high bit and imm.
    hart.setX(6, 0x0001n);
    hart.setX(2, 0n);
    hart.runTo(label("spin"));
    expect([hart.x(11), hart.x(10)]).toEqual([1n, 0n]);
  });

  test("without FENCE.I a store reaches instruction fetch in finite time (Ziccid)", () => {
    const label = load(`
      la x5, target
      target: addi x10, x0, 1
      sw x6, 0(x5)
      beq x10, x8, target
      spin: j spin`);
    const hart = machine.hart();
    hart.setX(6, LI_2);
    hart.setX(8, 1n);
    for (let slice = 0; slice < 40 && hart.pc !== label("spin"); slice++) hart.run(1_000_000);
    expect(hart.x(10)).toBe(2n);
  });
});
