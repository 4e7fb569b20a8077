/** Privilege modes, traps, interrupts and the floating-point unit's state in hot code, at exact instruction counts. */

import { describe, expect, test } from "vitest";
import { HartField } from "../../assembly/state/layout.ts";
import { Engine, Irq } from "../../assembly/shared/constants.ts";
import { lockstep } from "../../src/index.ts";
import { assembleProgram } from "../../src/isa/assemble.ts";
import { createTestMachine, RAM_PA } from "../support/core.ts";
import { flatGuest, powerOff } from "../support/guest.ts";
import { PageTables, Pte, RWXAD } from "../support/paging.ts";
import { runHot } from "./hot-machine.ts";

const TABLES_PA = RAM_PA + 0x8_0000;

/** Opens all memory to S and U mode. */
const OPEN_PMP = `
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
`;

describe("hot code", () => {
  test.each([
    ["U", 0, Pte.U],
    ["S", 1, 0n],
  ])("in %s mode behind page tables calls M mode and comes back, all hot", async (_, mpp, flag) => {
    const { machine, label } = await runHot(
      `
        ${OPEN_PMP}
        la t0, handler
        csrw mtvec, t0
        li t0, 0x1800
        csrc mstatus, t0
        li t0, ${mpp << 11}
        csrs mstatus, t0
        csrw satp, s1
        sfence.vma
        la t0, user
        csrw mepc, t0
        mret
      .align 2
      handler:
        csrrw sp, mscratch, sp
        csrr t0, mcause
        add s6, s6, t0
        csrr t0, mepc
        addi t0, t0, 4
        csrw mepc, t0
        addi s5, s5, 1
        csrrw sp, mscratch, sp
        mret
      .align 12
      user:
        li s0, 30
      loop:
        addi a0, a0, 1
        sd a0, -16(s7)
        ld a1, -16(s7)
        add a2, a2, a1
        addi s0, s0, -1
        bnez s0, loop
        ecall
        j user
      `,
      {
        setUp: (vm, at) => {
          const tables = new PageTables(vm, TABLES_PA);
          const page = BigInt(at("user"));
          tables.map(page, Number(page), RWXAD | flag);
          tables.map(page + 4096n, Number(page) + 4096, RWXAD | flag);
          vm.hart().setX(9, tables.satp);
          vm.hart().setX(23, page + 8192n);
        },
      },
    );
    expect(machine.hart().x(21)).toBeGreaterThan(200n);
    expect(machine.hart().x(22)).toBe(machine.hart().x(21) * BigInt(8 + mpp));
    expect(label("user") % 4096).toBe(0);
  });

  test("in the middle of which sret goes from S to U mode and back", async () => {
    const { machine } = await runHot(
      `
        ${OPEN_PMP}
        li t0, 0x100
        csrw medeleg, t0
        la t0, supervisor
        csrw mepc, t0
        la t0, service
        csrw stvec, t0
        li t0, 0x1000
        csrc mstatus, t0
        li t0, 0x800
        csrs mstatus, t0
        mret
      supervisor:
        la s4, user
      again:
        addi a3, a3, 1
        csrw sepc, s4
        li t0, 0x100
        csrc sstatus, t0
        sret
      .align 2
      service:
        addi a4, a4, 1
        j again
      user:
        li s0, 20
      loop:
        addi a0, a0, 1
        addi s0, s0, -1
        bnez s0, loop
        ecall
      `,
    );
    expect(machine.hart().x(13)).toBeGreaterThan(500n);
    expect(machine.hart().x(13) - machine.hart().x(14)).toBeLessThan(2n);
  });

  test("in S mode without paging meets PMP entries that M mode puts over its data and takes away", async () => {
    const { machine } = await runHot(`
        ${OPEN_PMP}
        la t0, handler
        csrw mtvec, t0
        la t0, supervisor
        csrw mepc, t0
        li t0, 0x1000
        csrc mstatus, t0
        li t0, 0x800
        csrs mstatus, t0
        la s1, data
        srli s2, s1, 2
        li s4, 0x1f
        mret
      .align 2
      handler:
        csrr t0, mcause
        add s6, s6, t0
        addi s7, s7, 1
        csrr t0, mepc
        addi t0, t0, 4
        csrw mepc, t0
        # After an ecall from S mode the word is read-only, after a store access fault all is open again.
        csrr t0, mcause
        li t1, 9
        beq t0, t1, shut
        li t0, -1
        csrw pmpaddr0, t0
        csrw pmpcfg0, s4
        mret
      shut:
        csrw pmpaddr0, s2
        li t0, -1
        csrw pmpaddr1, t0
        li t0, 0x1f11
        csrw pmpcfg0, t0
        mret
      supervisor:
        li s0, 40
      loop:
        ld a1, 0(s1)
        addi a1, a1, 1
        sd a1, 0(s1)
        addi s0, s0, -1
        bnez s0, loop
        ecall
        li s0, 40
      more:
        lw a2, 0(s1)
        add a3, a3, a2
        sw a3, 0(s1)
        lw a4, 4(s1)
        sw a4, 4(s1)
        addi s0, s0, -1
        bnez s0, more
        j supervisor
      .align 3
      data:
        .dword 0
      `);
    expect(machine.hart().x(23)).toBeGreaterThan(500n);
    expect(machine.hart().x(22)).toBe((machine.hart().x(23) / 2n) * 16n + (machine.hart().x(23) % 2n) * 9n);
  });
});

test("interrupts are taken at exact instruction counts, and mcycle and minstret with them", async () => {
  const { machine } = await runHot(
    `
      la t0, handler
      csrw mtvec, t0
      li t0, 0x80
      csrs mie, t0
      csrsi mstatus, 8
    loop:
      addi a0, a0, 1
      xor a1, a1, a0
      csrr a2, mcycle
      csrr a3, minstret
      add a4, a4, a2
      j loop
    .align 2
    handler:
      csrr s2, mepc
      csrr s3, mcycle
      xor s4, s4, s2
      xor s4, s4, s3
      addi s5, s5, 1
      li t1, 0x80
      csrc mie, t1
      mret
    `,
    {
      slices: 80,
      between: (vm, slice) => {
        const on = slice % 4 === 1;
        vm.hart().setLines(1 << Irq.MTI, on ? 1 << Irq.MTI : 0);
        if (!on) vm.hart().setCsr(0x304, 0x80n);
      },
    },
  );
  expect(machine.hart().x(21)).toBe(20n);
});

test("a timer that the guest sets fires at the same instruction, also out of WFI", async () => {
  const guest = `
    la t0, handler
    csrw mtvec, t0
    li s0, 0x200bff8
    li s1, 0x2004000
    ld t0, 0(s0)
    addi t0, t0, 700
    sd t0, 0(s1)
    li t0, 0x80
    csrs mie, t0
    csrsi mstatus, 8
    li s3, 400
  loop:
    addi a0, a0, 1
    xor a1, a1, a0
    andi t2, a0, 1023
    bnez t2, busy
    wfi
  busy:
    blt s5, s3, loop
    ${powerOff(0)}
  .align 2
  handler:
    csrr s2, mepc
    xor s4, s4, s2
    ld t3, 0(s0)
    xor s4, s4, t3
    andi t4, a0, 511
    add t3, t3, t4
    addi t3, t3, 600
    sd t3, 0(s1)
    addi s5, s5, 1
    mret
  `;
  const config = { memory: "1M", bios: "none", kernel: flatGuest(guest) } as const;
  const { difference, exit, regions } = await lockstep(config, { slices: { least: 3000, most: 50_000 } });
  expect(difference?.text).toBeUndefined();
  expect(exit).toEqual({ code: 0, reason: "poweroff" });
  expect(regions).toBeGreaterThan(0);
});

test("budgets end at exact counts, wherever in a hot loop that is", async () => {
  const source = "loop: addi a0, a0, 1; add a1, a1, a0; xor a2, a2, a1; mul a3, a1, a2; j loop";
  const { bytes } = assembleProgram(source, BigInt(RAM_PA));
  const machine = await createTestMachine({ engine: Engine.TIERED, translator: { hotThreshold: 32 } });
  machine.load(bytes);
  const hart = machine.hart();
  let total = 0n;
  for (let budget = 3000; budget < 9000; budget += 37) {
    hart.run(budget);
    total += BigInt(budget);
    expect(hart.instret).toBe(total);
    expect(hart.pc).toBe(BigInt(RAM_PA) + 4n * (total % 5n));
    expect(hart.x(10)).toBe((total + 4n) / 5n);
  }
  expect(machine.core.code.counters.modules).toBeGreaterThan(0);
});

test("single steps through hot code do what the interpreter does", async () => {
  const { machine } = await runHot(
    `
    loop:
      addi a0, a0, 1
      call twice
      xor a2, a2, a1
      j loop
    twice:
      add a1, a0, a0
      ret
    `,
    {
      slices: 40,
      between: (vm, slice) => {
        if (slice < 20) return;
        for (let i = 0; i < 17; i++) {
          const before = vm.hart().instret;
          vm.hart().run(1);
          if (vm.hart().instret !== before + 1n) throw new Error("a step is one instruction");
        }
      },
    },
  );
  expect(machine.hart().x(11)).toBeGreaterThan(1000n);
});

describe("floating point", () => {
  const LOOP = `
    li t0, 0x6000
    csrs mstatus, t0
    li t1, 3
    fcvt.d.l ft0, t1
    li t1, 7
    fcvt.d.l ft1, t1
  `;

  test("rounds as frm says, however it changes in a hot loop", async () => {
    const { machine } = await runHot(
      `
      ${LOOP}
    loop:
      fsrm zero, s2
      fdiv.d ft2, ft0, ft1
      fadd.d ft3, ft3, ft2
      fsqrt.d ft4, ft3
      fmadd.d ft5, ft2, ft4, ft5
      fdiv.s ft6, ft2, ft4
      fcvt.w.d a1, ft3
      add a2, a2, a1
      fcvt.d.l ft7, a2
      frflags a3
      add a4, a4, a3
      andi t3, s3, 63
      bnez t3, same
      addi s2, s2, 1
      li t4, 5
      remu s2, s2, t4
      fsflags zero, zero
    same:
      addi s3, s3, 1
      j loop
    `
        .replace("fsrm zero, s2", "csrw frm, s2")
        .replace("frflags a3", "csrr a3, fflags")
        .replace("fsflags zero, zero", "csrwi fflags, 0"),
    );
    expect(machine.hart().f(3)).not.toBe(0n);
    expect(machine.hart().x(12)).toBeGreaterThan(100n);
  });

  test("traps while FS is off, and makes it dirty", async () => {
    const { machine } = await runHot(
      `
      la t0, handler
      csrw mtvec, t0
      ${LOOP}
      li s1, 0x6000
      li s2, 0x2000
    loop:
      fadd.d ft2, ft2, ft0
      fsd ft2, 64(s9)
      addi a0, a0, 1
      andi t3, a0, 15
      bnez t3, loop
      csrc mstatus, s1
      andi t3, a0, 16
      beqz t3, off
      csrs mstatus, s2
    off:
      fadd.d ft2, ft2, ft1
      csrr a1, mstatus
      xor a2, a2, a1
      j loop
    .align 2
    handler:
      csrr t5, mcause
      add s4, s4, t5
      addi s5, s5, 1
      csrs mstatus, s2
      mret
    `,
      { setUp: (vm) => vm.hart().setX(25, BigInt(RAM_PA + 0x4000)) },
    );
    const hart = machine.hart();
    expect(hart.x(21)).toBeGreaterThan(100n);
    expect(hart.x(20)).toBe(2n * hart.x(21));
    expect(hart.view.u64(HartField.mstatus) & 0x6000n).not.toBe(0n);
  });

  test.each([
    "fcvt.s.d ft1, ft0",
    "fcvt.d.s ft1, ft0",
    "fcvt.h.d ft1, ft0",
    "fmv.x.d a1, ft0",
    "fli.d ft1, 1.0",
    "flh ft1, 0(zero)",
  ])("traps at each %s of a hot loop while FS is off", async (instruction) => {
    const { machine } = await runHot(`
        la t0, handler
        csrw mtvec, t0
      loop:
        addi a0, a0, 1
        ${instruction}
        j loop
      .align 2
      handler:
        csrr t5, mepc
        addi t5, t5, 4
        csrw mepc, t5
        addi s5, s5, 1
        mret
      `);
    expect(machine.hart().x(21)).toBeGreaterThan(1000n);
    expect(machine.hart().x(10) - machine.hart().x(21)).toBeLessThan(2n);
  });
});
