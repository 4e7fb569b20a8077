/** Random page walks and PMP checks against recordings of QEMU (oracle/record-walk.mjs). */

import { readFileSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Access, Cause } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { HartBench } from "../hart/hart-bench.ts";

const ONES = 0xffff_ffff_ffff_ffffn;
const PAGE = 0xff_ffff_ffff_f000n;

interface WalkCase {
  /** Addresses and values in turn, the leaf last. */
  readonly entries: readonly bigint[];
  readonly satp: bigint;
  readonly mstatus: bigint;
  readonly va: bigint;
  readonly access: Access;
  /** All ones when nothing was raised. */
  readonly cause: bigint;
  /** What a load read, which is its own physical address; otherwise 0. */
  readonly value: bigint;
  readonly leafAfter: bigint;
}

function linesOf(name: string): bigint[][][] {
  const text = readFileSync(new URL(`oracle/${name}`, import.meta.url), "utf8");
  const { cases } = JSON.parse(text) as { cases: readonly string[] };
  return cases.map((line) => line.split(" ").map((group) => group.split(",").map((hex) => BigInt(`0x${hex}`))));
}

const walks = linesOf("walk.json").map(([entries, ...rest]): WalkCase => {
  const [satp, mstatus, va, access, cause, value, leafAfter] = rest.flat();
  return {
    entries: entries!,
    satp: satp!,
    mstatus: mstatus!,
    va: va!,
    access: Number(access),
    cause: cause!,
    value: value!,
    leafAfter: leafAfter!,
  };
});

const ptesOf = ({ entries }: WalkCase): bigint[] => entries.filter((_, i) => i % 2 === 1);

/** QEMU 7.2 takes reserved encodings that the specification (and later versions) fault on: bits 54 to 60, and PBMT = 3. */
function usesReserved(one: WalkCase): boolean {
  const ptes = ptesOf(one);
  return ptes.some((pte) => ((pte >> 54n) & 0x7fn) !== 0n) || (ptes.at(-1)! >> 61n) % 4n === 3n;
}

/** QEMU sets A and D in a leaf with N before it finds that its size is reserved. */
const isNapot = (one: WalkCase): boolean => ptesOf(one).at(-1)! >> 63n === 1n;

let bench: HartBench;

beforeAll(async () => {
  bench = await HartBench.create();
});

beforeEach(() => {
  bench.reset();
});

describe("against QEMU", () => {
  /** The instruction at the fetched address was an ECALL: the walk succeeded. */
  const succeeded = (cause: bigint): boolean => [ONES, BigInt(Cause.ECALL_U), BigInt(Cause.ECALL_S)].includes(cause);

  const run = ({ entries, satp, mstatus, va, access }: WalkCase): bigint => {
    bench.write(Csr.PMPADDR0, ONES);
    bench.write(Csr.PMPCFG0, 0x1fn);
    for (let i = 0; i < entries.length; i += 2) bench.store64(Number(entries[i]), entries[i + 1]!);
    bench.write(Csr.SATP, satp);
    bench.write(Csr.MSTATUS, mstatus);
    return BigInt.asUintN(64, bench.exports.walk(bench.hart, va, access, Number((mstatus >> 11n) & 3n)));
  };

  const numbered = walks.map((one, i) => [i, one] as const);

  test.each(numbered.filter(([, one]) => !usesReserved(one)))("walk %i ends the same", (_, one) => {
    const { entries, va, cause, value, leafAfter } = one;
    const walked = run(one);
    const theirs = succeeded(cause) ? undefined : { cause: Number(cause), tval: va };
    expect(bench.raised()).toEqual(theirs);
    if (!isNapot(one) || !theirs) expect(bench.load64(Number(entries.at(-2)))).toBe(leafAfter);
    if (value !== 0n) expect((walked & PAGE) | (va & 0xfffn)).toBe(value);
  });

  test.each(numbered.filter(([, one]) => usesReserved(one)))(
    "walk %i meets a reserved encoding and faults",
    (_, one) => {
      expect(run(one)).toBe(ONES);
      expect([Cause.FETCH_PAGE, Cause.LOAD_PAGE, Cause.STORE_PAGE]).toContain(bench.raised()?.cause);
    },
  );

  test.each(linesOf("pmp.json").map((groups, i) => [i, groups] as const))(
    "PMP setting %i allows the same",
    (_, groups) => {
      const [entries, ...accesses] = groups;
      const addrs = entries!.filter((_, i) => i % 2 === 0);
      const cfgs = entries!.filter((_, i) => i % 2 === 1);
      addrs.forEach((addr, i) => bench.write(Csr.PMPADDR0 + i, addr));
      const packed = cfgs.reduce((sum, cfg, i) => sum | (cfg << BigInt(8 * i)), 0n);
      bench.write(Csr.PMPCFG0, packed);
      for (const [pa, bytes, priv, access, cause] of accesses) {
        const allowed = bench.exports.pmp_check(bench.hart, pa!, Number(bytes), Number(access), Number(priv)) !== 0;
        expect(allowed, `${bytes} bytes at ${pa}, mode ${priv}, access ${access}`).toBe(cause === ONES);
      }
    },
  );
});
