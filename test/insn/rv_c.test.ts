import { beforeEach, describe, expect, test } from "vitest";
import { Cause, Priv } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { rv_c } from "../../src/isa/rv_c.ts";
import { RAM_PA, type TestHart } from "../support/core.ts";
import { PageTables } from "../support/paging.ts";
import { Random } from "./operands.ts";
import { dispatchers, Runner } from "./runner.ts";

const DATA = RAM_PA + 0x8_0000;

/** Each compressed instruction, at the ends of its immediate, and what it abbreviates. */
const same: [compressed: string, base: string][] = [
  ["c.addi4spn x8, sp, 4", "addi x8, x2, 4"],
  ["c.addi4spn x15, sp, 1020", "addi x15, x2, 1020"],
  ["c.fld f8, 248(x9)", "fld f8, 248(x9)"],
  ["c.lw x8, 124(x9)", "lw x8, 124(x9)"],
  ["c.lw x15, 4(x9)", "lw x15, 4(x9)"],
  ["c.ld x8, 248(x9)", "ld x8, 248(x9)"],
  ["c.ld x9, 8(x9)", "ld x9, 8(x9)"],
  ["c.fsd f15, 248(x9)", "fsd f15, 248(x9)"],
  ["c.sw x8, 124(x9)", "sw x8, 124(x9)"],
  ["c.sd x9, 248(x9)", "sd x9, 248(x9)"],
  ["c.lbu x8, 3(x9)", "lbu x8, 3(x9)"],
  ["c.lhu x8, 2(x9)", "lhu x8, 2(x9)"],
  ["c.lh x8, 2(x9)", "lh x8, 2(x9)"],
  ["c.sb x8, 3(x9)", "sb x8, 3(x9)"],
  ["c.sh x8, 2(x9)", "sh x8, 2(x9)"],
  ["c.addi x31, -32", "addi x31, x31, -32"],
  ["c.addi x1, 31", "addi x1, x1, 31"],
  ["c.addiw x31, -32", "addiw x31, x31, -32"],
  ["c.addiw x30, 0", "addiw x30, x30, 0"],
  ["c.li x31, -32", "addi x31, x0, -32"],
  ["c.li x5, 31", "addi x5, x0, 31"],
  ["c.addi16sp sp, -512", "addi x2, x2, -512"],
  ["c.addi16sp sp, 496", "addi x2, x2, 496"],
  ["c.lui x31, 0xfffe0", "lui x31, 0xfffe0"],
  ["c.lui x5, 31", "lui x5, 31"],
  ["c.mop.1", "mop.r.0 x0, x1"],
  ["c.srli x8, 63", "srli x8, x8, 63"],
  ["c.srai x8, 63", "srai x8, x8, 63"],
  ["c.srai x15, 1", "srai x15, x15, 1"],
  ["c.andi x8, -32", "andi x8, x8, -32"],
  ["c.sub x8, x15", "sub x8, x8, x15"],
  ["c.xor x8, x15", "xor x8, x8, x15"],
  ["c.or x8, x15", "or x8, x8, x15"],
  ["c.and x8, x15", "and x8, x8, x15"],
  ["c.subw x8, x15", "subw x8, x8, x15"],
  ["c.addw x8, x15", "addw x8, x8, x15"],
  ["c.mul x8, x15", "mul x8, x8, x15"],
  ["c.zext.b x8", "andi x8, x8, 255"],
  ["c.sext.b x8", "sext.b x8, x8"],
  ["c.zext.h x8", "zext.h x8, x8"],
  ["c.sext.h x8", "sext.h x8, x8"],
  ["c.zext.w x8", "add.uw x8, x8, x0"],
  ["c.not x8", "xori x8, x8, -1"],
  ["c.slli x31, 63", "slli x31, x31, 63"],
  ["c.fldsp f31, 504(sp)", "fld f31, 504(x2)"],
  ["c.lwsp x31, 252(sp)", "lw x31, 252(x2)"],
  ["c.ldsp x31, 504(sp)", "ld x31, 504(x2)"],
  ["c.mv x31, x1", "add x31, x0, x1"],
  ["c.add x31, x1", "add x31, x31, x1"],
  ["c.fsdsp f31, 504(sp)", "fsd f31, 504(x2)"],
  ["c.swsp x31, 252(sp)", "sw x31, 252(x2)"],
  ["c.sdsp x31, 504(sp)", "sd x31, 504(x2)"],
];

/** Changes of control flow have tests of their own. */
const jumps = ["c.j", "c.jr", "c.jalr", "c.beqz", "c.bnez", "c.ebreak"];

test("every compressed instruction is tested here", () => {
  const tested = new Set([...same.map(([compressed]) => compressed.split(" ")[0]), ...jumps]);
  const missing = rv_c.map(({ name }) => name.replace("mop.N", "mop.1")).filter((name) => !tested.has(name));
  expect(missing).toEqual([]);
});

describe.each(dispatchers)("by $dispatcher", (dispatcher) => {
  const oneStep = dispatcher.budget === 1;
  let runner: Runner;
  beforeEach(async () => {
    runner = await Runner.create(dispatcher);
    runner.machine.hart().setCsr(Csr.MSTATUS, 1n << 13n);
  });

  /** Registers and memory after `text`, from the same random state each time, and how far it moved pc. */
  const outcome = (text: string) => {
    const random = new Random(31n);
    const hart = runner.machine.hart();
    runner.machine.load(
      Array.from({ length: 1024 }, () => random.below(256)),
      DATA,
    );
    for (let index = 0; index < 32; index++) {
      hart.setX(index, random.next());
      hart.setF(index, random.next());
    }
    runner.run(text, { 2: BigInt(DATA), 9: BigInt(DATA + 64) });
    const registers = Array.from({ length: 32 }, (_, index) => [hart.x(index), hart.f(index)]);
    return { registers, memory: runner.machine.read(DATA, 1024), moved: hart.pc - BigInt(runner.place(text)) };
  };

  test.each(same)("%s is a short %s", (compressed, base) => {
    const [short, long] = [outcome(compressed), outcome(base)];
    expect(short.registers).toEqual(long.registers);
    expect(short.memory).toEqual(long.memory);
    expect([short.moved, long.moved]).toEqual([2n, 4n]);
  });

  /** Whether `text` jumped over its second instruction, which sets x7. Both ways end in a jump to itself. */
  const taken = (hart: TestHart, at: number, distance: bigint) =>
    oneStep ? hart.pc === BigInt(at) + distance : hart.x(7) === 0n;

  test.each([
    ["c.beqz", 0n, true],
    ["c.beqz", 1n << 63n, false],
    ["c.bnez", 0n, false],
    ["c.bnez", 1n << 32n, true],
  ] as const)("%s with rs1 = %d branches: %s", (name, value, expected) => {
    const text = `${name} x8, there; addi x7, x0, 1; there: addi x6, x0, 1`;
    const hart = runner.run(text, { 7: 0n, 8: value });
    expect(taken(hart, runner.place(text), 6n)).toBe(expected);
  });

  test("c.j jumps and links nothing", () => {
    const text = "c.j there; addi x7, x0, 1; there: addi x6, x0, 1";
    const hart = runner.run(text, { 1: 5n, 7: 0n });
    expect(taken(hart, runner.place(text), 6n)).toBe(true);
    expect(hart.x(1)).toBe(5n);
  });

  test("c.jr and c.jalr go to rs1, and c.jalr links the instruction two bytes on", () => {
    const target = BigInt(runner.place("addi x6, x0, 9"));
    const went = (hart: TestHart) => (oneStep ? hart.pc === target : hart.x(6) === 9n);
    const jumped = runner.run("c.jr x31", { 1: 5n, 6: 0n, 31: target });
    expect([went(jumped), jumped.x(1)]).toEqual([true, 5n]);
    const called = runner.run("c.jalr x31", { 6: 0n, 31: target });
    expect([went(called), called.x(1)]).toEqual([true, BigInt(runner.place("c.jalr x31")) + 2n]);
    const self = runner.run("c.jalr x1", { 1: target, 6: 0n });
    expect([went(self), self.x(1)]).toEqual([true, BigInt(runner.place("c.jalr x1")) + 2n]);
  });

  test("c.ebreak raises a breakpoint at its address", () => {
    expect(runner.trap("c.ebreak")).toEqual({ cause: Cause.BREAKPOINT, tval: BigInt(runner.place("c.ebreak")) });
  });

  test("an undefined 16-bit encoding is illegal, and tval is its 16 bits", () => {
    expect(runner.trap(".half 0")).toEqual({ cause: Cause.ILLEGAL, tval: 0n });
    expect(runner.trap(".half 0x9000")).toEqual({ cause: Cause.ILLEGAL, tval: 0x9000n });
  });

  test.each(["c.lw x8, 0(x9)", "c.ldsp x8, 0(sp)"])("%s that faults leaves mepc at its own address", (text) => {
    expect(runner.trap(text, { 2: 8n, 9: 8n })).toEqual({ cause: Cause.LOAD_ACCESS, tval: 8n });
  });
});

describe.each(dispatchers)("a four-byte instruction across two pages, by $dispatcher", (dispatcher) => {
  const first = RAM_PA + 0x2_0000;
  const elsewhere = RAM_PA + 0x3_0000;
  const va = 0x4000_0000n;
  let runner: Runner;
  let tables: PageTables;
  beforeEach(async () => {
    runner = await Runner.create(dispatcher);
    tables = new PageTables(runner.machine, RAM_PA + 0x9_0000);
    tables.map(va, first);
    // addi x7, x0, 1; its second half, and a jump to itself, are in the other page.
    runner.machine.load([0x93, 0x03], first + 0xffe);
    runner.machine.load([0x10, 0x00, 0x6f, 0, 0, 0], elsewhere);
  });

  const run = () => {
    const hart = runner.machine.hart();
    runner.enter(Priv.S);
    hart.setCsr(Csr.SATP, tables.satp);
    hart.setX(7, 0n);
    hart.pc = va + 0xffen;
    hart.run(dispatcher.budget);
    return hart;
  };

  test("is fetched from both", () => {
    tables.map(va + 0x1000n, elsewhere);
    expect(run().x(7)).toBe(1n);
  });

  test("faults with the second page's address in tval and its own in mepc", () => {
    const hart = run();
    expect(hart.x(7)).toBe(0n);
    expect(hart.csr(Csr.MCAUSE)).toBe(BigInt(Cause.FETCH_PAGE));
    expect(hart.csr(Csr.MTVAL)).toBe(va + 0x1000n);
    expect(hart.csr(Csr.MEPC)).toBe(va + 0xffen);
  });

  test("follows a change of its second page's mapping", () => {
    tables.map(va + 0x1000n, elsewhere);
    run();
    // addi x7, x0, 2
    const other = RAM_PA + 0x4_0000;
    runner.machine.load([0x20, 0x00, 0x6f, 0, 0, 0], other);
    tables.map(va + 0x1000n, other);
    expect(run().x(7)).toBe(2n);
  });
});
