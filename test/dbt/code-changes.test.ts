/** Code that changes while it is hot: by the guest's own stores, by the host's, by page tables. */

import { describe, expect, test } from "vitest";
import { assemble } from "../../src/isa/assemble.ts";
import { RAM_PA, type TestMachine } from "../support/core.ts";
import { Pte, PageTables, RWXAD } from "../support/paging.ts";
import { runHot } from "./hot-machine.ts";

const SATP = 0x180;
const MSTATUS = 0x300;
const MPP_S = 1n << 11n;
const VA = 0x40_0000n;
const OTHER_VA = 0x80_0000n;
const TABLES_PA = RAM_PA + 0x8_0000;

/** Hart `index` goes on at `va` in S mode behind `tables`. */
function enterSupervisor(machine: TestMachine, tables: PageTables, va: bigint, index = 0): void {
  const hart = machine.hart(index);
  hart.setCsr(0x3b0, (1n << 54n) - 1n);
  hart.setCsr(0x3a0, 0x1fn);
  hart.setCsr(SATP, tables.satp);
  hart.setCsr(MSTATUS, MPP_S);
  hart.setCsr(0x341, va);
  machine.loadWords([0x3020_0073], RAM_PA + 0x7_0000);
  hart.pc = BigInt(RAM_PA + 0x7_0000);
}

describe("a guest's stores into its hot code", () => {
  test("count after its fence.i", async () => {
    const { machine, ended } = await runHot(`
      li s0, 60
      la s1, patched
      li s3, 0x00150513
      li s4, 0x00350513
    round:
      li s2, 1000
    loop:
    patched:
      addi a0, a0, 1
      xor a1, a1, a0
      addi s2, s2, -1
      bnez s2, loop
      xor s3, s3, s4
      xor s4, s4, s3
      xor s3, s3, s4
      sw s3, 0(s1)
      fence.i
      addi s0, s0, -1
      bnez s0, round
    end: j end
    `);
    expect(ended).toBe(true);
    expect(machine.hart().x(10)).toBe(BigInt(30 * 1000 * (1 + 3)));
  });

  test("count in a function that is called from hot code and was made part of it", async () => {
    const { machine, ended } = await runHot(`
      li s0, 40
      la s1, callee
      li s3, 0x00150513
      li s4, 0x00350513
    round:
      li s2, 500
    loop:
      call callee
      addi s2, s2, -1
      bnez s2, loop
      xor s3, s3, s4
      xor s4, s4, s3
      xor s3, s3, s4
      sw s3, 0(s1)
      fence.i
      addi s0, s0, -1
      bnez s0, round
    end: j end
    .align 12
    callee:
      addi a0, a0, 1
      ret
    `);
    expect(ended).toBe(true);
    expect(machine.hart().x(10)).toBe(BigInt(20 * 500 * (1 + 3)));
  });

  test("count when they turn the middle of a loop into garbage, which traps", async () => {
    const { machine } = await runHot(
      `
      la t0, handler
      csrw mtvec, t0
      la s1, patched
      li s2, 3000
    loop:
      addi a0, a0, 1
    patched:
      addi a1, a1, 1
      addi s2, s2, -1
      bnez s2, loop
      sw zero, 0(s1)
      fence.i
      li s2, 3000
      j loop
    .align 2
    handler:
      csrr a2, mepc
      csrr a3, mcause
      addi a4, a4, 1
      addi a2, a2, 4
      csrw mepc, a2
      mret
    `,
      { slices: 8 },
    );
    expect(machine.hart().x(13)).toBe(2n);
    expect(machine.hart().x(14)).toBeGreaterThan(1000n);
  });
});

test("a remote fence.i makes another hart's stores into hot code count", async () => {
  const { machine } = await runHot(
    `
      csrr t0, mhartid
      bnez t0, writer
    loop:
    patched:
      addi a0, a0, 1
      addi a1, a1, 1
      j loop
    writer:
      la s1, patched
      li s3, 0x00350513
      sw s3, 0(s1)
      addi s2, s2, 1
      li t1, 20000
    pause:
      addi t1, t1, -1
      bnez t1, pause
      li s3, 0x00150513
      sw s3, 0(s1)
      li t1, 20000
    again:
      addi t1, t1, -1
      bnez t1, again
      j writer
    `,
    { harts: 2, slices: 60, between: ({ core, harts }) => core.hart_fence_i(harts[0]!.view.ma) },
  );
  const [ones, all] = [machine.hart().x(11), machine.hart().x(10)];
  expect(all).toBeGreaterThan(ones);
  expect(all).toBeLessThan(3n * ones);
});

test("what the host writes into hot code is executed", async () => {
  const { machine, label } = await runHot(`loop: addi a0, a0, 1; addi a1, a1, 1; j loop; end: nop`, {
    slices: 20,
    between: (vm, slice, at) => {
      if (slice !== 10) return;
      vm.load(assemble("addi a0, a0, 5"), at("loop"));
      vm.space.codeChanged(vm.core);
    },
  });
  expect(label("loop")).toBe(RAM_PA);
  const [fives, ones] = [machine.hart().x(10), machine.hart().x(11)];
  expect((fives - ones) % 4n).toBe(0n);
  expect(fives).toBeGreaterThan(2n * ones);
});

describe("page tables", () => {
  const CODE = (step: number) => assemble(`loop: addi a0, a0, ${step}; addi a1, a1, 1; j loop`);
  const FIRST = RAM_PA + 0x1_0000;
  const SECOND = RAM_PA + 0x2_0000;

  test("that map another frame where hot code was change what runs, after sfence.vma", async () => {
    const { machine } = await runHot("nop", {
      slices: 30,
      setUp: (vm) => {
        vm.load(CODE(1), FIRST);
        vm.load(CODE(7), SECOND);
        const tables = new PageTables(vm, TABLES_PA);
        tables.map(VA, FIRST);
        enterSupervisor(vm, tables, VA);
      },
      between: (vm, slice) => {
        if (slice % 5 !== 4) return;
        new PageTables(vm, TABLES_PA).map(VA, slice % 10 === 4 ? SECOND : FIRST);
        vm.core.hart_flush(vm.hart().view.ma);
      },
    });
    const [sum, rounds] = [machine.hart().x(10), machine.hart().x(11)];
    expect((sum - rounds) % 6n).toBe(0n);
    expect(sum).toBeGreaterThan(2n * rounds);
    expect(sum).toBeLessThan(7n * rounds);
  });

  test("of two address spaces give the same address different code, as satp changes", async () => {
    const { machine, ended } = await runHot(
      `
      li s0, 200
    round:
      mv t0, s1
      mv s1, s2
      mv s2, t0
      csrw satp, s1
      sfence.vma
      jalr ra, 0(s3)
      addi s0, s0, -1
      bnez s0, round
    end: j end
    `,
      {
        setUp: (vm) => {
          const body = (step: number) =>
            assemble(`li t1, 100; loop: addi a0, a0, ${step}; addi t1, t1, -1; bnez t1, loop; ret`);
          vm.load(body(1), FIRST);
          vm.load(body(2), SECOND);
          const [a, b] = [new PageTables(vm, TABLES_PA), new PageTables(vm, TABLES_PA + 0x1_0000)];
          for (const tables of [a, b]) tables.map(BigInt(RAM_PA), RAM_PA, RWXAD | Pte.G);
          a.map(VA, FIRST);
          b.map(VA, SECOND);
          enterSupervisor(vm, a, BigInt(RAM_PA));
          vm.hart().setX(9, a.satp | (1n << 44n));
          vm.hart().setX(18, b.satp | (2n << 44n));
          vm.hart().setX(19, VA);
        },
      },
    );
    expect(ended).toBe(true);
    expect(machine.hart().x(10)).toBe(BigInt(100 * 100 * (1 + 2)));
  });

  test("that map one frame at two addresses give code that runs at both, with its own pc", async () => {
    const { machine } = await runHot(
      `
    round:
      jalr ra, 0(s1)
      jalr ra, 0(s2)
      j round
    `,
      {
        setUp: (vm) => {
          vm.load(
            assemble(`
              auipc t0, 0
              xor a0, a0, t0
              li t1, 60
            loop:
              auipc t0, 0
              add a1, a1, t0
              addi t1, t1, -1
              bnez t1, loop
              ret`),
            FIRST,
          );
          const tables = new PageTables(vm, TABLES_PA);
          tables.map(BigInt(RAM_PA), RAM_PA);
          tables.map(VA, FIRST);
          tables.map(OTHER_VA, FIRST);
          enterSupervisor(vm, tables, BigInt(RAM_PA));
          vm.hart().setX(9, VA);
          vm.hart().setX(18, OTHER_VA);
        },
      },
    );
    expect(machine.hart().x(11)).toBeGreaterThan(VA * 1000n);
  });

  test("of two harts give the same address and the same frame different neighbours", async () => {
    const { machine } = await runHot("nop", {
      harts: 2,
      setUp: (vm) => {
        const first = new Uint8Array(4096).fill(1);
        first.set(assemble("loop: addi a0, a0, 1; addi a1, a1, 1"), 4096 - 8);
        for (let at = 0; at < 4088; at += 2) first.set([1, 0], at);
        vm.load(first, FIRST);
        const back = (step: number) => assemble(`addi a0, a0, ${step}; jal zero, -12`);
        vm.load(back(3), SECOND);
        vm.load(back(5), SECOND + 4096);
        for (const index of [0, 1]) {
          const tables = new PageTables(vm, TABLES_PA + index * 0x1_0000);
          tables.map(VA, FIRST);
          tables.map(VA + 4096n, SECOND + index * 4096);
          enterSupervisor(vm, tables, VA + 4088n, index);
        }
      },
    });
    const [a, b] = [machine.hart(0), machine.hart(1)];
    expect(a.x(10) / a.x(11)).toBe(4n);
    expect(b.x(10) / b.x(11)).toBe(6n);
  });
});

test("garbage that is jumped into traps, again and again", async () => {
  const { machine } = await runHot(
    `
      la t0, handler
      csrw mtvec, t0
      la s0, garbage
      li s1, 12345
    again:
      li t1, 1103515245
      mul s1, s1, t1
      addi s1, s1, 1013
      srli t2, s1, 16
      andi t2, t2, 1022
      add t2, t2, s0
      sw s1, 0(t2)
      fence.i
      jr t2
    .align 2
    handler:
      csrr t1, mepc
      add a0, a0, t1
      csrr t1, mcause
      add a1, a1, t1
      csrr t1, mtval
      xor a2, a2, t1
      addi a3, a3, 1
      la s0, garbage
      la t0, handler
      csrw mtvec, t0
      j again
    .align 4
    garbage:
      .zero 2048
    `,
    { slices: 30 },
  );
  expect(machine.hart().x(13)).toBeGreaterThan(100n);
});
