/** What surrounds the arithmetic: mstatus.FS, rounding modes of instructions, NaN boxing, moves, loads, stores, constants. */

import { beforeEach, describe, expect, test } from "vitest";
import { assembleWord } from "../../src/isa/assemble.ts";
import { wideInstructions } from "../../src/isa/instruction.ts";
import { createTestMachine, RAM_PA, type TestHart, type TestMachine } from "../support/core.ts";
import { fliValues } from "./fli.ts";

const [FFLAGS, FRM, MSTATUS, MCAUSE, MTVAL] = [0x001, 0x002, 0x300, 0x342, 0x343] as const;
const FS = 3n << 13n;
const CLEAN = 2n << 13n;
const NX = 1n;
const NV = 16n;
const DATA = RAM_PA + 0x1000;
const ILLEGAL = 2n;
const NONE = -1n;

const box32 = (bits: bigint): bigint => bits | 0xffff_ffff_0000_0000n;
const box16 = (bits: bigint): bigint => bits | 0xffff_ffff_ffff_0000n;

let machine: TestMachine;
let hart: TestHart;

beforeEach(async () => {
  machine = await createTestMachine();
  hart = machine.hart();
  hart.setCsr(MSTATUS, FS);
});

/** Executes one word; the cause of the trap it takes, or NONE. */
function executeWord(word: number): bigint {
  hart.setCsr(MCAUSE, 0n);
  machine.loadWords([word]);
  machine.core.hart_fence_i(hart.view.ma);
  hart.pc = BigInt(RAM_PA);
  hart.run(1);
  return hart.pc === BigInt(RAM_PA + 4) ? NONE : hart.csr(MCAUSE);
}

const execute = (line: string): bigint => executeWord(assembleWord(line));
const fs = (): bigint => hart.csr(MSTATUS) & FS;

/** A word for each floating-point instruction, its registers x1 or f1, its rounding mode `rm`. */
function wordsOf(extensions: readonly string[], rm: number): [name: string, word: number, rounds: boolean][] {
  return wideInstructions
    .filter(({ table }) => extensions.includes(table))
    .map((insn) => {
      const rounds = insn.fields.has("m");
      const registers = [..."dst"].filter((letter) => insn.fields.has(letter));
      const shift: Readonly<Record<string, number>> = { d: 7, s: 15, t: 20 };
      const word = registers.reduce((bits, letter) => bits | (1 << shift[letter]!), insn.match);
      return [insn.name, (rounds ? word | (rm << 12) : word) >>> 0, rounds];
    });
}

const everything = ["rv_f", "rv_d", "rv_zfh", "rv_zfa"];

describe("mstatus.FS", () => {
  test("every floating-point instruction is illegal while it is Off, and tval is its word", () => {
    const words = wordsOf(everything, 0);
    expect(words).toHaveLength(118);
    for (const [name, word] of words) {
      hart.setCsr(MSTATUS, 0n);
      expect([name, executeWord(word), hart.csr(MTVAL)]).toEqual([name, ILLEGAL, BigInt(word)]);
      expect(fs()).toBe(0n);
    }
  });

  test("an f register's write makes it Dirty, an x register's does not", () => {
    for (const insn of [
      "fadd.d f1, f2, f3",
      "fsgnj.s f1, f2, f3",
      "fmv.w.x f1, x2",
      "fcvt.d.w f1, x2",
      "fli.h f1, 1.0",
    ]) {
      hart.setCsr(MSTATUS, CLEAN);
      expect([insn, execute(insn), fs()]).toEqual([insn, NONE, FS]);
    }
    for (const insn of ["feq.d x1, f2, f3", "fclass.s x1, f2", "fmv.x.d x1, f2", "fcvt.w.d x1, f2"]) {
      hart.setCsr(MSTATUS, CLEAN);
      expect([insn, execute(insn), fs()]).toEqual([insn, NONE, CLEAN]);
    }
  });

  test("a flag raised on the way to an x register makes it Dirty", () => {
    hart.setF(2, 0x3fe0_0000_0000_0000n);
    hart.setCsr(MSTATUS, CLEAN);
    expect(execute("fcvt.w.d x1, f2")).toBe(NONE);
    expect(hart.csr(FFLAGS)).toBe(NX);
    expect(fs()).toBe(FS);
  });

  test("a load that faults leaves it alone", () => {
    hart.setCsr(MSTATUS, CLEAN);
    hart.setX(2, 0x1000n);
    expect(execute("fld f1, 0(x2)")).toBe(5n);
    expect(fs()).toBe(CLEAN);
  });
});

describe("rounding modes", () => {
  test.each([5, 6])("mode %i in an instruction is illegal", (rm) => {
    for (const [name, word, rounds] of wordsOf(everything, rm)) {
      if (rounds) expect([name, executeWord(word)]).toEqual([name, ILLEGAL]);
    }
  });

  test.each([5, 6, 7])("the dynamic mode is illegal while frm is %i", (frm) => {
    hart.setCsr(FRM, BigInt(frm));
    for (const [name, word, rounds] of wordsOf(everything, 7)) {
      hart.setX(1, BigInt(DATA));
      expect([name, executeWord(word)]).toEqual([name, rounds ? ILLEGAL : NONE]);
    }
  });

  test("an instruction's own mode goes before frm", () => {
    hart.setCsr(FRM, 3n);
    hart.setF(2, 0x3ff0_0000_0000_0000n);
    hart.setF(3, 1n);
    expect(execute("fadd.d f1, f2, f3, rdn")).toBe(NONE);
    expect(hart.f(1)).toBe(0x3ff0_0000_0000_0000n);
    expect(execute("fadd.d f1, f2, f3")).toBe(NONE);
    expect(hart.f(1)).toBe(0x3ff0_0000_0000_0001n);
    expect(hart.csr(FFLAGS)).toBe(NX);
  });
});

describe("NaN boxing", () => {
  test("narrow results are boxed", () => {
    hart.setX(2, 1n);
    expect(execute("fcvt.s.w f1, x2")).toBe(NONE);
    expect(hart.f(1)).toBe(box32(0x3f80_0000n));
    expect(execute("fcvt.h.w f1, x2")).toBe(NONE);
    expect(hart.f(1)).toBe(box16(0x3c00n));
    expect(execute("fmv.h.x f1, x2")).toBe(NONE);
    expect(hart.f(1)).toBe(box16(1n));
  });

  test("a narrow operand that is not boxed is the canonical NaN", () => {
    hart.setF(2, 0x3f80_0000n);
    hart.setF(3, box32(0x3f80_0000n));
    for (const insn of ["fadd.s f1, f2, f3", "fadd.s f1, f3, f2", "fmadd.s f1, f3, f3, f2", "fsgnj.s f1, f2, f3"]) {
      expect([insn, execute(insn), hart.f(1)]).toEqual([insn, NONE, box32(0x7fc0_0000n)]);
    }
    expect(execute("fclass.s x1, f2")).toBe(NONE);
    expect(hart.x(1)).toBe(1n << 9n);
    expect(execute("fcvt.d.s f1, f2")).toBe(NONE);
    expect(hart.f(1)).toBe(0x7ff8_0000_0000_0000n);
    // A half's box must reach down to bit 16.
    hart.setF(2, box32(0x0000_3c00n));
    expect(execute("fcvt.s.h f1, f2")).toBe(NONE);
    expect(hart.f(1)).toBe(box32(0x7fc0_0000n));
    expect(hart.csr(FFLAGS)).toBe(0n);
  });

  test("moves and stores take raw bits, boxed or not", () => {
    hart.setF(2, 0x1234_5678_9abc_def0n);
    hart.setX(3, BigInt(DATA));
    expect(execute("fmv.x.w x1, f2")).toBe(NONE);
    expect(hart.x(1)).toBe(0xffff_ffff_9abc_def0n);
    expect(execute("fmv.x.h x1, f2")).toBe(NONE);
    expect(hart.x(1)).toBe(0xffff_ffff_ffff_def0n);
    expect(execute("fmv.x.d x1, f2")).toBe(NONE);
    expect(hart.x(1)).toBe(0x1234_5678_9abc_def0n);
    for (const [insn, value] of [
      ["fsd f2, 8(x3)", 0x1234_5678_9abc_def0n],
      ["fsw f2, 8(x3)", 0x9abc_def0n],
      ["fsh f2, 8(x3)", 0xdef0n],
    ] as const) {
      machine.write64(DATA + 8, 0n);
      expect([insn, execute(insn), machine.read64(DATA + 8)]).toEqual([insn, NONE, value]);
    }
  });

  test("loads box what they read", () => {
    machine.write64(DATA, 0x1234_5678_9abc_def0n);
    hart.setX(3, BigInt(DATA + 16));
    for (const [insn, value] of [
      ["fld f1, -16(x3)", 0x1234_5678_9abc_def0n],
      ["flw f1, -16(x3)", box32(0x9abc_def0n)],
      ["flh f1, -16(x3)", box16(0xdef0n)],
    ] as const) {
      expect([insn, execute(insn), hart.f(1)]).toEqual([insn, NONE, value]);
    }
  });
});

describe("fused multiply-add", () => {
  // 3 * 5 and 7
  test.each([
    ["fmadd.d", 22],
    ["fmsub.d", 8],
    ["fnmsub.d", -8],
    ["fnmadd.d", -22],
  ])("%s of 3, 5 and 7 is %i", (name, value) => {
    const bits = (x: number): bigint => new BigUint64Array(new Float64Array([x]).buffer)[0]!;
    [3, 5, 7].forEach((x, index) => hart.setF(index + 2, bits(x)));
    expect(execute(`${name} f1, f2, f3, f4`)).toBe(NONE);
    expect(hart.f(1)).toBe(bits(value));
    expect(hart.csr(FFLAGS)).toBe(0n);
  });
});

describe("fli", () => {
  test.each(["h", "s", "d"] as const)("fli.%s gives the table's 32 constants", (format) => {
    const match = wideInstructions.find(({ name }) => name === `fli.${format}`)!.match;
    const got = fliValues[format].map((_, index) => {
      expect(executeWord((match | (index << 15) | (1 << 7)) >>> 0)).toBe(NONE);
      return hart.f(1);
    });
    expect(got).toEqual(fliValues[format]);
    expect(hart.csr(FFLAGS)).toBe(0n);
  });
});

test("fcvtmod.w.d has no rounding mode but RTZ", () => {
  const word = assembleWord("fcvtmod.w.d x1, f2, rtz");
  hart.setF(2, 0x41f0_0000_0018_0000n);
  expect(executeWord(word)).toBe(NONE);
  expect(hart.x(1)).toBe(1n);
  expect(hart.csr(FFLAGS)).toBe(NV);
  for (const rm of [0, 2, 3, 4, 7]) expect(executeWord((word & ~0x7000) | (rm << 12))).toBe(ILLEGAL);
});
