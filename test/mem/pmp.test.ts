/** Physical memory protection. (Privileged ISA, "Physical Memory Protection") */

import fc from "fast-check";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { HartField } from "../../assembly/state/layout.ts";
import { Access, Priv } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { PmpCfg, PmpMatch } from "../../assembly/shared/csr.ts";
import { HartBench } from "../hart/hart-bench.ts";

const ONES = 0xffff_ffff_ffff_ffffn;
const RWX = PmpCfg.R | PmpCfg.W | PmpCfg.X;
const accesses = [Access.FETCH, Access.LOAD, Access.STORE] as const;
const privs = [Priv.U, Priv.S, Priv.M] as const;

interface Entry {
  readonly match: PmpMatch;
  readonly flags: number;
  /** pmpaddr. */
  readonly addr: bigint;
}

let bench: HartBench;

beforeAll(async () => {
  bench = await HartBench.create();
});

beforeEach(() => {
  bench.reset();
});

const off: Entry = { match: PmpMatch.OFF, flags: 0, addr: 0n };
const tor = (end: bigint, flags: number): Entry => ({ match: PmpMatch.TOR, flags, addr: end >> 2n });
const bound = (start: bigint): Entry => ({ ...off, addr: start >> 2n });
const na4 = (pa: bigint, flags: number): Entry => ({ match: PmpMatch.NA4, flags, addr: pa >> 2n });
const napot = (pa: bigint, bytes: bigint, flags: number): Entry => ({
  match: PmpMatch.NAPOT,
  flags,
  addr: (pa >> 2n) | ((bytes >> 3n) - 1n),
});

/** Puts entries into a hart that has been reset. */
function setUp(...entries: Entry[]): void {
  bench.reset();
  entries.forEach((entry, i) => bench.write(Csr.PMPADDR0 + i, entry.addr));
  const bytes = entries.map((entry) => BigInt((entry.match << PmpCfg.A_SHIFT) | entry.flags));
  const word = (first: number): bigint =>
    bytes.slice(first, first + 8).reduce((sum, byte, i) => sum | (byte << BigInt(i * 8)), 0n);
  bench.write(Csr.PMPCFG2, word(8));
  bench.write(Csr.PMPCFG0, word(0));
}

function check(pa: bigint, bytes = 4, access: Access = Access.LOAD, priv: Priv = Priv.S): boolean {
  return bench.exports.pmp_check(bench.hart, pa, bytes, access, priv) !== 0;
}

const uniform = (pa: bigint): boolean => bench.exports.pmp_page_uniform(bench.hart, pa) !== 0;

describe("a match", () => {
  test("of no entry lets M mode pass and nobody else, with entries on or off", () => {
    for (const entries of [[], [na4(0x9000_0000n, RWX)]]) {
      setUp(...entries);
      expect(privs.map((priv) => check(0x8000_0000n, 4, Access.LOAD, priv))).toEqual([false, false, true]);
    }
  });

  test.each(accesses)("grants access %i by its own bit alone", (access) => {
    const bit = [PmpCfg.X, PmpCfg.R, PmpCfg.W][access]!;
    for (const flags of [0, PmpCfg.R, PmpCfg.X, PmpCfg.R | PmpCfg.W, PmpCfg.R | PmpCfg.X, RWX]) {
      setUp(na4(0x8000_0000n, flags));
      expect(check(0x8000_0000n, 4, access)).toBe((flags & bit) !== 0);
    }
  });

  test("binds M mode only when locked", () => {
    setUp(na4(0x8000_0000n, 0));
    expect(check(0x8000_0000n, 4, Access.LOAD, Priv.M)).toBe(true);
    setUp(na4(0x8000_0000n, PmpCfg.L | PmpCfg.R));
    expect(accesses.map((access) => check(0x8000_0000n, 4, access, Priv.M))).toEqual([false, true, false]);
  });

  test("of the first entry decides", () => {
    setUp(napot(0x8000_0000n, 8n, PmpCfg.R), napot(0x8000_0000n, 16n, RWX));
    expect(check(0x8000_0004n, 4, Access.STORE)).toBe(false);
    expect(check(0x8000_0008n, 4, Access.STORE)).toBe(true);
  });

  test("of a part of the access fails it, also in M mode and whatever the entry permits", () => {
    setUp(napot(0x8000_0000n, 8n, RWX), napot(0x8000_0000n, 0x1000n, RWX));
    expect(check(0x8000_0004n, 8)).toBe(false);
    expect(check(0x8000_0004n, 8, Access.LOAD, Priv.M)).toBe(false);
    expect(check(0x8000_0008n, 8)).toBe(true);
    expect(check(0x7fff_fffcn, 8)).toBe(false);
  });
});

describe("NA4 and NAPOT", () => {
  test("NA4 covers four bytes", () => {
    setUp(na4(0x8000_0010n, RWX));
    expect([0x0cn, 0x10n, 0x13n, 0x14n].map((offset) => check(0x8000_0000n + offset, 1))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test.each(Array.from({ length: 20 }, (_, i) => 8n << BigInt(i)))("NAPOT of %i bytes covers just those", (bytes) => {
    const start = 0x8000_0000n;
    setUp(napot(start, bytes, RWX));
    expect([start - 1n, start, start + bytes - 1n, start + bytes].map((pa) => check(pa, 1))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test("all ones covers the whole address space", () => {
    setUp({ match: PmpMatch.NAPOT, flags: RWX, addr: ONES });
    expect([0n, 0x8000_0000n, (1n << 56n) - 8n].map((pa) => check(pa, 8))).toEqual([true, true, true]);
  });
});

describe("TOR", () => {
  test("entry 0 begins at zero", () => {
    setUp(tor(0x8000_0000n, RWX));
    expect([0n, 0x7fff_ffffn, 0x8000_0000n].map((pa) => check(pa, 1))).toEqual([true, true, false]);
  });

  test("others begin at the pmpaddr below, even of an entry that is off", () => {
    setUp(bound(0x8000_0100n), tor(0x8000_0200n, RWX));
    expect([0xffn, 0x100n, 0x1ffn, 0x200n].map((offset) => check(0x8000_0000n + offset, 1))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  test.each([0x8000_0200n, 0x8000_0100n])("a bound that is not below the end (0x%x) matches nothing", (end) => {
    setUp(bound(0x8000_0200n), tor(end, RWX), na4(0x8000_0000n, RWX));
    expect([0x100n, 0x1ffn, 0x200n, 0n].map((offset) => check(0x8000_0000n + offset, 1))).toEqual([
      false,
      false,
      false,
      true,
    ]);
  });

  test("an end of zero matches nothing", () => {
    setUp(tor(0n, RWX));
    expect([0n, 0x8000_0000n, (1n << 56n) - 1n].map((pa) => check(pa, 1))).toEqual([false, false, false]);
  });
});

describe("a page", () => {
  test("is uniform when one entry covers it or none touches it", () => {
    setUp(napot(0x8000_0000n, 0x1000n, RWX), napot(0x8000_0000n, 0x10_0000n, 0));
    expect([0x8000_0000n, 0x8000_0ff8n, 0x8000_1000n, 0x9000_0000n].map(uniform)).toEqual([true, true, true, true]);
  });

  test("is not when an entry before the covering one touches a part", () => {
    setUp(na4(0x8000_0ffcn, RWX), napot(0x8000_0000n, 0x10_0000n, RWX));
    expect([0x8000_0000n, 0x8000_1000n].map(uniform)).toEqual([false, true]);
  });

  test("is when such an entry comes after the covering one", () => {
    setUp(napot(0x8000_0000n, 0x10_0000n, RWX), na4(0x8000_0ffcn, 0));
    expect(uniform(0x8000_0000n)).toBe(true);
  });
});

describe("RAM as a whole", () => {
  const open = (): number => bench.view.u32(HartField.pmpOpen);
  const everything: Entry = { match: PmpMatch.NAPOT, flags: RWX, addr: ONES };
  const [M, ALL] = [1 << Priv.M, (1 << Priv.M) | (1 << Priv.S) | (1 << Priv.U)];

  test("is open to M mode after reset, and to all modes behind an entry that covers it", () => {
    expect(open()).toBe(M);
    setUp(everything);
    expect(open()).toBe(ALL);
    setUp(bound(0x8000_0000n), tor(0x8010_0000n, RWX));
    expect(open()).toBe(ALL);
    setUp(na4(0x7fff_fffcn, 0), everything);
    expect(open()).toBe(ALL);
  });

  test.each<[string, number, Entry[]]>([
    ["an entry that falls short of its end", 0, [bound(0x8000_0000n), tor(0x800f_fffcn, RWX)]],
    ["an entry before the open one that covers a word", 0, [na4(0x800f_fffcn, RWX), everything]],
    ["a missing right", M, [{ ...everything, flags: PmpCfg.R | PmpCfg.W }]],
    ["a missing right in a locked entry", 0, [{ ...everything, flags: PmpCfg.L | PmpCfg.R }]],
  ])("is not open with %s", (_, want, entries) => {
    setUp(...entries);
    expect(open()).toBe(want);
  });
});

describe("random entries", () => {
  /** All addresses of the property lie in these four pages. */
  const BASE = 0x8000_0000n;
  const WORDS = 4096;

  const entry: fc.Arbitrary<Entry> = fc.record({
    match: fc.constantFrom(PmpMatch.OFF, PmpMatch.TOR, PmpMatch.NA4, PmpMatch.NAPOT),
    flags: fc.constantFrom(0, PmpCfg.R, PmpCfg.X, PmpCfg.R | PmpCfg.W, RWX, PmpCfg.L, PmpCfg.L | PmpCfg.R),
    addr: fc.integer({ min: -64, max: WORDS + 64 }).chain((word) =>
      // Trailing ones make large NAPOT ranges likely.
      fc.integer({ min: 0, max: 12 }).map((ones) => ((BASE >> 2n) + BigInt(word)) | ((1n << BigInt(ones)) - 1n)),
    ),
  });

  /** First and last byte of an entry, word by word from the specification's table; undefined when it covers nothing. */
  function range(entries: readonly Entry[], index: number): [bigint, bigint] | undefined {
    const { match, addr } = entries[index]!;
    switch (match) {
      case PmpMatch.OFF:
        return undefined;
      case PmpMatch.TOR: {
        const from = index === 0 ? 0n : entries[index - 1]!.addr;
        return from < addr ? [from * 4n, addr * 4n - 1n] : undefined;
      }
      case PmpMatch.NA4:
        return [addr * 4n, addr * 4n + 3n];
      case PmpMatch.NAPOT: {
        let ones = 0n;
        while ((addr >> ones) & 1n) ones++;
        const start = (addr >> ones) << ones;
        return [start * 4n, start * 4n + (8n << ones) - 1n];
      }
    }
  }

  function model(entries: readonly Entry[], pa: bigint, bytes: number, access: Access, priv: Priv): boolean {
    for (let index = 0; index < entries.length; index++) {
      const covered = range(entries, index);
      if (!covered) continue;
      const inside = Array.from({ length: bytes }, (_, i) => pa + BigInt(i)).filter(
        (at) => at >= covered[0] && at <= covered[1],
      );
      if (inside.length === 0) continue;
      if (inside.length < bytes) return false;
      const { flags } = entries[index]!;
      if (priv === Priv.M && !(flags & PmpCfg.L)) return true;
      return (flags & [PmpCfg.X, PmpCfg.R, PmpCfg.W][access]!) !== 0;
    }
    return priv === Priv.M;
  }

  const question = fc.record({
    pa: fc.integer({ min: 0, max: WORDS * 4 }).map((offset) => BASE + BigInt(offset)),
    bytes: fc.constantFrom(1, 2, 4, 8),
    access: fc.constantFrom(...accesses),
    priv: fc.constantFrom(...privs),
  });

  test("decide as the specification's words do", () => {
    const property = fc.property(
      fc.array(entry, { maxLength: 16 }),
      fc.array(question, { minLength: 20 }),
      (entries, questions) => {
        setUp(...entries);
        for (const { pa, bytes, access, priv } of questions) {
          const allowed = model(entries, pa, bytes, access, priv);
          expect(check(pa, bytes, access, priv)).toBe(allowed);
          if (bench.view.u32(HartField.pmpOpen) & (1 << priv)) expect(allowed).toBe(true);
        }
      },
    );
    fc.assert(property, { seed: 20_240, numRuns: 400 });
  });

  test("give one verdict to all of a uniform page", () => {
    const property = fc.property(
      fc.array(entry, { maxLength: 16 }),
      fc.array(question, { minLength: 20 }),
      (entries, questions) => {
        setUp(...entries);
        for (const { pa, access, priv } of questions) {
          const page = pa & ~0xfffn;
          if (uniform(page)) expect(check(pa & ~7n, 8, access, priv)).toBe(check(page, 4096, access, priv));
        }
      },
    );
    fc.assert(property, { seed: 20_241, numRuns: 400 });
  });
});
