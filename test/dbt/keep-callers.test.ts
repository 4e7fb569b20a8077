/** Translated code waits for functions that are interpreted; whatever they do, it goes on only as long as what it assumes holds. */

import { describe, expect, test } from "vitest";
import { VmField } from "../../assembly/state/layout.ts";
import { Translate } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { Status } from "../../assembly/shared/csr.ts";
import { RAM_PA, type TestMachine } from "../support/core.ts";
import { type HotRun, runHot } from "./hot-machine.ts";

const STACK = RAM_PA + 0x8_0000;
const FUNCTIONS = 256;

/** A function that makes a frame, does `body` and comes back. */
const framed = (body: string): string => `
    addi sp, sp, -32
    sd ra, 0(sp)
    sd s3, 8(sp)
    ${body}
    ld ra, 0(sp)
    ld s3, 8(sp)
    addi sp, sp, 32
    ret`;

/** Nothing that would be inlined. */
const PADDING = Array.from({ length: 80 }, (_, i) => `addi t${1 + (i % 3)}, t${1 + ((i + 1) % 3)}, ${i}`).join("\n");

/**
 * Three functions that call each other are hot; the innermost calls one of many by a table, each so seldom that it stays cold. One of them in
 * `rare` does what is `special`, the others count.
 */
function program(special: string, rare: number, rounds: number): string {
  const functions = Array.from({ length: FUNCTIONS }, (_, i) => {
    const usual = `addi s5, s5, ${i}\nxor s5, s5, s4\nsrli t0, s5, 3\nadd s5, s5, t0`;
    return `.align 6\nfunction${i}: ${i % rare === 7 ? special.replaceAll("@", String(i)) : usual}\nret`;
  });
  return `
    la t0, handler
    csrw mtvec, t0
    li sp, ${STACK}
    li s0, ${rounds}
    la s1, function0
    li s4, 0
  loop:
    mv s6, sp
    call outer
  again:
    mv sp, s6
    addi s0, s0, -1
    bnez s0, loop
  end: j end
  .align 12
  outer: ${framed(`${PADDING}\ncall middle\n${PADDING}\nadd s5, s5, ra`)}
  .align 12
  middle: ${framed(`${PADDING}\ncall inner\n${PADDING}\nfadd.d fa2, fa0, fa1\nfmv.x.d t0, fa2\nxor s5, s5, t0\ncsrr t0, mstatus\nxor s5, s5, t0`)}
  .align 12
  inner: ${framed(`
    ${PADDING}
    call device
    addi s4, s4, 37
    andi s4, s4, ${FUNCTIONS - 1}
    slli t0, s4, 6
    add t0, t0, s1
    jalr ra, 0(t0)
  changed: addi s8, s8, 1
    ${PADDING}
    fadd.d fa3, fa0, fa1
    fmv.x.d t0, fa3
    add s5, s5, t0
    ld t0, 8(sp)`)}
  handler:
    csrr t0, mepc
    addi t0, t0, 4
    csrw mepc, t0
    addi s7, s7, 1
    mret
  device:
    lw t0, 0(s11)
    ${PADDING}
    add s5, s5, t0
    ret
  deep:
    beqz a0, bottom
    addi sp, sp, -16
    sd ra, 0(sp)
    addi a0, a0, -1
    ${PADDING}
    call deep
    ld ra, 0(sp)
    addi sp, sp, 16
    add s5, s5, ra
  bottom: ret
  ${functions.join("\n")}`;
}

/** As interpreted, slice for slice. */
const run = (special: string, rare: number, mechanisms: number = Translate.ALL, rounds = 4000): Promise<HotRun> =>
  runHot(program(special, rare, rounds), {
    translator: { mechanisms, hotThreshold: 4096 },
    lengths: [60_000, 200_000],
    slices: 300,
    setUp: (machine: TestMachine) => {
      const hart = machine.hart();
      hart.setCsr(Csr.MSTATUS, BigInt(Status.FS));
      // Their sum depends on the rounding mode.
      hart.setF(10, 0x3ff0_0000_0000_0000n);
      hart.setF(11, 0x3c90_0000_0000_0001n);
      // By which `addi s8, s8, 1` becomes `addi s8, s8, 3`, and back.
      hart.setX(26, 2n << 20n);
    },
  });

const count = ({ machine }: HotRun, field: VmField): number => machine.space.vm.count(field);

const interpreted = (result: HotRun): number =>
  Number(result.machine.hart().instret) - count(result, VmField.countTranslated);

describe("translated code that waits", () => {
  test("goes on after each function that is interpreted, and so do its callers", async () => {
    const result = await run("nop", 16, Translate.ALL, 8000);
    expect(result.ended).toBe(true);
    expect(count(result, VmField.countKept)).toBeGreaterThan(1000);
    const left = await run("nop", 16, Translate.ALL & ~Translate.KEEP_CALLERS, 8000);
    expect(count(left, VmField.countKept)).toBe(0);
    expect(interpreted(left)).toBeGreaterThan(1.2 * interpreted(result));
  });

  describe.each([
    ["another rounding mode", "csrr t0, 2\nxori t0, t0, 3\ncsrw 2, t0"],
    [
      "floating point switched off and on",
      "li t0, 0x6000\ncsrc mstatus, t0\nsrli t0, t0, 1\nfadd.d fa4, fa0, fa1\ncsrs mstatus, t0",
    ],
    ["a trap", "ecall"],
    ["an illegal instruction", ".word 0"],
    ["a jump to where nobody waits", "mv sp, s6\nj again"],
    ["a return for the caller", "ld ra, 0(sp)\nld s3, 8(sp)\naddi sp, sp, 32"],
    ["another rule of PMP", "csrr t0, pmpcfg0\nxori t0, t0, 8\ncsrw pmpcfg0, t0"],
    ["fences", "fence.i\nsfence.vma"],
    [
      "floating point switched off before a function that begins with a trap",
      "mv s9, ra\nli t0, 0x6000\ncsrc mstatus, t0\ncall device\nli t0, 0x2000\ncsrs mstatus, t0\nmv ra, s9",
    ],
    ["calls that are nested deeper than the host's", "mv s9, ra\nli a0, 90\ncall deep\nmv ra, s9"],
    ["a loop that gets hot", "li t0, 900\nturn@: addi t0, t0, -1\nadd s5, s5, t0\nbnez t0, turn@"],
    ["a store to the caller's code", "la t0, changed\nlw t1, 0(t0)\nxor t1, t1, s10\nsw t1, 0(t0)\nfence.i"],
  ])("%s", (_, special) => {
    test.each([16, 256])("is done as interpreted by one function in %i", async (rare) => {
      const result = await run(special, rare);
      expect(result.ended).toBe(true);
      expect(count(result, VmField.countKept)).toBeGreaterThan(300);
    });
  });
});
