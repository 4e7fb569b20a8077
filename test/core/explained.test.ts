import { describe, expect, test } from "vitest";
import { StateBytes } from "../../assembly/state/layout.ts";
import { Engine, Priv, Translate } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { MenvcfgBit } from "../../assembly/shared/csr.ts";
import { Ir, Step, Term } from "../../assembly/shared/ir.ts";
import { explainRegion } from "../../src/core/explained.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { createTestMachine, RAM_PA, type TestMachine } from "../support/core.ts";
import { Pte, PageTables, RWXAD } from "../support/paging.ts";

const START = BigInt(RAM_PA);
const LOOP = `
  again: ld a3, 8(a1)
  sd a3, 16(a1)
  addi a0, a0, -1
  bnez a0, again
  ecall
`;

async function machineWith(
  source: string,
  engine = Engine.TIERED,
  mechanisms = Translate.ALL & ~Translate.UNROLLING,
): Promise<TestMachine> {
  const machine = await createTestMachine({ engine, translator: { mechanisms } });
  machine.load(assemble(source, START));
  return machine;
}

const explain = ({ core, space }: TestMachine, pc: bigint, priv: Priv = Priv.M) =>
  explainRegion(core, space, 0, pc, priv);

/** All that is known of the hart. */
function hartBytes({ memory, harts }: TestMachine): Uint8Array {
  const { ma } = harts[0]!.view;
  return memory.u8.slice(ma, ma + StateBytes.HART);
}

describe("a region is explained", () => {
  test("by its blocks: how they end, what is needed and what is not charged", async () => {
    const region = explain(await machineWith(LOOP), START)!;
    expect(region).toMatchObject({ pc: START, instructions: 4 });
    const [loop, end] = region.blocks;
    expect(loop).toMatchObject({ pc: START, loop: true, term: Term.BRANCH, taken: 0, next: 1, uncharged: 0 });
    expect(end).toMatchObject({ pc: START + 16n, loop: false, term: Term.INTERPRET, taken: undefined, uncharged: 4 });
    expect(loop!.live & 0xffff_ffffn).toBe(0x2c00n);
  });

  test("by its nodes, with the bytes that are checked", async () => {
    const { blocks } = explain(await machineWith(LOOP), START)!;
    const [load, store, add] = blocks[0]!.nodes;
    expect(load).toMatchObject({ op: Ir.LOAD, dst: 13, a: 11, imm: 8n, check: Step.CHECK, span: { lo: 8, hi: 24 } });
    expect(store).toMatchObject({ op: Ir.STORE, a: 11, b: 13, check: Step.COVERED, span: { lo: 8, hi: 24 } });
    expect(add).toMatchObject({ op: Ir.BINARY_I, dst: 10, a: 10, imm: -1n, pc: START + 8n });
  });

  test("by the guest's instructions, compressed ones and the interpreter's among them", async () => {
    const { blocks } = explain(await machineWith("c.addi a0, 1\naddi a0, a0, 2\necall"), START)!;
    expect(blocks.flatMap(({ insns }) => insns)).toEqual([
      { pc: START, word: 0x0505 },
      { pc: START + 2n, word: 0x0025_0513 },
      { pc: START + 6n, word: 0x73 },
    ]);
  });

  test("by a module in which every instruction has its place", async () => {
    const { wasm, marks } = explain(await machineWith(LOOP), START)!;
    expect(WebAssembly.validate(wasm)).toBe(true);
    expect(marks.map(({ pc }) => pc - START)).toEqual([0n, 4n, 8n, 12n, 16n]);
    expect(marks.map(({ at }) => at)).toEqual(marks.map(({ at }) => at).sort((a, b) => a - b));
    expect(marks.at(-1)!.at).toBeLessThan(wasm.length);
  });

  test("by each turn of a loop that several share a check in", async () => {
    const { instructions, blocks, marks } = explain(await machineWith(LOOP, Engine.TIERED, Translate.ALL), START)!;
    const turn = [0n, 4n, 8n, 12n];
    expect(instructions).toBe(16);
    expect(blocks.map(({ pc, taken }) => [pc - START, taken])).toEqual([
      ...[1, 2, 3, 0].map((next) => [0n, next]),
      [16n, undefined],
    ]);
    expect(marks.map(({ pc }) => pc - START)).toEqual([...turn, ...turn, ...turn, ...turn, 16n]);
  });
});

describe("nothing is explained", () => {
  test("where the interpreter does everything", async () => {
    expect(explain(await machineWith("ecall"), START)).toBeUndefined();
  });

  test("where nothing can be fetched", async () => {
    expect(explain(await machineWith(LOOP), 0x1000n)).toBeUndefined();
  });

  test("without a translator", async () => {
    expect(explain(await machineWith(LOOP, Engine.PREDECODE), START)).toBeUndefined();
  });
});

describe("the module of a region", () => {
  /** A machine with the loop and a call, in its place and mapped elsewhere; `beside` another in the same memory. */
  async function mapped(beside?: TestMachine): Promise<TestMachine> {
    const machine = await createTestMachine({
      engine: Engine.TIERED,
      translator: { mechanisms: Translate.ALL | Translate.COUNT },
      ...(beside && { beside }),
    });
    machine.load(assemble(`${LOOP}\njalr ra, 0(a4)\nj again`, START));
    const tables = new PageTables(machine, RAM_PA + 0x8_0000);
    tables.map(0x5000n, RAM_PA);
    const hart = machine.hart();
    hart.setCsr(Csr.PMPADDR0, 0x3f_ffff_ffff_ffffn);
    hart.setCsr(Csr.PMPCFG0, 0x1fn);
    hart.setCsr(Csr.SATP, tables.satp);
    return machine;
  }

  test("says nothing of the VM it is for where addresses are translated, so that an engine that knows it need not compile it again", async () => {
    const one = await mapped();
    const other = await mapped(one);
    expect(other.space.vm.ma).not.toBe(one.space.vm.ma);
    for (const at of [0x5000n, 0x5014n]) {
      expect(explain(other, at, Priv.S)!.wasm).toEqual(explain(one, at, Priv.S)!.wasm);
    }
    // The window is RAM that only one VM has: there its place is a constant.
    expect(explain(other, START)!.wasm).not.toEqual(explain(one, START)!.wasm);
  });
});

describe("the guest does not notice", () => {
  test("in the state of its hart, counters included", async () => {
    const machine = await machineWith(LOOP);
    machine.hart().run(1);
    const before = hartBytes(machine);
    expect(explain(machine, START)).toBeDefined();
    expect(explain(machine, START, Priv.U)).toBeUndefined();
    expect(explain(machine, 0x1000n)).toBeUndefined();
    expect(hartBytes(machine)).toEqual(before);
  });

  test("in its page tables: a page that was never accessed stays so, and is not explained", async () => {
    const machine = await machineWith(LOOP);
    const hart = machine.hart();
    const tables = new PageTables(machine, RAM_PA + 0x8_0000);
    const entry = tables.map(0x4000n, RAM_PA, RWXAD & ~Pte.A);
    tables.map(0x5000n, RAM_PA);
    hart.setCsr(Csr.PMPADDR0, 0x3f_ffff_ffff_ffffn);
    hart.setCsr(Csr.PMPCFG0, 0x1fn);
    hart.setCsr(Csr.MENVCFG, 1n << BigInt(MenvcfgBit.ADUE));
    hart.setCsr(Csr.SATP, tables.satp);
    const before = machine.read64(entry);
    expect(explain(machine, 0x4000n, Priv.S)).toBeUndefined();
    expect(explain(machine, 0x5000n, Priv.S)).toBeDefined();
    expect(machine.read64(entry)).toBe(before);
    expect(hart.csr(Csr.MENVCFG) >> BigInt(MenvcfgBit.ADUE)).toBe(1n);
    expect(hart.priv).toBe(Priv.M);
  });

  test("in what it executes next: translated code that runs goes on", async () => {
    const machine = await machineWith(LOOP);
    const hart = machine.hart();
    const data = START + 0x1000n;
    hart.setX(10, 1_000_000n);
    hart.setX(11, data);
    hart.run(300_000);
    expect(machine.core.code.counters.modules).toBe(1);
    explain(machine, START);
    hart.run(100_000);
    expect(hart.x(10)).toBe(900_000n);
    expect(hart.instret).toBe(400_000n);
  });
});
