/** Code of programs is at another address in each process: one region serves at all of them. */

import { describe, expect, test } from "vitest";
import { HartField, VmField } from "../../assembly/state/layout.ts";
import { Priv, Translate } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { translatedRegions } from "../../src/core/regions.ts";
import { RAM_PA, type TestMachine } from "../support/core.ts";
import { PageTables, Pte, RWXAD } from "../support/paging.ts";
import { type HotOptions, type HotRun, runHot } from "./hot-machine.ts";

const TABLES_PA = RAM_PA + 0x8_0000;
/** Pages of the program, from RAM's start. */
const PAGES = 3;
const STACK_PA = RAM_PA + 0x4_0000;
/** Another page of code. */
const OTHER_PA = RAM_PA + 0x5_0000;
const EVERYWHERE = 0x3f_ffff_ffff_ffffn;
const RWX_NAPOT = 0x1fn;
const LI_A0_20 = 0x0140_0513n;
const LI_A0_10 = 0x00a0_0513n;
const USER = RWXAD | Pte.U;

interface Place {
  readonly va: bigint;
  /** Where the frame of the second page is. Default: behind the first. */
  readonly second?: number;
}

/** In U mode at the first place; s1 leads to a table of all places, s11 to the stack. */
function enter(machine: TestMachine, places: readonly Place[], mode: 8 | 9 | 10): void {
  const hart = machine.hart();
  const tables = new PageTables(machine, TABLES_PA, mode);
  for (const { va, second } of places) {
    for (let page = 0; page < PAGES; page++) {
      const pa = page === 1 && second !== undefined ? second : RAM_PA + page * 4096;
      tables.map(va + BigInt(page * 4096), pa, USER);
    }
  }
  const stack = places[0]!.va - 0x10_0000n;
  tables.map(stack, STACK_PA, USER);
  for (const [index, { va }] of places.entries()) machine.write64(STACK_PA + 8 * index, va);
  hart.setX(9, stack);
  hart.setX(2, stack + 0x1000n);
  hart.setX(19, BigInt(places.length));
  hart.setCsr(Csr.PMPADDR0, EVERYWHERE);
  hart.setCsr(Csr.PMPCFG0, RWX_NAPOT);
  hart.setCsr(Csr.SATP, tables.satp);
  hart.pc = places[0]!.va;
  hart.view.setU32(HartField.priv, Priv.U);
  machine.core.hart_sync(hart.view.ma);
}

/**
 * Rounds of everything that knows an address: a jump table, a call that is inlined, one that calls itself, one through a register, one of
 * another page; s5 is made of the addresses that they see. After 64 rounds it goes on at the next place, at the same instruction.
 */
const PROGRAM = `
  start:
    li s0, 64
  round:
    auipc a0, 0
    add s5, s5, a0
    andi a1, s0, 3
    la a2, targets
    slli a3, a1, 4
    add a2, a2, a3
    jr a2
    .align 4
  targets:
    addi s6, s6, 1
    j joined
    .align 4
    addi s6, s6, 3
    j joined
    .align 4
    xori s6, s6, 5
    j joined
    .align 4
    slli s6, s6, 1
    j joined
  joined:
    call small
    li a0, 5
    call recursive
    la a4, small
    jalr ra, 0(a4)
    call distant
    addi s0, s0, -1
    bnez s0, round
    addi s7, s7, 1
    addi s4, s4, 1
    blt s4, s3, next
    li s4, 0
  next:
    slli a0, s4, 3
    add a0, a0, s1
    ld a0, 0(a0)
    jr a0
  small:
    add s5, s5, ra
    ret
  recursive:
    beqz a0, bottom
    addi sp, sp, -16
    sd ra, 0(sp)
    addi a0, a0, -1
    call recursive
    ld ra, 0(sp)
    addi sp, sp, 16
    add s5, s5, ra
  bottom:
    ret
    .align 12
  distant:
    addi sp, sp, -16
    sd ra, 0(sp)
    li a0, 20
  again:
    addi a0, a0, -1
    call small
    bnez a0, again
    auipc a0, 0
    xor s5, s5, a0
    ld ra, 0(sp)
    addi sp, sp, 16
    ret
    .align 12
    nop`;

/** What chooses the next of four handlers: each ends in a jump of its own, so that loops have many entries. */
const goOn = `
    slli t0, s6, 2
    add s6, s6, t0
    addi s6, s6, 7
    srli t0, s6, 9
    andi t0, t0, 3
    slli t0, t0, 6
    add t0, t0, a2
    jr t0`;

/** An interpreter whose handlers jump to each other; it goes on at the next place after so many of the first one. */
const THREADED = `
  start:
    li s0, 300
    la a2, handlers
    ${goOn}
    .align 6
  handlers:
    addi s0, s0, -1
    beqz s0, next
    auipc a0, 0
    add s5, s5, a0
    andi t1, s5, 8
    bnez t1, third
    ${goOn}
    .align 6
  second:
    addi s5, s5, 1
    auipc a0, 0
    xor s5, s5, a0
    andi t1, s5, 16
    bnez t1, fourth
    ${goOn}
    .align 6
  third:
    srli s5, s5, 1
    andi t1, s5, 4
    bnez t1, second
    ${goOn}
    .align 6
  fourth:
    xori s5, s5, 3
    andi t1, s5, 2
    bnez t1, third
    ${goOn}
  next:
    addi s7, s7, 1
    addi s4, s4, 1
    blt s4, s3, further
    li s4, 0
  further:
    slli a0, s4, 3
    add a0, a0, s1
    ld a0, 0(a0)
    jr a0
    .align 12
    nop
    .align 12
    nop`;

interface Given {
  readonly program?: string;
  readonly places: readonly Place[];
  readonly mode?: 8 | 9 | 10;
  readonly mechanisms?: number;
  readonly setUp?: HotOptions["setUp"];
}

/** As interpreted, step for step. */
async function run({ program = PROGRAM, places, mode = 8, mechanisms = Translate.ALL, setUp }: Given): Promise<HotRun> {
  const result = await runHot(program, {
    translator: { mechanisms, hotThreshold: 512 },
    slices: 60,
    setUp: (machine, label) => {
      setUp?.(machine, label);
      enter(machine, places, mode);
    },
  });
  expect(result.machine.hart().x(23), "places run through").toBeGreaterThan(8n);
  return result;
}

const FIXED = Translate.ALL & ~Translate.POSITION_INDEPENDENT;

/** Regions made, whether they are still there or not. */
const made = ({ machine }: HotRun): number => machine.space.vm.count(VmField.countRegion);

/** Regions that are there. */
const kept = ({ machine }: HotRun): number => translatedRegions(machine.space).length;

const FOUR = [0x1_0000n, 0x20_0000_1000n, 0x3f_0000_3000n, 0x2a_aaaa_2000n].map((va) => ({ va: va + 0x100_0000n }));

describe("a region of U mode", () => {
  test("serves at every address that its pages are mapped at", async () => {
    const one = await run({ places: FOUR.slice(0, 1) });
    const four = await run({ places: FOUR });
    expect(kept(one)).toBeGreaterThan(0);
    expect(kept(four)).toBeLessThanOrEqual(kept(one) + 2);
    // An entry of a region may be made anew with a larger one, but not for each place.
    expect(made(four)).toBeLessThan(2 * made(one));
  });

  test("serves at every address that its pages are mapped at, too, when callers do not wait", async () => {
    const mechanisms = Translate.ALL & ~Translate.KEEP_CALLERS;
    const one = made(await run({ places: FOUR.slice(0, 1), mechanisms }));
    const four = made(await run({ places: FOUR, mechanisms }));
    expect(one).toBeGreaterThan(0);
    expect(four).toBeLessThanOrEqual(one + 2);
  });

  test("serves at one when that is switched off", async () => {
    const one = made(await run({ places: FOUR.slice(0, 1), mechanisms: FIXED }));
    expect(made(await run({ places: FOUR, mechanisms: FIXED }))).toBeGreaterThan(3 * one);
  });

  test.each([
    ["chaining", Translate.CHAINING],
    ["return prediction", Translate.RETURN_PREDICTION],
    ["jump tables", Translate.JUMP_TABLES],
    ["the indirect cache", Translate.INDIRECT_CACHE],
    ["inlining", Translate.INLINING],
    ["regions", Translate.REGIONS],
    ["the cache", Translate.CACHE],
  ])("does the same without %s", async (_, without) => {
    await run({ places: FOUR, mechanisms: Translate.ALL & ~without });
  });

  test("serves for handlers that jump to each other", async () => {
    const four = await run({ program: THREADED, places: FOUR });
    expect(made(four)).toBeLessThan(made(await run({ program: THREADED, places: FOUR, mechanisms: FIXED })));
  });

  test("is another one where another frame lies beside its first page", async () => {
    const other = [FOUR[0]!, { ...FOUR[1]!, second: OTHER_PA }, FOUR[2]!];
    // There the loop has ten rounds, not twenty.
    const copy = (machine: TestMachine): void => {
      for (let at = 0; at < 4096; at += 8) machine.write64(OTHER_PA + at, machine.read64(RAM_PA + 4096 + at));
      const third = machine.read64(OTHER_PA + 8);
      expect(third & 0xffff_ffffn).toBe(LI_A0_20);
      machine.write64(OTHER_PA + 8, (third & ~0xffff_ffffn) | LI_A0_10);
    };
    const result = await run({ places: other, setUp: copy });
    expect(translatedRegions(result.machine.space).length).toBeGreaterThan(0);
  });

  test.each([
    ["Sv39, at the top", 8, [0xffff_fff0_0000_0000n, 0xffff_ffc0_0100_0000n]],
    ["Sv48, in both halves", 9, [0x7fff_0000_1000n, 0xffff_8000_0100_0000n]],
    ["Sv57, in both halves", 10, [0xff_ffff_0000_1000n, 0xff00_0000_0100_0000n, 0x1_0100_0000n]],
  ] as const)("is entered at addresses of %s", async (_, mode, addresses) => {
    await run({ places: addresses.map((va) => ({ va })), mode });
  });
});
