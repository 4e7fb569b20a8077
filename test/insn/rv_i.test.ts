import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Cause, Exit } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { RAM_PA } from "../support/core.ts";
import { PageTables } from "../support/paging.ts";
import { u64 } from "./models.ts";
import { pairs } from "./operands.ts";
import { dispatchers, Runner } from "./runner.ts";

const DATA = RAM_PA + 0x8_0000;
const TABLES = RAM_PA + 0x9_0000;
const at = BigInt(DATA);
const s64 = (value: bigint) => BigInt.asIntN(64, value);
const MPRV_AS_S = (1n << 17n) | (1n << 11n);

const branches: Record<string, (a: bigint, b: bigint) => boolean> = {
  beq: (a, b) => a === b,
  bne: (a, b) => a !== b,
  blt: (a, b) => s64(a) < s64(b),
  bge: (a, b) => s64(a) >= s64(b),
  bltu: (a, b) => a < b,
  bgeu: (a, b) => a >= b,
};

const loads: Record<string, { bytes: number; extend: (value: bigint) => bigint }> = {
  lb: { bytes: 1, extend: (value) => BigInt.asIntN(8, value) },
  lbu: { bytes: 1, extend: (value) => BigInt.asUintN(8, value) },
  lh: { bytes: 2, extend: (value) => BigInt.asIntN(16, value) },
  lhu: { bytes: 2, extend: (value) => BigInt.asUintN(16, value) },
  lw: { bytes: 4, extend: (value) => BigInt.asIntN(32, value) },
  lwu: { bytes: 4, extend: (value) => BigInt.asUintN(32, value) },
  ld: { bytes: 8, extend: (value) => BigInt.asUintN(64, value) },
};

const stores: Record<string, number> = { sb: 1, sh: 2, sw: 4, sd: 8 };

describe.each(dispatchers)("by $dispatcher", (dispatcher) => {
  let runner: Runner;
  beforeAll(async () => {
    runner = await Runner.create(dispatcher);
  });

  test.each(Object.entries(branches))("%s branches exactly when its condition holds", (name, model) => {
    // Taken, the branch skips the addi; both ways end in a jump to itself.
    const text = `${name} x5, x6, skip; addi x7, x0, 1; skip: addi x8, x0, 1`;
    const pc = BigInt(runner.place(text));
    for (const [a, b] of pairs(50, 21n)) {
      const hart = runner.run(text, { 5: a, 6: b, 7: 0n, 8: 0n });
      const taken = dispatcher.budget === 1 ? hart.pc === pc + 8n : hart.x(7) === 0n && hart.x(8) === 1n;
      expect([a, b, taken]).toEqual([a, b, model(a, b)]);
    }
  });

  test.each(["j spin", "beq x0, x0, spin", "bgeu x5, x6, spin", "c.j spin", "c.beqz x8, spin"])(
    "%s, to itself, spins until the budget is used up",
    (text) => {
      const hart = runner.run(`spin: ${text}`, { 5: 1n, 6: 1n, 8: 0n });
      const before = hart.instret;
      expect(hart.run(10_000)).toBe(Exit.BUDGET);
      expect(hart.instret - before).toBe(10_000n);
      expect(hart.pc).toBe(BigInt(runner.place(`spin: ${text}`)));
    },
  );

  test("lui and auipc place a sign-extended upper immediate", () => {
    expect(runner.run("lui x7, 0x80000").x(7)).toBe(0xffff_ffff_8000_0000n);
    expect(runner.run("lui x7, 0x7ffff").x(7)).toBe(0x7fff_f000n);
    const text = "auipc x7, 0xfffff";
    expect(runner.run(text).x(7)).toBe(BigInt(runner.place(text)) - 0x1000n);
  });

  test("jal and jalr link the next instruction, and jalr clears bit 0 of its target", () => {
    const target = BigInt(runner.place("addi x8, x0, 3"));
    const text = "jalr x7, 5(x5)";
    const hart = runner.run(text, { 5: target - 4n, 8: 0n });
    expect(hart.x(7)).toBe(BigInt(runner.place(text)) + 4n);
    if (dispatcher.budget === 1) expect(hart.pc).toBe(target);
    else expect(hart.x(8)).toBe(3n);
    const jump = "jal x7, skip; addi x8, x0, 1; skip: addi x9, x0, 1";
    const after = runner.run(jump, { 8: 0n, 9: 0n });
    expect(after.x(7)).toBe(BigInt(runner.place(jump)) + 4n);
    expect(after.x(8)).toBe(0n);
  });

  test("jalr with rd = rs1 jumps to the old value", () => {
    const target = BigInt(runner.place("addi x8, x0, 4"));
    const text = "jalr x5, 0(x5)";
    const hart = runner.run(text, { 5: target, 8: 0n });
    expect(hart.x(5)).toBe(BigInt(runner.place(text)) + 4n);
    if (dispatcher.budget === 1) expect(hart.pc).toBe(target);
    else expect(hart.x(8)).toBe(4n);
  });

  test.each(Object.entries(loads))(
    "%s loads at every offset of a page's last bytes, also across pages",
    (name, load) => {
      const bytes = Uint8Array.from({ length: 64 }, (_, i) => (i * 37 + 0x81) & 0xff);
      runner.machine.load(bytes, DATA + 4096 - 32);
      for (let offset = -32; offset < 24; offset++) {
        const result = runner.run(`${name} x7, ${offset}(x5)`, { 5: at + 4096n }).x(7);
        const slice = bytes.slice(32 + offset, 32 + offset + load.bytes);
        const raw = slice.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
        expect([offset, result]).toEqual([offset, u64(load.extend(raw))]);
      }
    },
  );

  test.each(Object.entries(stores))(
    "%s stores at every offset of a page's last bytes, also across pages",
    (name, size) => {
      const value = 0x0102_0304_0506_0708n;
      for (let offset = -16; offset < 8; offset++) {
        runner.machine.load(new Uint8Array(64).fill(0xee), DATA + 4096 - 32);
        runner.run(`${name} x6, ${offset}(x5)`, { 5: at + 4096n, 6: value });
        const expected = new Uint8Array(64).fill(0xee);
        for (let i = 0; i < size; i++) expected[32 + offset + i] = 8 - i;
        expect([offset, runner.machine.read(DATA + 4096 - 32, 64)]).toEqual([offset, expected]);
      }
    },
  );

  test.each(Object.entries(loads))("%s outside RAM raises a load access fault with its address", (name) => {
    expect(runner.trap(`${name} x7, 4(x5)`, { 5: 0x1000n })).toEqual({ cause: Cause.LOAD_ACCESS, tval: 0x1004n });
  });

  test.each(Object.entries(stores))("%s outside RAM raises a store access fault with its address", (name) => {
    expect(runner.trap(`${name} x6, -4(x5)`, { 5: 0x1000n })).toEqual({ cause: Cause.STORE_ACCESS, tval: 0xffcn });
  });

  test("a jump to an address that is 2 modulo 4 is legal: compressed instructions exist", () => {
    expect(runner.trap("jal x8, skip; .half 1; skip: .half 1; .half 1")).toBeUndefined();
  });
});

describe("accesses across two pages of which one is not mapped", () => {
  let runner: Runner;
  const va = 0x4000_0000n;
  beforeEach(async () => {
    runner = await Runner.create();
    const tables = new PageTables(runner.machine, TABLES);
    tables.map(va, DATA);
    tables.map(va + 0x2000n, DATA + 0x1000);
    runner.machine.hart().setCsr(Csr.SATP, tables.satp);
    runner.machine.hart().setCsr(Csr.MSTATUS, MPRV_AS_S);
    runner.machine.load(new Uint8Array(0x2000).fill(0xcc), DATA);
  });

  test("a load that runs into the hole reports the hole's first byte", () => {
    expect(runner.trap("ld x7, 0(x5)", { 5: va + 0xffdn })).toEqual({ cause: Cause.LOAD_PAGE, tval: va + 0x1000n });
  });

  test("a load that begins in the hole reports its own address", () => {
    expect(runner.trap("ld x7, 0(x5)", { 5: va + 0x1ffdn })).toEqual({ cause: Cause.LOAD_PAGE, tval: va + 0x1ffdn });
  });

  test("a store that runs into the hole reports it and changes nothing", () => {
    expect(runner.trap("sd x6, 0(x5)", { 5: va + 0xffdn })).toEqual({ cause: Cause.STORE_PAGE, tval: va + 0x1000n });
    expect(runner.machine.read(DATA, 0x2000)).toEqual(new Uint8Array(0x2000).fill(0xcc));
  });
});
