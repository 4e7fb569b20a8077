import { beforeEach, describe, expect, test } from "vitest";
import { Cause, Exit, Priv } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { RAM_PA } from "../support/core.ts";
import { PageTables, Pte, RWXAD } from "../support/paging.ts";
import { u32, u64, word } from "./models.ts";
import { pairs } from "./operands.ts";
import { dispatchers, Runner } from "./runner.ts";

const DATA = RAM_PA + 0x8_0000;
const TABLES = RAM_PA + 0x9_0000;
const at = BigInt(DATA);
const s64 = (value: bigint) => BigInt.asIntN(64, value);

/** What memory holds afterwards, from what it held and rs2, as signed 64-bit numbers or unsigned ones. */
const operations: Record<
  string,
  { signed: (a: bigint, b: bigint) => bigint } | { unsigned: (a: bigint, b: bigint) => bigint }
> = {
  amoswap: { unsigned: (_, b) => b },
  amoadd: { unsigned: (a, b) => a + b },
  amoxor: { unsigned: (a, b) => a ^ b },
  amoand: { unsigned: (a, b) => a & b },
  amoor: { unsigned: (a, b) => a | b },
  amomin: { signed: (a, b) => (a < b ? a : b) },
  amomax: { signed: (a, b) => (a > b ? a : b) },
  amominu: { unsigned: (a, b) => (a < b ? a : b) },
  amomaxu: { unsigned: (a, b) => (a > b ? a : b) },
};

describe.each(dispatchers)("by $dispatcher", (dispatcher) => {
  let runner: Runner;
  beforeEach(async () => {
    runner = await Runner.create(dispatcher);
  });

  test.each(Object.entries(operations))("%s.d returns what memory held and stores the result", (name, operation) => {
    for (const [a, b] of pairs(50, 11n)) {
      runner.machine.write64(DATA, a);
      const rd = runner.run(`${name}.d x7, x6, (x5)`, { 5: at, 6: b }).x(7);
      const result = "signed" in operation ? operation.signed(s64(a), s64(b)) : operation.unsigned(a, b);
      expect([a, b, rd, runner.machine.read64(DATA)]).toEqual([a, b, a, u64(result)]);
    }
  });

  test.each(Object.entries(operations))("%s.w works on 32 bits and sign-extends what it returns", (name, operation) => {
    for (const [a, b] of pairs(50, 12n)) {
      runner.machine.write64(DATA, a);
      const rd = runner.run(`${name}.w x7, x6, (x5)`, { 5: at + 4n, 6: b }).x(7);
      const held = a >> 32n;
      const result = "signed" in operation ? operation.signed(word(held), word(b)) : operation.unsigned(held, u32(b));
      expect([a, b, rd, runner.machine.read64(DATA)]).toEqual([a, b, u64(word(held)), u32(a) | (u32(result) << 32n)]);
    }
  });

  test("an AMO reads its sources before it writes rd, and may drop what it returns", () => {
    runner.machine.write64(DATA, 5n);
    expect(runner.run("amoadd.d x6, x6, (x5)", { 5: at, 6: 2n }).x(6)).toBe(5n);
    expect(runner.run("amoadd.d x5, x6, (x5)", { 5: at, 6: 2n }).x(5)).toBe(7n);
    runner.run("amoadd.d x0, x6, (x5)", { 5: at, 6: 2n });
    expect(runner.machine.read64(DATA)).toBe(11n);
  });

  test("SC stores and returns 0 after an LR of the same address, then 1", () => {
    runner.machine.write64(DATA, 0x8765_4321n);
    expect(runner.run("lr.w x7, (x5)", { 5: at }).x(7)).toBe(0xffff_ffff_8765_4321n);
    expect(runner.run("sc.w x7, x6, (x5)", { 6: 0x1_0000_0001n }).x(7)).toBe(0n);
    expect(runner.machine.read64(DATA)).toBe(1n);
    expect(runner.run("sc.w x7, x6, (x5)", { 6: 2n }).x(7)).toBe(1n);
    expect(runner.run("lr.d x7, (x5)").x(7)).toBe(1n);
    expect(runner.run("sc.d x7, x6, (x5)", { 6: 3n }).x(7)).toBe(0n);
    expect(runner.machine.read64(DATA)).toBe(3n);
  });

  test("SC fails, and ends the reservation, when its address is another one", () => {
    runner.run("lr.d x7, (x5)", { 5: at });
    expect(runner.run("sc.d x7, x6, (x8)", { 6: 9n, 8: at + 8n }).x(7)).toBe(1n);
    expect(runner.run("sc.d x7, x6, (x5)").x(7)).toBe(1n);
    expect(runner.machine.read64(DATA)).toBe(0n);
    expect(runner.machine.read64(DATA + 8)).toBe(0n);
  });

  test("SC fails when memory has changed since LR", () => {
    runner.run("lr.w x7, (x5)", { 5: at });
    runner.run("sb x6, 1(x5)", { 6: 1n });
    expect(runner.run("sc.w x7, x6, (x5)").x(7)).toBe(1n);
    expect(runner.machine.read64(DATA)).toBe(0x100n);
  });

  test("a trap between LR and SC makes SC fail", () => {
    runner.run("lr.d x7, (x5)", { 5: at });
    expect(runner.trap("ecall")?.cause).toBe(Cause.ECALL_M);
    expect(runner.run("sc.d x7, x6, (x5)").x(7)).toBe(1n);
  });

  test("misaligned atomics raise: LR a load's cause, the others a store's", () => {
    for (const [size, offsets] of [
      ["w", [1n, 2n, 3n]],
      ["d", [1n, 2n, 4n, 7n]],
    ] as const) {
      for (const offset of offsets) {
        const tval = at + offset;
        expect(runner.trap(`lr.${size} x7, (x5)`, { 5: tval })).toEqual({ cause: Cause.LOAD_MISALIGNED, tval });
        expect(runner.trap(`sc.${size} x7, x6, (x5)`, { 5: tval })).toEqual({ cause: Cause.STORE_MISALIGNED, tval });
        expect(runner.trap(`amoadd.${size} x7, x6, (x5)`, { 5: tval })).toEqual({
          cause: Cause.STORE_MISALIGNED,
          tval,
        });
      }
    }
  });

  test("atomics outside RAM raise access faults", () => {
    const tval = 0x1000_0000n;
    expect(runner.trap("lr.w x7, (x5)", { 5: tval })).toEqual({ cause: Cause.LOAD_ACCESS, tval });
    expect(runner.trap("sc.w x7, x6, (x5)", { 5: tval })).toEqual({ cause: Cause.STORE_ACCESS, tval });
    expect(runner.trap("amoor.d x7, x6, (x5)", { 5: tval })).toEqual({ cause: Cause.STORE_ACCESS, tval });
  });

  test("on a page that may only be read, LR works and AMO and SC raise store page faults", () => {
    const tables = new PageTables(runner.machine, TABLES);
    const va = 0x4000_0000n;
    tables.map(va, DATA, RWXAD & ~Pte.W & ~Pte.D);
    const hart = runner.machine.hart();
    hart.setCsr(Csr.SATP, tables.satp);
    const asSupervisor = () => hart.setCsr(Csr.MSTATUS, (1n << 17n) | (1n << 11n));
    runner.machine.write64(DATA, 42n);
    asSupervisor();
    expect(runner.run("lr.d x7, (x5)", { 5: va }).x(7)).toBe(42n);
    expect(runner.trap("sc.d x7, x6, (x5)", { 5: va })).toEqual({ cause: Cause.STORE_PAGE, tval: va });
    asSupervisor();
    expect(runner.trap("amoadd.w x7, x6, (x5)", { 5: va })).toEqual({ cause: Cause.STORE_PAGE, tval: va });
    asSupervisor();
    expect(runner.trap("amoadd.w x7, x6, (x5)", { 5: va + 0x1000n })).toEqual({
      cause: Cause.STORE_PAGE,
      tval: va + 0x1000n,
    });
    asSupervisor();
    expect(runner.trap("lr.w x7, (x5)", { 5: va + 0x1000n })).toEqual({ cause: Cause.LOAD_PAGE, tval: va + 0x1000n });
    expect(runner.machine.read64(DATA)).toBe(42n);
  });

  test("a reservation is on the physical address: another mapping of the page serves SC", () => {
    const tables = new PageTables(runner.machine, TABLES);
    tables.map(0x4000_0000n, DATA);
    tables.map(0x5000_0000n, DATA);
    const hart = runner.machine.hart();
    hart.setCsr(Csr.SATP, tables.satp);
    hart.setCsr(Csr.MSTATUS, (1n << 17n) | (BigInt(Priv.S) << 11n));
    runner.run("lr.d x7, (x5)", { 5: 0x4000_0008n });
    expect(runner.run("sc.d x7, x6, (x5)", { 5: 0x5000_0008n, 6: 1n }).x(7)).toBe(0n);
    expect(runner.machine.read64(DATA + 8)).toBe(1n);
  });
});

describe("two harts", () => {
  let runner: Runner;
  beforeEach(async () => {
    runner = await Runner.create(dispatchers[2], { harts: 2 });
  });

  test("SC fails when the other hart has changed the location, and succeeds when it has changed its neighbour", () => {
    const [first, second] = [runner.machine.hart(0), runner.machine.hart(1)];
    runner.run("lr.d x7, (x5)", { 5: at }, first);
    runner.run("amoadd.d x7, x6, (x5)", { 5: at, 6: 1n }, second);
    expect(runner.run("sc.d x7, x6, (x5)", { 6: 5n }, first).x(7)).toBe(1n);
    runner.run("lr.d x7, (x5)", { 5: at }, first);
    runner.run("amoadd.d x7, x6, (x5)", { 5: at + 8n, 6: 1n }, second);
    expect(runner.run("sc.d x7, x6, (x5)", { 6: 5n }, first).x(7)).toBe(0n);
    expect(runner.machine.read64(DATA)).toBe(5n);
  });

  test("each hart has a reservation of its own", () => {
    const [first, second] = [runner.machine.hart(0), runner.machine.hart(1)];
    runner.run("lr.d x7, (x5)", { 5: at }, first);
    expect(runner.run("sc.d x7, x6, (x5)", { 5: at, 6: 3n }, second).x(7)).toBe(1n);
    expect(runner.run("sc.d x7, x6, (x5)", { 6: 5n }, first).x(7)).toBe(0n);
  });

  test("WRS lets the other hart run while there is a reservation, and goes on at once without one", () => {
    const hart = runner.machine.hart(0);
    hart.pc = BigInt(runner.place("wrs.sto"));
    expect(hart.run(1000)).toBe(Exit.BUDGET);
    runner.run("lr.d x7, (x5)", { 5: at }, hart);
    for (const name of ["wrs.sto", "wrs.nto"]) {
      const pc = BigInt(runner.place(name));
      hart.pc = pc;
      expect(hart.run(1000)).toBe(Exit.YIELD);
      expect(hart.pc).toBe(pc + 4n);
    }
  });
});

describe("WRS on one hart", () => {
  let runner: Runner;
  beforeEach(async () => {
    runner = await Runner.create();
  });

  test("WRS goes on at once: nobody else could write", () => {
    const hart = runner.run("lr.d x7, (x5)", { 5: at });
    hart.pc = BigInt(runner.place("wrs.nto"));
    expect(hart.run(10)).toBe(Exit.BUDGET);
  });

  test("mstatus.TW makes WRS.NTO illegal below M mode, and leaves WRS.STO alone", () => {
    const hart = runner.machine.hart();
    hart.setCsr(Csr.PMPADDR0, 0x3f_ffff_ffff_ffffn);
    hart.setCsr(Csr.PMPCFG0, 0x1fn);
    hart.setCsr(Csr.MSTATUS, 1n << 21n);
    expect(runner.trap("wrs.nto")).toBeUndefined();
    for (const priv of [Priv.S, Priv.U]) {
      runner.enter(priv);
      expect(runner.trap("wrs.sto")).toBeUndefined();
      expect(runner.trap("wrs.nto")).toEqual({ cause: Cause.ILLEGAL, tval: 0x00d0_0073n });
    }
  });
});
