import { beforeEach, describe, expect, test } from "vitest";
import { Cause, Priv } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { RAM_PA } from "../support/core.ts";
import { PageTables, Pte, RWXAD } from "../support/paging.ts";
import { dispatchers, Runner } from "./runner.ts";

const DATA = RAM_PA + 0x8_0000;
const TABLES = RAM_PA + 0x9_0000;
const at = BigInt(DATA);

const MPRV_AS_S = (1n << 17n) | (1n << 11n);
const CBIE_FLUSH = 1n << 4n;
const CBIE_INVAL = 3n << 4n;
const CBCFE = 1n << 6n;
const CBZE = 1n << 7n;

const managing = ["cbo.inval", "cbo.clean", "cbo.flush"] as const;

/** What each instruction's enable is, as its bits in menvcfg and senvcfg. */
const enables: [name: string, field: bigint][] = [
  ["cbo.inval", CBIE_FLUSH],
  ["cbo.inval", CBIE_INVAL],
  ["cbo.clean", CBCFE],
  ["cbo.flush", CBCFE],
  ["cbo.zero", CBZE],
];

describe.each(dispatchers)("by $dispatcher", (dispatcher) => {
  let runner: Runner;
  beforeEach(async () => {
    runner = await Runner.create(dispatcher);
    runner.machine.load(new Uint8Array(256).fill(0xaa), DATA);
  });

  test("cbo.zero clears the 64 bytes of the block that holds the address", () => {
    runner.run("cbo.zero (x5)", { 5: at + 64n + 37n });
    expect([...runner.machine.read(DATA, 256)].map((byte, i) => (byte === 0 ? i : -1)).filter((i) => i >= 0)).toEqual(
      Array.from({ length: 64 }, (_, i) => 64 + i),
    );
  });

  test.each(managing)("%s changes no memory", (name) => {
    expect(runner.trap(`${name} (x5)`, { 5: at + 5n })).toBeUndefined();
    expect(runner.machine.read(DATA, 256)).toEqual(new Uint8Array(256).fill(0xaa));
  });

  test("outside RAM cbo.zero raises a store access fault with the address in rs1, and the others do nothing", () => {
    expect(runner.trap("cbo.zero (x5)", { 5: 0x33n })).toEqual({ cause: Cause.STORE_ACCESS, tval: 0x33n });
    for (const name of managing) expect(runner.trap(`${name} (x5)`, { 5: 0x33n })).toBeUndefined();
  });

  test.each([...managing, "cbo.zero"])(
    "%s on an unmapped page raises a store page fault with the address in rs1",
    (name) => {
      const hart = runner.machine.hart();
      hart.setCsr(Csr.SATP, new PageTables(runner.machine, TABLES).satp);
      hart.setCsr(Csr.MSTATUS, MPRV_AS_S);
      const tval = 0x4000_0123n;
      expect(runner.trap(`${name} (x5)`, { 5: tval })).toEqual({ cause: Cause.STORE_PAGE, tval });
    },
  );

  test("on a read-only page the managing operations are allowed, and cbo.zero is not", () => {
    const hart = runner.machine.hart();
    const tables = new PageTables(runner.machine, TABLES);
    const va = 0x4000_0000n;
    tables.map(va, DATA, RWXAD & ~Pte.W & ~Pte.D);
    hart.setCsr(Csr.SATP, tables.satp);
    hart.setCsr(Csr.MSTATUS, MPRV_AS_S);
    for (const name of managing) expect(runner.trap(`${name} (x5)`, { 5: va })).toBeUndefined();
    expect(runner.trap("cbo.zero (x5)", { 5: va + 1n })).toEqual({ cause: Cause.STORE_PAGE, tval: va + 1n });
    expect(runner.machine.read(DATA, 64)).toEqual(new Uint8Array(64).fill(0xaa));
  });
});

describe("enables", () => {
  let runner: Runner;
  beforeEach(async () => {
    runner = await Runner.create();
    const hart = runner.machine.hart();
    hart.setCsr(Csr.PMPADDR0, 0x3f_ffff_ffff_ffffn);
    hart.setCsr(Csr.PMPCFG0, 0x1fn);
  });

  const allowed = (name: string, priv: Priv, menvcfg: bigint, senvcfg: bigint): boolean => {
    const hart = runner.machine.hart();
    hart.setCsr(Csr.MENVCFG, menvcfg);
    hart.setCsr(Csr.SENVCFG, senvcfg);
    runner.enter(priv);
    const trap = runner.trap(`${name} (x5)`, { 5: at });
    if (trap !== undefined) expect(trap.cause).toBe(Cause.ILLEGAL);
    return trap === undefined;
  };

  test.each(enables)("%s (field 0x%x) needs nothing in M mode, menvcfg in S mode, both in U mode", (name, field) => {
    const others = 0xf0n & ~field & ~(name === "cbo.inval" ? CBIE_INVAL : 0n);
    expect(allowed(name, Priv.M, 0n, 0n)).toBe(true);
    expect(allowed(name, Priv.S, others, 0xf0n)).toBe(false);
    expect(allowed(name, Priv.S, field, 0n)).toBe(true);
    expect(allowed(name, Priv.U, field, others)).toBe(false);
    expect(allowed(name, Priv.U, others, field)).toBe(false);
    expect(allowed(name, Priv.U, field, field)).toBe(true);
  });

  test("an illegal cbo.zero reports its own bits", () => {
    runner.machine.hart().setCsr(Csr.MENVCFG, 0n);
    runner.enter(Priv.S);
    expect(runner.trap("cbo.zero (x5)", { 5: at })).toEqual({ cause: Cause.ILLEGAL, tval: 0x0042_a00fn });
  });
});
