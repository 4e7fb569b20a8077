import { beforeEach, describe, expect, test } from "vitest";
import { HartField } from "../../assembly/state/layout.ts";
import { Cause, MemoryModel, Priv } from "../../assembly/shared/constants.ts";
import { dispatchers, Runner } from "../insn/runner.ts";
import { RAM_PA } from "../support/core.ts";
import { PageTables, Pte, RWXAD } from "../support/paging.ts";

const DATA = RAM_PA + 0x8_0000;
const OTHER = RAM_PA + 0x8_8000;
const TABLES = RAM_PA + 0x9_0000;
const RAM_END = RAM_PA + 0x10_0000;
const VA = 0x4000_0000n;

const SUM = 1n << 18n;
const MXR = 1n << 19n;
/** MPRV with MPP: loads and stores as in that mode. */
const as = (priv: Priv) => (1n << 17n) | (BigInt(priv) << 11n);

describe.each(dispatchers)("devices, by $dispatcher", (dispatcher) => {
  let runner: Runner;
  let seen: string[];
  beforeEach(async () => {
    seen = [];
    const runs = {
      mmioLoad: (pa: number, size: number) => {
        seen.push(`load ${pa.toString(16)} ${size}`);
        return pa < 0x2000 ? 0x8182_8384_8586_8788n & ((1n << BigInt(8 * size)) - 1n) : undefined;
      },
      mmioStore: (pa: number, size: number, value: bigint) => {
        seen.push(`store ${pa.toString(16)} ${size} ${value.toString(16)}`);
        return pa < 0x2000;
      },
    };
    runner = await Runner.create(dispatcher, runs);
  });

  test.each([
    ["lb", 1, 0xffff_ffff_ffff_ff88n],
    ["lbu", 1, 0x88n],
    ["lh", 2, 0xffff_ffff_ffff_8788n],
    ["lhu", 2, 0x8788n],
    ["lw", 4, 0xffff_ffff_8586_8788n],
    ["lwu", 4, 0x8586_8788n],
    ["ld", 8, 0x8182_8384_8586_8788n],
  ] as const)("%s is one access of %d bytes, extended as from memory", (name, size, value) => {
    expect(runner.run(`${name} x7, 8(x5)`, { 5: 0x1000n }).x(7)).toBe(value);
    expect(seen).toEqual([`load 1008 ${size}`]);
  });

  test.each([
    ["sb", 1, "88"],
    ["sh", 2, "8788"],
    ["sw", 4, "85868788"],
    ["sd", 8, "8182838485868788"],
  ] as const)("%s is one access of %d bytes", (name, size, value) => {
    runner.run(`${name} x6, 8(x5)`, { 5: 0x1000n, 6: 0x8182_8384_8586_8788n });
    expect(seen).toEqual([`store 1008 ${size} ${value}`]);
  });

  test("an access that no device answers is an access fault with its address", () => {
    expect(runner.trap("lw x7, 0(x5)", { 5: 0x3000n })).toEqual({ cause: Cause.LOAD_ACCESS, tval: 0x3000n });
    expect(runner.trap("sw x6, 0(x5)", { 5: 0x3000n })).toEqual({ cause: Cause.STORE_ACCESS, tval: 0x3000n });
  });

  test("a physical address of more than 56 bits is nobody's", () => {
    expect(runner.trap("lw x7, 0(x5)", { 5: 1n << 56n })).toEqual({ cause: Cause.LOAD_ACCESS, tval: 1n << 56n });
    expect(runner.trap("sw x6, 0(x5)", { 5: (1n << 56n) + 0x1000n })?.cause).toBe(Cause.STORE_ACCESS);
    expect(seen).toEqual([]);
  });
});

describe("the end of RAM", () => {
  test("an access across it faults at the first byte outside", async () => {
    const runner = await Runner.create();
    const at = BigInt(RAM_END) - 4n;
    runner.machine.load([1, 2, 3, 4], RAM_END - 4);
    expect(runner.run("lw x7, 0(x5)", { 5: at }).x(7)).toBe(0x0403_0201n);
    expect(runner.trap("ld x7, 0(x5)", { 5: at })).toEqual({ cause: Cause.LOAD_ACCESS, tval: at + 4n });
    expect(runner.trap("sd x6, 0(x5)", { 5: at, 6: 0n })).toEqual({ cause: Cause.STORE_ACCESS, tval: at + 4n });
  });
});

const models = [
  { model: "a shadow TLB", memoryModel: MemoryModel.SHADOW },
  { model: "a TLB of guest addresses", memoryModel: MemoryModel.TLB },
  { model: "a walk each time", memoryModel: MemoryModel.NESTED },
];
const ways = dispatchers.flatMap((dispatcher) => models.map((model) => ({ ...dispatcher, ...model })));

describe.each(ways)("translation with $model, by $dispatcher", ({ memoryModel, ...dispatcher }) => {
  let runner: Runner;
  let tables: PageTables;
  beforeEach(async () => {
    runner = await Runner.create(dispatcher, { ram: 8 * 2 ** 20, memoryModel });
    tables = new PageTables(runner.machine, TABLES);
    runner.machine.write64(DATA, 0xdadan);
    runner.machine.write64(OTHER, 0x0711n);
    runner.run("csrrw x0, satp, x6", { 6: tables.satp });
  });

  // The guest's own instructions change the state: a debugger's writes would empty the TLB.
  const setStatus = (status: bigint) => runner.run("csrrw x0, mstatus, x6", { 6: status });
  const load = (va: bigint) => runner.run("ld x7, 0(x5)", { 5: va, 7: 0n }).x(7);
  const faults = (va: bigint, text = "ld x7, 0(x5)") => runner.trap(text, { 5: va })?.cause;

  test("a page that loads have used grants no store", () => {
    tables.map(VA, DATA, RWXAD & ~Pte.W);
    setStatus(as(Priv.S));
    expect(load(VA)).toBe(0xdadan);
    expect(faults(VA, "sd x6, 0(x5)")).toBe(Cause.STORE_PAGE);
  });

  test("each privilege mode has its own: what S mode may read stays closed to U mode, and M mode is not translated", () => {
    tables.map(VA, DATA);
    setStatus(as(Priv.S));
    expect(load(VA)).toBe(0xdadan);
    setStatus(as(Priv.U));
    expect(faults(VA)).toBe(Cause.LOAD_PAGE);
    setStatus(as(Priv.M));
    expect(faults(VA)).toBe(Cause.LOAD_ACCESS);
    setStatus(as(Priv.S));
    expect(load(VA)).toBe(0xdadan);
  });

  test("SUM opens U mode's pages to S mode, and closes them again", () => {
    tables.map(VA, DATA, RWXAD | Pte.U);
    for (let round = 0; round < 2; round++) {
      setStatus(as(Priv.S));
      expect(faults(VA)).toBe(Cause.LOAD_PAGE);
      setStatus(as(Priv.S) | SUM);
      expect(load(VA)).toBe(0xdadan);
    }
  });

  test("MXR makes executable pages readable, and ends with the bit", () => {
    tables.map(VA, DATA, Pte.V | Pte.X | Pte.A);
    for (let round = 0; round < 2; round++) {
      setStatus(as(Priv.S));
      expect(faults(VA)).toBe(Cause.LOAD_PAGE);
      setStatus(as(Priv.S) | MXR);
      expect(load(VA)).toBe(0xdadan);
    }
  });

  test.each(["sfence.vma x0, x0", "sfence.vma x5, x0", "sinval.vma x5, x0"])(
    "%s makes a changed entry count",
    (fence) => {
      tables.map(VA, DATA);
      setStatus(as(Priv.S));
      expect(load(VA)).toBe(0xdadan);
      tables.map(VA, OTHER);
      runner.run(fence, { 5: VA });
      expect(load(VA)).toBe(0x0711n);
    },
  );

  test.each([5, 300])("SFENCE.VMA of all addresses forgets %d pages, read and written", (count) => {
    const pages = Array.from({ length: count }, (_, page) => VA + BigInt(page) * 4096n);
    for (const va of pages) tables.map(va, DATA);
    setStatus(as(Priv.S));
    for (const va of pages) {
      expect(load(va)).toBe(0xdadan);
      runner.run("sd x6, 8(x5)", { 5: va, 6: 1n });
    }
    for (const va of pages) tables.map(va, OTHER, RWXAD & ~Pte.W);
    runner.run("sfence.vma x0, x0");
    for (const va of pages) {
      expect(load(va)).toBe(0x0711n);
      expect(faults(va, "sd x6, 8(x5)")).toBe(Cause.STORE_PAGE);
      setStatus(as(Priv.S));
    }
  });

  test("SFENCE.VMA of any address in a superpage forgets all of it", () => {
    const [here, there] = [RAM_PA + 0x20_0000, RAM_PA + 0x40_0000];
    for (const offset of [0, 0x5000, 0x1f_f000]) {
      runner.machine.write64(here + offset, 1n);
      runner.machine.write64(there + offset, 2n);
    }
    tables.map(VA, here, RWXAD, 1);
    setStatus(as(Priv.S));
    for (const offset of [0n, 0x5000n, 0x1f_f000n]) expect(load(VA + offset)).toBe(1n);
    tables.map(VA, there, RWXAD, 1);
    runner.run("sfence.vma x5, x0", { 5: VA + 0x12_3000n });
    for (const offset of [0n, 0x5000n, 0x1f_f000n]) expect(load(VA + offset)).toBe(2n);
  });

  // Linux with Sv57 has RAM at 0xff60…, in superpages; vmalloc at 0xff20…; programs from 0 on.
  test.each([
    ["vmalloc", 0xff20_0000_0000_5000n],
    ["programs", 0x1_5000n],
  ])("SFENCE.VMA of an address of %s forgets no superpage of RAM", (_, va) => {
    const ram = 0xff60_0000_0000_0000n;
    const sv57 = new PageTables(runner.machine, TABLES + 0x1_0000, 10);
    runner.machine.write64(RAM_PA + 0x20_0000, 1n);
    sv57.map(ram, RAM_PA + 0x20_0000, RWXAD, 1);
    sv57.map(va, DATA);
    setStatus(as(Priv.S));
    runner.run("csrrw x0, satp, x6", { 6: sv57.satp });
    expect([load(ram), load(va)]).toEqual([1n, 0xdadan]);
    runner.run("sfence.vma x5, x0", { 5: va });
    const walks = () => runner.machine.hart().view.u64(HartField.countWalk);
    const before = walks();
    expect(load(ram)).toBe(1n);
    expect(walks() - before).toBe(memoryModel === MemoryModel.NESTED ? 1n : 0n);
    expect(load(va)).toBe(0xdadan);
    expect(walks() - before).toBe(memoryModel === MemoryModel.NESTED ? 2n : 1n);
  });

  test("a write to satp takes effect at once, as in QEMU", () => {
    tables.map(VA, DATA);
    setStatus(as(Priv.S));
    expect(load(VA)).toBe(0xdadan);
    const others = new PageTables(runner.machine, TABLES + 0x1_0000);
    others.map(VA, OTHER);
    runner.run("csrrw x0, satp, x6", { 6: others.satp });
    expect(load(VA)).toBe(0x0711n);
  });

  test("a write to the PMP takes effect at once, also for a part of a page", () => {
    tables.map(VA, DATA);
    setStatus(as(Priv.S));
    expect(load(VA)).toBe(0xdadan);
    // Entry 0 becomes NA4 with nothing allowed at DATA + 8; entry 1 allows everything.
    runner.run("csrrw x0, pmpaddr1, x6", { 6: 0xffff_ffff_ffff_ffffn });
    runner.run("csrrw x0, pmpcfg0, x6", { 6: 0x1f1fn });
    runner.run("csrrw x0, pmpaddr0, x6", { 6: BigInt(DATA + 8) >> 2n });
    runner.run("csrrw x0, pmpcfg0, x6", { 6: 0x1f10n });
    expect(load(VA)).toBe(0xdadan);
    expect(faults(VA + 8n)).toBe(Cause.LOAD_ACCESS);
    setStatus(as(Priv.S));
    expect(faults(VA + 4n)).toBe(Cause.LOAD_ACCESS);
    setStatus(as(Priv.S));
    expect(load(VA + 16n)).toBe(0n);
    expect(load(VA)).toBe(0xdadan);
  });

  test("a load sets A, and only a store sets D, with menvcfg.ADUE", () => {
    const pte = () => runner.machine.read64(tables.entry(VA)) & (Pte.A | Pte.D);
    tables.map(VA, DATA, RWXAD & ~(Pte.A | Pte.D));
    runner.run("csrrw x0, menvcfg, x6", { 6: 1n << 61n });
    setStatus(as(Priv.S));
    expect(load(VA)).toBe(0xdadan);
    expect(pte()).toBe(Pte.A);
    runner.run("sd x6, 0(x5)", { 5: VA, 6: 7n });
    expect(pte()).toBe(Pte.A | Pte.D);
    expect(runner.machine.read64(DATA)).toBe(7n);
  });

  test("an access again walks again, or not", () => {
    tables.map(VA, DATA);
    setStatus(as(Priv.S));
    const count = (field: HartField) => runner.machine.harts[0]!.view.u64(field);
    const walks = (act: () => void) => {
      const before = count(HartField.countWalk);
      act();
      return Number(count(HartField.countWalk) - before);
    };
    expect(walks(() => load(VA))).toBe(1);
    expect(walks(() => load(VA + 8n))).toBe(memoryModel === MemoryModel.NESTED ? 1 : 0);
    expect(walks(() => runner.run("amoadd.d x7, x6, (x5)", { 5: VA, 6: 1n }))).toBe(1);
    expect(walks(() => runner.run("sd x6, 8(x5)", { 5: VA, 6: 1n }))).toBe(memoryModel === MemoryModel.NESTED ? 1 : 0);
  });
});
