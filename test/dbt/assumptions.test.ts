/** What translated code takes for granted changes: by each CSR, with each value, in and out of hot code, and under its feet. */

import { describe, expect, test } from "vitest";
import { HartField, VmField } from "../../assembly/state/layout.ts";
import { Priv, Sensitive, Translate } from "../../assembly/shared/constants.ts";
import { csrs } from "../../src/isa/csr.ts";
import { RAM_PA } from "../support/core.ts";
import { compare, type Setting } from "./compare.ts";

/** Where each program's data lies. */
const DATA = RAM_PA + 0x8000;

/** A program that leaves M mode could not come back when these hold anything. */
const KEEPS_IN_M = new Set(["mtvec", "medeleg", "mideleg"]);
/** Of a series of CSRs the first and the last are enough. */
const series = /^(hpmcounter|mhpmcounter|mhpmevent)(?!3$|18$|31$)\d+$/;
const writable = csrs.filter(({ name, readOnly }) => !readOnly && !series.test(name));

/** Every bit alone, all, none, and what has more than one bit. None locks a PMP entry for good. */
function valuesFor(name: string): bigint[] {
  const bits = Array.from({ length: 64 }, (_, i) => 1n << BigInt(i));
  const all = 0xffff_ffff_ffff_ffffn;
  const fields = [0x6000n, 0x1800n, 0x2_1800n, 0x2_0800n, 0xc_0000n, 0x1fn, 0x1f00n, 0x0f1fn, 0x1a18n, 7n, 3n << 60n];
  const words = [0n, all, ...bits, ...fields, BigInt(RAM_PA) >> 2n, (BigInt(DATA) >> 2n) | 0x1ffn];
  return name.startsWith("pmpcfg") ? words.map((word) => word & 0x7f7f_7f7f_7f7f_7f7fn) : words;
}

/** What each mode does with what it is allowed: memory, floating point, counters, cache blocks, translation. */
const look = `
  ld a3, 0(s5)
  sd s10, 8(s5)
  addi a4, a4, 1
  fadd.d f0, f1, f2
  csrr a5, fflags
  csrr a6, cycle
  csrr a7, stimecmp
  cbo.zero (s6)
  csrr a5, sstatus
  amoadd.d a5, a4, (s5)`;

/** Looks in S and U mode too, in code of their own, and comes back by ECALL. */
const visit = (mode: string, bits: number): string => `
  li t0, 0x1800
  csrc mstatus, t0
  li t0, ${bits}
  csrs mstatus, t0
  la t0, look_${mode}
  csrw mepc, t0
  la s7, back_${mode}
  mret
look_${mode}: ${look}
  ecall
back_${mode}:`;

/**
 * Writes each value of a table to the CSR, looks, and puts the old one back, for ever. The handler needs registers alone: it goes on behind an
 * instruction that trapped, or at s7 when there is none to be had.
 */
function source(name: string, write: string, inline: boolean): string {
  const values = valuesFor(name);
  const access = `csrrw a0, ${name}, zero\n${write} zero, ${name}, a1\ncsrr a2, ${name}`;
  const visits = KEEPS_IN_M.has(name) ? "" : visit("s", 0x800) + visit("u", 0);
  return `
    la t0, handler
    csrw mtvec, t0
    li t0, -1
    csrw pmpaddr15, t0
    li t0, 0x1f
    slli t0, t0, 56
    csrw pmpcfg2, t0
    li s5, ${DATA}
    addi s6, s5, 256
    li t0, 0x6000
    csrs mstatus, t0
    li t0, 0x3ff0000000000001
    fmv.d.x f1, t0
    fmv.d.x f2, s5
  again:
    la s8, table
    li s9, ${values.length}
    li t0, 0x6000
    csrs mstatus, t0
  next:
    ld a1, 0(s8)
    ${inline ? access : "jal ra, change"}
    ${look}
    ${visits}
    li t0, 0x20000
    csrc mstatus, t0
    csrw ${name}, a0
    add s10, s10, a2
    addi s8, s8, 8
    addi s9, s9, -1
    bnez s9, next
    j again
  .zero 256
  change:
    ${access}
    ret
  .align 2
  handler:
    csrr t1, mcause
    add s11, s11, t1
    li t2, 8
    beq t1, t2, back
    li t2, 9
    beq t1, t2, back
    li t2, 12
    beq t1, t2, back
    li t2, 1
    beq t1, t2, back
    csrr t1, mepc
    addi t1, t1, 4
    csrw mepc, t1
    mret
  back:
    csrw mepc, s7
    li t1, 0x1800
    csrs mstatus, t1
    mret
  .align 3
  table:
    ${values.map((value) => `.dword ${value}`).join("\n")}`;
}

async function check(setting: Setting): Promise<void> {
  const { differences, regions } = await compare({ slice: 9973, slices: 3, ...setting });
  expect(differences).toEqual([]);
  expect(regions).toBeGreaterThan(0);
}

/** A write of stimecmp ends the slice. */
function slicesFor(name: string): Partial<Setting> {
  return name === "stimecmp" ? { slices: 400 } : {};
}

describe("every value that is written to a CSR counts from the next instruction on", () => {
  test.each(writable.map(({ name }) => name))("%s, written in hot code", async (name) => {
    await check({ source: source(name, "csrrw", true), ...slicesFor(name) });
  });

  test.each(writable.map(({ name }) => name))("%s, set by code that is called", async (name) => {
    await check({ source: source(name, "csrrs", false), sensitive: Sensitive.CALLOUT, ...slicesFor(name) });
  });

  test.each(["mstatus", "sstatus", "pmpaddr0", "pmpaddr15", "pmpcfg2", "satp", "frm", "menvcfg"])(
    "%s, written by the host between two slices",
    async (name) => {
      const number = csrs.find((csr) => csr.name === name)!.number;
      const values = valuesFor(name);
      await check({
        source: source("mscratch", "csrrw", true),
        slice: 3001,
        slices: 40,
        between: (machine, slice) => {
          const hart = machine.hart();
          hart.setCsr(number, slice % 2 === 0 ? values[slice % values.length]! : hart.csr(0x340));
          hart.pc = BigInt(RAM_PA);
          hart.view.setU32(HartField.priv, Priv.M);
          machine.core.hart_sync(hart.view.ma);
        },
      });
    },
  );
});

describe("PMP", () => {
  // One region for U mode: it reads and writes wherever s4 leads it, at first to where it may.
  const hot = `
    la t0, handler
    csrw mtvec, t0
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    li s4, ${DATA}
    la t0, user
    csrw mepc, t0
    mret
  user:
    ld t2, 0(s4)
    sd s3, 8(s4)
    addi s3, s3, 1
    j user
  handler:
    addi s1, s1, 1
    csrr t0, mepc
    addi t0, t0, 4
    csrw mepc, t0
    mret`;
  const PMPADDR0 = 0x3b0;
  const narrow = (BigInt(RAM_PA) >> 2n) | 0x7ffn;

  test("that is narrowed by pmpaddr alone stops a hot loop in U mode at its next access", async () => {
    const { differences, traps } = await compare({
      source: hot.replace(
        "csrw mepc, t0\n    mret\n  user",
        `csrw mepc, t0\nli t0, ${narrow}\ncsrw pmpaddr0, t0\nmret\n  user`,
      ),
      slices: 6,
    });
    expect(differences).toEqual([]);
    expect(traps).toBeGreaterThan(1000);
  });

  test("that a debugger narrows by pmpaddr alone stops it too", async () => {
    const { differences, traps, regions } = await compare({
      source: hot,
      slices: 6,
      between: (machine, slice) => {
        if (slice === 2) machine.hart().setCsr(PMPADDR0, narrow);
      },
    });
    expect(differences).toEqual([]);
    expect(regions).toBeGreaterThan(0);
    expect(traps).toBeGreaterThan(1000);
  });
});

describe("a region that is run", () => {
  // MPRV makes M mode load as U mode, which PMP allows nothing: the load must trap each time.
  const mprv = (between: string): string => `
    la t0, handler
    csrw mtvec, t0
    li s4, 0x20000
    li t0, 0x1800
    csrc mstatus, t0
    li s5, ${DATA}
  again:
    csrc mstatus, s4
    ${between}
    csrs mstatus, s4
    ld t1, 0(s5)
    addi s7, s7, 1
    csrc mstatus, s4
    li t0, 0x1800
    csrc mstatus, t0
    addi s6, s6, 1
    j again
  .align 2
  handler:
    csrr t5, mepc
    addi t5, t5, 8
    csrw mepc, t5
    mret`;

  test("without a jump cache knows that MPRV has been set", async () => {
    const { differences, interpreted } = await compare({
      source: mprv("nop"),
      slices: 3,
      prepare: ({ space: { vm } }) => vm.setU32(VmField.translate, Translate.ALL & ~Translate.CACHE),
    });
    expect(differences).toEqual([]);
    expect(interpreted.hart().x(23)).toBe(0n);
  });

  test.each([2, 3, 4, 5])("knows it after the evictions of calls between %i decoded pages", async (codePages) => {
    const pages = Array.from({ length: 5 }, (_, i) => `.align 12\nfar${i}:\naddi a0, a0, ${i}\nret`).join("\n");
    const calls = Array.from({ length: 5 }, (_, i) => `la t3, far${i}\njalr ra, 0(t3)`).join("\n");
    const { differences, interpreted } = await compare({
      source: `${mprv(calls)}\n${pages}`,
      options: { codePages, ram: 256 * 1024 },
      slices: 8,
    });
    expect(differences).toEqual([]);
    expect(interpreted.hart().x(23)).toBe(0n);
  });
});
