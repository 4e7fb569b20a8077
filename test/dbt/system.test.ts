import { describe, expect, it } from "vitest";
import { Irq, Sensitive } from "../../assembly/shared/constants.ts";
import { RAM_PA, type TestMachine } from "../support/core.ts";
import { PageTables, Pte, RWXAD } from "../support/paging.ts";
import { compare, type Setting } from "./compare.ts";

const DATA = RAM_PA + 0x8000;

/** A trap handler in M mode at `vector` that counts in s10, mixes cause and pc into s11, and skips the instruction. */
const SKIP = `
vector:
  csrrw t6, mscratch, t6
  addi s10, s10, 1
  csrr t6, mcause
  add s11, s11, t6
  csrr t6, mepc
  xor s11, s11, t6
  slli t5, s11, 7
  add s11, s11, t5
  addi t6, t6, 4
  csrw mepc, t6
  csrrw t6, mscratch, t6
  mret
`;

/** Lets the lower modes reach all memory: without an entry PMP denies it. */
const OPEN = `
  li t0, -1
  csrw pmpaddr0, t0
  csrwi pmpcfg0, 31
`;

/** Enters S mode at the label \`super\`, with all interrupts and no exceptions delegated. */
const TO_S = `${OPEN}
  la t0, vector
  csrw mtvec, t0
  li t0, 0x222
  csrw mideleg, t0
  la t0, super
  csrw mepc, t0
  li t0, 0x1800
  csrc mstatus, t0
  li t0, 0x800
  csrs mstatus, t0
  mret
`;

/** In S mode, an interrupt handler that counts in s8 and mixes the interrupted pc into s9. */
const S_VECTOR = `
  .align 2
svector:
  addi s8, s8, 1
  csrr t6, sepc
  xor s9, s9, t6
  slli t5, s9, 5
  add s9, s9, t5
  csrci sip, 2
  sret
`;

const programs: Record<string, Setting> = {
  "scratch and trap CSRs, in every form": {
    source: `
      li a0, 0x123456789
    loop:
      csrrw a0, mscratch, a0
      addi a0, a0, 3
      csrrw a1, sscratch, a0
      csrrs a2, mcause, a1
      csrrc a3, mcause, a0
      csrrwi a4, mtval, 9
      csrrsi a5, mtval, 22
      csrrci a6, mtval, 5
      csrw mepc, a0
      csrr a7, mepc
      csrrs s2, sepc, a0
      csrrw zero, stval, a2
      csrr s3, stval
      csrrs s3, scause, s3
      csrr s4, mtvec
      csrr s5, mhartid
      csrr s6, satp
      csrr s7, misa
      add s0, s0, a7
      xor s0, s0, a3
      slli s1, s0, 9
      add s0, s0, s1
      add s0, s0, a6
      j loop`,
  },
  "counters, exactly": {
    source: `
    loop:
      csrr a0, instret
      add s0, s0, a0
      csrr a1, cycle
      csrr a2, time
      xor s0, s0, a2
      slli s1, s0, 3
      add s0, s0, s1
      csrw minstret, s0
      csrr a3, minstret
      csrr a4, mcycle
      csrwi mcountinhibit, 1
      csrr a5, mcycle
      csrwi mcountinhibit, 0
      csrr a6, mcycle
      add s0, s0, a3
      j loop`,
  },
  "mstatus and sstatus": {
    source: `
      li s2, 0x0102a
    loop:
      csrrs a0, mstatus, s2
      csrrc a1, sstatus, s2
      csrrsi a2, sstatus, 2
      csrrci a3, sstatus, 2
      csrrw a4, sstatus, s3
      csrr a5, mstatus
      csrr a6, sstatus
      addi s3, s3, 0x123
      slli s4, s3, 13
      csrrc a7, mstatus, s4
      li s5, 0x18000
      and s4, s4, s5
      csrrs s6, mstatus, s4
      xor s0, s0, a0
      add s0, s0, a5
      add s0, s0, a6
      slli s1, s0, 1
      add s0, s0, s1
      j loop`,
  },
  "an interrupt that the guest unmasks": {
    source: `${TO_S}
    super:
      la t0, svector
      csrw stvec, t0
      csrsi sie, 2
      li s2, 2
    loop:
      addi s0, s0, 1
      andi t0, s0, 63
      bnez t0, quiet
      csrsi sip, 2
    quiet:
      csrsi sstatus, 2
      addi s1, s1, 1
      csrrci a0, sstatus, 2
      add s3, s3, a0
      andi t0, s0, 127
      addi t0, t0, -5
      bnez t0, other
      csrsi sip, 2
      addi s4, s4, 1
      csrs sstatus, s2
      addi s4, s4, 1
    other:
      csrc sstatus, s2
      j loop
    ${S_VECTOR}${SKIP}`,
  },
  "a line that rises while the guest has it masked": {
    source: `${TO_S}
    super:
      la t0, svector
      csrw stvec, t0
      li t0, 0x200
      csrs sie, t0
    loop:
      csrrsi a0, sstatus, 2
      addi s0, s0, 1
      csrrci a1, sstatus, 2
      addi s1, s1, 1
      addi s1, s1, 1
      addi s1, s1, 1
      j loop
    ${S_VECTOR}${SKIP}`,
    slices: 24,
    between: (machine, slice) => machine.hart().setLines(1 << Irq.SEI, slice % 4 === 1 ? 1 << Irq.SEI : 0),
  },
  "accesses that trap": {
    source: `${TO_S}
    super:
      la t0, svector
      csrw stvec, t0
      csrw scounteren, zero
    loop:
      csrr a0, mstatus
      csrr a1, 0x7c0
      csrw cycle, a0
      csrr a2, instret
      addi s0, s0, 1
      csrr a3, satp
      sfence.vma zero, zero
      add s1, s1, a2
      csrr a4, stimecmp
      fence
      j loop
    ${S_VECTOR}${SKIP}`,
    prepare: (machine) => machine.hart().setCsr(0x300, 1n << 20n),
  },
  "SUM, MXR and MPRV switched on and off": {
    source: `${OPEN}
      la t0, vector
      csrw mtvec, t0
      li t0, 0x20000
      li t1, 0x800
      csrs mstatus, t1
      li t2, 0x40000
      li t3, 0x80000
      li a1, 0x10000
      li a2, 0x11000
      li s3, ${DATA}
    loop:
      csrs mstatus, t0
      ld a3, 0(a1)
      sd s0, 8(a1)
      csrs mstatus, t2
      ld a4, 0(a1)
      sd s0, 16(a1)
      ld a5, 0(a2)
      csrs mstatus, t3
      ld a5, 0(a2)
      csrc mstatus, t3
      csrc mstatus, t2
      csrc mstatus, t0
      ld a6, 0(s3)
      add s0, s0, a4
      addi s0, s0, 1
      csrrw t4, mstatus, t4
      csrrw t4, mstatus, t4
      j loop
    ${SKIP}`,
    prepare: (machine) => {
      const tables = new PageTables(machine, RAM_PA + 0x20000);
      tables.map(0x10000n, DATA, Pte.V | Pte.R | Pte.W | Pte.U | Pte.A | Pte.D);
      tables.map(0x11000n, DATA, Pte.V | Pte.X | Pte.A);
      machine.hart().setCsr(0x180, tables.satp);
      machine.write64(DATA, 77n);
    },
  },
  "pages remapped, with the fence that it takes": {
    source: `${TO_S}
    super:
      li s2, 0x2000000000
    loop:
      ld a0, 0(s2)
      add s0, s0, a0
      sd s0, 8(s2)
      ld a1, 0(s3)
      xor a1, a1, s4
      sd a1, 0(s3)
      sfence.vma s2, zero
      ld a0, 0(s2)
      add s0, s0, a0
      call store
      andi a3, s0, 15
      bnez a3, loop
      sfence.vma zero, zero
      j loop
    store:
      addi s5, s5, 1
      sd s5, 24(s2)
      csrr a4, satp
      csrw satp, a4
      sd s5, 32(s2)
      ret
    ${SKIP}`,
    prepare: (machine) => {
      const tables = new PageTables(machine, RAM_PA + 0x20000);
      tables.map(BigInt(RAM_PA), RAM_PA);
      tables.map(BigInt(RAM_PA) + 0x1000n, RAM_PA + 0x1000);
      const slot = tables.map(0x2000000000n, DATA);
      tables.map(0x30000n, slot - (slot % 4096), RWXAD);
      machine.hart().setX(19, 0x30000n + BigInt(slot % 4096));
      machine.hart().setX(20, BigInt((DATA ^ (DATA + 0x1000)) >>> 12) << 10n);
      machine.write64(DATA, 5n);
      machine.write64(DATA + 0x1000, 1000n);
      machine.hart().setCsr(0x180, tables.satp);
    },
  },
  "two address spaces in turn": {
    source: `${TO_S}
    super:
      li s2, 0x2000000000
    loop:
      call work
      csrrw s3, satp, s3
      sfence.vma zero, zero
      call work
      csrrw s3, satp, s3
      sfence.vma zero, zero
      j loop
    work:
      li a1, 6
    more:
      ld a0, 0(s2)
      addi a0, a0, 1
      sd a0, 0(s2)
      add s0, s0, a0
      slli a2, s0, 1
      xor s0, s0, a2
      addi a1, a1, -1
      bnez a1, more
      ret
    ${SKIP}`,
    prepare: (machine) => {
      const spaces = [0x10000, 0x20000].map((at, i) => {
        const tables = new PageTables(machine, RAM_PA + at);
        tables.map(BigInt(RAM_PA), RAM_PA);
        tables.map(0x2000000000n, DATA + i * 0x1000);
        return tables.satp;
      });
      machine.hart().setX(19, spaces[1]!);
      machine.hart().setCsr(0x180, spaces[0]!);
    },
  },
  "floating point switched off, on and cleaned": {
    source: `
      la t0, vector
      csrw mtvec, t0
      li t0, 0x6000
      li t1, 0x4000
      li t2, 0x2000
      csrs mstatus, t0
    loop:
      fcvt.d.l fa0, s0
      fadd.d fa1, fa1, fa0
      csrc mstatus, t0
      fadd.d fa2, fa1, fa0
      csrr a0, fflags
      csrs mstatus, t2
      csrr a1, fflags
      fmul.d fa3, fa0, fa0
      csrr a2, mstatus
      xor s1, s1, a2
      csrs mstatus, t0
      csrrw a3, fflags, s0
      csrrw a4, frm, s0
      fdiv.d fa4, fa1, fa3
      csrw frm, zero
      csrr a5, fcsr
      add s1, s1, a5
      slli s2, s1, 2
      add s1, s1, s2
      addi s0, s0, 1
      j loop
    ${SKIP}`,
  },
};

const KINDS = [Sensitive.INLINE, Sensitive.CALLOUT, Sensitive.EXIT];

describe("sensitive instructions in translated code", () => {
  for (const [name, setting] of Object.entries(programs)) {
    for (const sensitive of KINDS) {
      it(`leave what the interpreter leaves: ${name} (${Sensitive[sensitive]})`, async () => {
        const { differences, regions, emulated } = await compare({ ...setting, sensitive });
        expect(differences).toEqual([]);
        // With EXIT some of the programs have no two instructions in a row that could be a region.
        if (sensitive === Sensitive.EXIT) return;
        expect(regions).toBeGreaterThan(0);
        expect(emulated).toBe(0);
      });
    }
  }
});

describe("with sensitive: exit", () => {
  it("translated code returns to the host for each CSR access", async () => {
    const source = `
    loop:
      addi s0, s0, 1
      xor s1, s1, s0
      csrrw s2, mscratch, s1
      add s1, s1, s2
      slli s2, s1, 3
      add s1, s1, s2
      j loop`;
    const { differences, emulated } = await compare({ source, sensitive: Sensitive.EXIT });
    expect(differences).toEqual([]);
    expect(emulated).toBeGreaterThan(1000);
  });
});

describe("the programs that compare the engines", () => {
  it("take traps and interrupts where they are meant to", async () => {
    const traps = async (name: string): Promise<number> => (await compare(programs[name]!)).traps;
    expect(await traps("accesses that trap")).toBeGreaterThan(1000);
    expect(await traps("SUM, MXR and MPRV switched on and off")).toBeGreaterThan(1000);
    expect(await traps("floating point switched off, on and cleaned")).toBeGreaterThan(1000);
    const { interpreted } = await compare(programs["an interrupt that the guest unmasks"]!);
    expect(interpreted.hart().x(24)).toBeGreaterThan(100n);
    expect(await traps("pages remapped, with the fence that it takes")).toBe(0);
    expect(await traps("two address spaces in turn")).toBe(0);
  });
});

const AMOS = ["swap", "add", "xor", "and", "or", "min", "max", "minu", "maxu"];

/** Every AMO on words and double words, LR and SC that succeed and fail, and some that trap. */
const ATOMICS = `
  la t0, vector
  csrw mtvec, t0
  li s2, ${DATA}
  li s4, 0x9e3779b97f4a7c15
loop:
  mul s0, s0, s4
  addi s0, s0, 0x35
  srli a1, s0, 11
  xor a1, a1, s0
  ${AMOS.flatMap((name, i) => [`amo${name}.w a2, a1, (s2)`, `xor s3, s3, a2`, `addi t1, s2, ${8 * i}`, `amo${name}.d a3, a1, (t1)`, `add s3, s3, a3`, `mul a1, a1, s4`]).join("\n")}
  amoadd.d s5, s5, (s2)
  lr.w a4, (s2)
  addi a4, a4, 1
  sc.w a5, a4, (s2)
  sc.w a6, a4, (s2)
  lr.d a4, (s2)
  andi a7, s0, 64
  beqz a7, untouched
  sd s0, 0(s2)
untouched:
  sc.d a5, s3, (s2)
  add s6, s6, a5
  lr.d a4, (s2)
  addi t1, s2, 8
  sc.d a5, s3, (t1)
  add s6, s6, a5
  lr.w a4, (s2)
  addi t1, s2, 2
  amoadd.w a2, a1, (t1)
  sc.w a5, s3, (s2)
  slli s7, s6, 1
  add s6, s7, a5
  amoswap.w a2, a1, (zero)
  lr.d zero, (t1)
  andi a7, s0, 0x700
  bnez a7, loop
  lr.w zero, (s2)
  amoswap.w zero, a1, (s2)
  j loop
${SKIP}`;

describe("atomic memory operations in translated code", () => {
  it("leave what the interpreter leaves, in M mode", async () => {
    const { differences, regions, traps } = await compare({ source: ATOMICS, slices: 30 });
    expect(differences).toEqual([]);
    expect(regions).toBeGreaterThan(0);
    expect(traps).toBeGreaterThan(1000);
  });

  it("leave what the interpreter leaves through page tables, with pages that cannot be written", async () => {
    const map = (machine: TestMachine): void => {
      const tables = new PageTables(machine, RAM_PA + 0x20000);
      tables.map(BigInt(RAM_PA), RAM_PA);
      tables.map(BigInt(DATA), DATA, RWXAD);
      tables.map(BigInt(DATA) + 0x1000n, DATA + 0x1000, Pte.V | Pte.R | Pte.A);
      machine.hart().setCsr(0x180, tables.satp);
    };
    const source = `${TO_S}\nsuper:\n${ATOMICS.replace(/la t0, vector\s+csrw mtvec, t0/, "").replace("bnez a7, loop", "bnez a7, loop\nli t2, 0x1000\nadd t2, t2, s2\nlr.w a2, (t2)\namoor.w a3, a2, (t2)\nsc.w a4, a2, (t2)")}`;
    const { differences, regions, traps } = await compare({ source, slices: 30, prepare: map });
    expect(differences).toEqual([]);
    expect(regions).toBeGreaterThan(0);
    expect(traps).toBeGreaterThan(1000);
  });
});
