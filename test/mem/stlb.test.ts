/** The second-level TLB: pages that lose their place in the first keep their translation, until a fence. */

import { beforeEach, describe, expect, test } from "vitest";
import { HartField } from "../../assembly/state/layout.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { createTestMachine, RAM_PA, type TestMachine } from "../support/core.ts";
import { PageTables, Pte, RWXAD } from "../support/paging.ts";

const TABLES = RAM_PA + 0x8_0000;
const HANDLER = RAM_PA + 0x1000;
/** Two pages for one place in the TLB. */
const [A, B] = [0x4000_0000n, 0x4020_0000n];
const FRAMES = { [String(A)]: RAM_PA + 0x2_0000, [String(B)]: RAM_PA + 0x2_1000 };
const OTHER = RAM_PA + 0x3_0000;

let machine: TestMachine;
let tables: PageTables;

/** Executes instructions in M mode, loads and stores going by the page tables. */
function execute(source: string): void {
  const code = assemble(source, BigInt(RAM_PA));
  machine.load(code);
  machine.core.hart_fence_i(machine.hart().view.ma);
  machine.hart().pc = BigInt(RAM_PA);
  machine.hart().runTo(BigInt(RAM_PA + code.length));
}

function value(va: bigint): bigint {
  machine.hart().setX(8, va);
  execute("ld a0, 0(s0)");
  return machine.hart().x(10);
}

const walks = () => machine.hart().view.u64(HartField.countWalk);

beforeEach(async () => {
  machine = await createTestMachine();
  tables = new PageTables(machine, TABLES);
  for (const va of [A, B]) {
    tables.map(va, FRAMES[String(va)]!);
    machine.write64(FRAMES[String(va)]!, va);
  }
  machine.write64(OTHER, 1n);
  machine.load(assemble("csrr a7, mcause\nli t0, -1\nmret", BigInt(HANDLER)), HANDLER);
  const hart = machine.hart();
  hart.setCsr(0x3b0, (1n << 54n) - 1n);
  hart.setCsr(0x3a0, 0x1fn);
  hart.setCsr(0x180, tables.satp);
  hart.setCsr(0x300, (1n << 17n) | (1n << 11n));
});

describe("two pages for one place in the TLB", () => {
  test("are walked to once, however often they take turns", () => {
    expect([value(A), value(B)]).toEqual([A, B]);
    const before = { walks: walks(), misses: machine.hart().view.u64(HartField.countTlbMiss) };
    for (let round = 0; round < 50; round++) expect([value(A), value(B)]).toEqual([A, B]);
    expect(walks()).toBe(before.walks);
    expect(machine.hart().view.u64(HartField.countTlbMiss)).toBeGreaterThanOrEqual(before.misses + 100n);
  });

  test("keep loads and stores apart", () => {
    tables.map(A, FRAMES[String(A)]!, RWXAD & ~Pte.W);
    expect([value(A), value(B)]).toEqual([A, B]);
    const hart = machine.hart();
    hart.setCsr(0x305, BigInt(HANDLER));
    hart.setX(8, A);
    machine.load(assemble("sd zero, 0(s0)\nnop", BigInt(RAM_PA)));
    machine.core.hart_fence_i(hart.view.ma);
    hart.pc = BigInt(RAM_PA);
    hart.run(2);
    expect(hart.x(17)).toBe(15n);
    expect(machine.read64(FRAMES[String(A)]!)).toBe(A);
  });
});

describe.each([
  ["sfence.vma of the page", "sfence.vma s1, zero"],
  ["sfence.vma", "sfence.vma"],
  ["a write to satp", "csrrw s2, satp, zero\ncsrw satp, s2\nsfence.vma"],
  ["a change of PMP", "csrrw s2, pmpcfg0, zero\ncsrw pmpcfg0, s2"],
])("after %s", (_, fence) => {
  test.each([A, B])("the page at 0x%x is walked to again", (va) => {
    for (const each of [A, B, A, B]) value(each);
    tables.map(va, OTHER);
    machine.hart().setX(9, va);
    execute(fence);
    expect(value(va)).toBe(1n);
  });
});

test("generations that have come round do not bring old translations back", () => {
  machine.hart().view.setU32(HartField.stlbGeneration, 1);
  for (const va of [A, B]) value(va);
  tables.map(A, OTHER);
  machine.hart().view.setU32(HartField.stlbGeneration, 0xffff_ffff);
  execute("sfence.vma");
  expect(machine.hart().view.u32(HartField.stlbGeneration)).toBe(1);
  expect(value(A)).toBe(1n);
});
