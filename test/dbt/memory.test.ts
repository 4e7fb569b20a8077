/** Loads and stores of hot code where they do not simply hit RAM. */

import { describe, expect, test } from "vitest";
import { RAM_PA, type TestMachine } from "../support/core.ts";
import { Pte, PageTables, RWXAD } from "../support/paging.ts";
import { runHot } from "./hot-machine.ts";

const TABLES_PA = RAM_PA + 0x8_0000;
const DATA_PA = RAM_PA + 0x2_0000;
const VA = 0x40_0000n;
const END_OF_RAM = RAM_PA + 0x10_0000;

/** Remembers the latest trap in s2 to s4, counts them in s5, and goes on at `again`. */
const HANDLER = `
  .align 2
  handler:
    csrr s2, mcause
    csrr s3, mtval
    csrr s4, mepc
    addi s5, s5, 1
    la t0, again
    csrw mepc, t0
    mret
`;

const trapOf = (vm: TestMachine): bigint[] => [18, 19, 20].map((register) => vm.hart().x(register));

/** Data accesses of the program, which runs in M mode, go by `tables` as S mode's do: mstatus.MPRV with MPP = S. */
function translateData(machine: TestMachine, tables: PageTables, status = 0n): void {
  const hart = machine.hart();
  hart.setCsr(0x3b0, (1n << 54n) - 1n);
  hart.setCsr(0x3a0, 0x1fn);
  hart.setCsr(0x180, tables.satp);
  hart.setX(9, (1n << 17n) | (1n << 11n) | status);
}

describe("a loop that walks", () => {
  test("off the end of RAM, with a check that serves several accesses, traps at its access", async () => {
    const { machine, label } = await runHot(
      `
        la t0, handler
        csrw mtvec, t0
      again:
        li s0, ${END_OF_RAM - 0x4000}
      loop:
        ld a0, 0(s0)
        ld a1, 8(s0)
        add a2, a2, a0
        sd a2, 16(s0)
      faults:
        sd a1, 40(s0)
        addi s0, s0, 16
        j loop
      ${HANDLER}
      `,
      { slices: 12 },
    );
    expect(trapOf(machine)).toEqual([7n, BigInt(END_OF_RAM + 8), BigInt(label("faults"))]);
    expect(machine.hart().x(21)).toBeGreaterThan(10n);
  });

  test("below the start of RAM traps at its access", async () => {
    const { machine, label } = await runHot(
      `
        la t0, handler
        csrw mtvec, t0
      again:
        li s0, ${RAM_PA + 0x800}
      loop:
        lw a1, 4(s0)
      faults:
        lw a0, -8(s0)
        add a2, a2, a0
        addi s0, s0, -4
        j loop
      ${HANDLER}
      `,
      { slices: 12 },
    );
    expect(trapOf(machine)).toEqual([5n, BigInt(RAM_PA - 4), BigInt(label("faults"))]);
  });

  test("into a page that is not mapped traps at its access, with all registers as they were", async () => {
    const { machine, label } = await runHot(
      `
        la t0, handler
        csrw mtvec, t0
      again:
        csrs mstatus, s1
        li s0, ${VA}
      loop:
        ld a0, 0(s0)
        addi a4, a4, 1
        sd a4, 8(s0)
        xor a5, a5, a0
      faults:
        lw a1, 24(s0)
        add a2, a2, a1
        addi s0, s0, 16
        j loop
      .align 2
      handler:
        csrr s2, mcause
        csrr s3, mtval
        csrr s4, mepc
        addi s5, s5, 1
        la t0, again
        csrw mepc, t0
        li t0, 0x1800
        csrs mstatus, t0
        mret
      `,
      {
        slices: 12,
        setUp: (vm) => {
          const tables = new PageTables(vm, TABLES_PA);
          for (let page = 0; page < 8; page++) tables.map(VA + BigInt(page * 4096), DATA_PA + page * 8192);
          translateData(vm, tables);
        },
      },
    );
    expect(trapOf(machine)).toEqual([13n, VA + 0x8008n, BigInt(label("faults"))]);
    expect(machine.hart().x(21)).toBeGreaterThan(3n);
  });
});

test.each([1, 3, 4088, 4090, 4093, 4095])("misaligned accesses, %i bytes into a page", async (offset) => {
  const { machine, ended } = await runHot(
    `
      li s0, ${DATA_PA + offset}
      li s1, 20000
    loop:
      ld a0, 0(s0)
      add a0, a0, s1
      sd a0, 0(s0)
      lw a1, 5(s0)
      sh a1, 9(s0)
      lhu a2, 3(s0)
      add a3, a3, a2
      addi s1, s1, -1
      bnez s1, loop
    end: j end
    `,
  );
  expect(ended).toBe(true);
  expect(machine.read64(DATA_PA + offset)).not.toBe(0n);
});

test("accesses across two pages that lie apart", async () => {
  const { ended } = await runHot(
    `
      csrs mstatus, s1
      li s0, ${VA + 4096n - 3n}
      li s2, 5000
    loop:
      ld a0, 0(s0)
      add a0, a0, s2
      sd a0, 0(s0)
      sw a0, -2(s0)
      lhu a1, 2(s0)
      add a3, a3, a1
      addi s2, s2, -1
      bnez s2, loop
    end: j end
    `,
    {
      setUp: (vm) => {
        const tables = new PageTables(vm, TABLES_PA);
        tables.map(VA, DATA_PA + 0x5000);
        tables.map(VA + 4096n, DATA_PA);
        translateData(vm, tables);
      },
    },
  );
  expect(ended).toBe(true);
});

describe("a device in a hot loop", () => {
  test("gets every access, in order", async () => {
    const accesses: string[] = [];
    const { machine } = await runHot(
      `
        li s0, 0x10000000
        li s1, 3000
      loop:
        lbu a0, 5(s0)
        add a1, a1, a0
        sb a1, 0(s0)
        ld a2, 8(s0)
        xor a3, a3, a2
        addi s1, s1, -1
        bnez s1, loop
      end: j end
      `,
      {
        slices: 20,
        mmioLoad: (pa, size) => (accesses.push(`load${size} ${pa & 0xf}`), BigInt(pa & 0xf) + 1n),
        mmioStore: (pa, size, value) => accesses.push(`store${size} ${pa & 0xf} ${value & 0xffn}`) > 0,
      },
    );
    expect(machine.hart().x(11)).toBe(BigInt(3000 * 6));
    const round = (n: number): string[] => ["load1 5", `store1 0 ${((n + 1) * 6) & 0xff}`, "load8 8"];
    const once = Array.from({ length: 3000 }, (_, n) => round(n)).flat();
    expect(accesses.length).toBe(2 * once.length);
    expect([...accesses].sort()).toEqual([...once, ...once].sort());
  });

  test("that answers now and then not faults with that access", async () => {
    const { machine, label } = await runHot(
      `
        la t0, handler
        csrw mtvec, t0
        li s0, 0x10000000
      again:
        li s1, 0x10000000
      loop:
        lw a0, 0(s1)
        add a1, a1, a0
      faults:
        sw a1, 4(s1)
        addi s1, s1, 8
        j loop
      ${HANDLER}
      `,
      {
        slices: 15,
        mmioLoad: (pa) => BigInt(pa & 0xff),
        mmioStore: (pa) => pa < 0x1000_0800,
      },
    );
    expect(trapOf(machine)).toEqual([7n, 0x1000_0804n, BigInt(label("faults"))]);
  });
});

describe("mstatus", () => {
  const STATUS: [string, bigint, bigint][] = [
    ["MPRV", 1n << 17n, RWXAD],
    ["MXR", 1n << 19n, Pte.V | Pte.X | Pte.A],
    ["SUM", 1n << 18n, RWXAD | Pte.U],
  ];

  test.each(STATUS)("%s that changes in a hot loop counts for the next access", async (_, bit, flags) => {
    const { machine } = await runHot(
      `
        la t0, handler
        csrw mtvec, t0
        csrs mstatus, s1
        li s0, ${DATA_PA}
        li s2, 12
      loop:
        csrs mstatus, s6
        lw a0, 0(s0)
        add a1, a1, a0
        addi a2, a2, 1
        csrc mstatus, s6
        lw a0, 0(s0)
        add a3, a3, a0
        addi a4, a4, 1
        j loop
      .align 2
      handler:
        csrr t1, mcause
        add s7, s7, t1
        csrr t1, mtval
        xor s8, s8, t1
        addi s5, s5, 1
        csrr t0, mepc
        addi t0, t0, 4
        li t1, 0x1000
        csrc mstatus, t1
        jr t0
      `,
      {
        slices: 12,
        setUp: (vm) => {
          vm.write32(DATA_PA, 5);
          vm.write32(DATA_PA + 0x1000, 9);
          const tables = new PageTables(vm, TABLES_PA);
          tables.map(BigInt(DATA_PA), DATA_PA + 0x1000, flags);
          translateData(vm, tables);
          vm.hart().setX(22, bit);
        },
      },
    );
    const hart = machine.hart();
    expect(hart.x(12)).toBeGreaterThan(1000n);
    expect(hart.x(11)).toBe(hart.x(12) * 9n);
    // Without MXR or SUM the access traps, and a0 stays what it was.
    const traps = bit !== 1n << 17n;
    expect(hart.x(21) > 1000n).toBe(traps);
    expect(hart.x(13)).toBe(hart.x(14) * (traps ? 9n : 5n));
  });
});

test("atomic accesses and reservations in hot code", async () => {
  const { machine, ended } = await runHot(
    `
      li s0, ${DATA_PA}
      li s1, 8000
      li a1, 3
    loop:
      amoadd.d a0, a1, (s0)
      lr.d a2, (s0)
      addi a2, a2, 1
      sc.d a3, a2, (s0)
      add a4, a4, a3
      sc.d a3, a2, (s0)
      add a5, a5, a3
      addi t0, s0, 8
      amomax.w a6, s1, (t0)
      addi t0, s0, 16
      mv a7, a2
      amocas.d a7, s1, (t0)
      addi s1, s1, -1
      bnez s1, loop
    end: j end
    `,
  );
  expect(ended).toBe(true);
  expect(machine.read64(DATA_PA)).toBe(32_000n);
  expect([machine.hart().x(14), machine.hart().x(15)]).toEqual([0n, 8000n]);
});
