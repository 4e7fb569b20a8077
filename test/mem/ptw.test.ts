/** The page walk, step by step. (Privileged ISA, "Virtual Address Translation Process", "Svnapot", "Svpbmt", "Svadu") */

import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Access, Cause, Priv } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { Status } from "../../assembly/shared/csr.ts";
import { HartBench, RAM_PA } from "../hart/hart-bench.ts";
import { levelsOf, mapPage, Mode, Pte, ptePa, tablePa } from "./page-tables.ts";

const ONES = 0xffff_ffff_ffff_ffffn;
const FAULT = ONES;
const ADUE = 1n << 61n;
const PBMTE = 1n << 62n;
const PAGE = 0xff_ffff_ffff_f000n;

/** Flags of a walk's answer. */
const Walk = { R: 1n, W: 2n, X: 4n, G: 8n, LARGE: 1n << 10n };
const log2Size = (walked: bigint): number => Number((walked >> 4n) & 0x3fn);

const all = Pte.V | Pte.R | Pte.W | Pte.X | Pte.A | Pte.D;
const modes = [Mode.SV39, Mode.SV48, Mode.SV57] as const;
const accesses = [Access.FETCH, Access.LOAD, Access.STORE] as const;
const pageFaults = {
  [Access.FETCH]: Cause.FETCH_PAGE,
  [Access.LOAD]: Cause.LOAD_PAGE,
  [Access.STORE]: Cause.STORE_PAGE,
};
const accessFaults = {
  [Access.FETCH]: Cause.FETCH_ACCESS,
  [Access.LOAD]: Cause.LOAD_ACCESS,
  [Access.STORE]: Cause.STORE_ACCESS,
};

/** An address of the lower half in every mode; its index differs from level to level in Sv39. */
const VA = 0x0a_b345_6789n;
const LEAF_PA = 0x8004_5000n;

let bench: HartBench;

beforeAll(async () => {
  bench = await HartBench.create();
});

beforeEach(() => {
  bench.reset();
  bench.memory.u8.fill(0, bench.ma(RAM_PA), bench.ma(RAM_PA) + 0x2_0000);
  bench.write(Csr.PMPADDR0, ONES);
  bench.write(Csr.PMPCFG0, 0x1fn);
});

function walk(va: bigint, access: Access = Access.LOAD, priv: Priv = Priv.S): bigint {
  return BigInt.asUintN(64, bench.exports.walk(bench.hart, va, access, priv));
}

function probe(va: bigint, access: Access = Access.LOAD, priv: Priv = Priv.S): bigint {
  return BigInt.asUintN(64, bench.exports.walk_probe(bench.hart, va, access, priv));
}

/** Expects that the walk faults with `cause` (by default the page fault of `access`) and tval = va. */
function expectFault(
  va: bigint,
  access: Access = Access.LOAD,
  priv: Priv = Priv.S,
  cause: number = pageFaults[access],
): void {
  expect(probe(va, access, priv)).toBe(FAULT);
  expect(walk(va, access, priv)).toBe(FAULT);
  expect(bench.raised()).toEqual({ cause, tval: BigInt.asUintN(64, va) });
}

describe.each(modes)("mode %i", (mode) => {
  const levels = levelsOf(mode);
  const signBit = BigInt(12 + 9 * levels - 1);
  const upper = BigInt.asUintN(64, BigInt.asIntN(64, VA | (ONES << signBit)));
  const each = Array.from({ length: levels }, (_, level) => level);

  test.each(each)("a leaf of level %i covers its whole page, the rest of the address comes from va", (level) => {
    const bits = BigInt(12 + 9 * level);
    const pa = 0x12_3456_7890_0000n & (ONES << bits) & PAGE;
    mapPage(bench, mode, VA, all | Pte.at(pa), level);
    const walked = walk(VA);
    expect(bench.raised()).toBeUndefined();
    expect(walked & PAGE).toBe((pa | (VA & ((1n << bits) - 1n))) & PAGE);
    expect(log2Size(walked)).toBe(Number(bits));
    expect(walked & Walk.LARGE).toBe(level === 0 ? 0n : Walk.LARGE);
    expect(walked >> 56n).toBe(0n);
  });

  test.each(each.slice(1))("a superpage of level %i that is misaligned in any bit faults", (level) => {
    for (let bit = 12n; bit < BigInt(12 + 9 * level); bit++) {
      mapPage(bench, mode, VA, all | Pte.at(1n << bit), level);
      expectFault(VA);
    }
  });

  test("the upper half is translated, with the sign repeated above", () => {
    mapPage(bench, mode, upper, all | Pte.at(LEAF_PA));
    expect(walk(upper) & PAGE).toBe(LEAF_PA);
  });

  test("an address whose upper bits do not repeat the sign faults, whatever the tables say", () => {
    mapPage(bench, mode, VA, all | Pte.at(LEAF_PA));
    for (let bit = signBit; bit < 64n; bit++) expectFault(VA | (1n << bit));
    mapPage(bench, mode, upper, all | Pte.at(LEAF_PA));
    for (let bit = signBit; bit < 64n; bit++) expectFault(upper & ~(1n << bit));
  });

  test.each(each)("an entry of level %i that is not valid faults", (level) => {
    mapPage(bench, mode, VA, (all & ~Pte.V) | Pte.at(0), level);
    for (const access of accesses) expectFault(VA, access);
  });

  test.each(each.slice(1))("a pointer of level %i with D, A, U, N or PBMT set faults", (level) => {
    mapPage(bench, mode, VA, all | Pte.at(LEAF_PA));
    const pointer = bench.load64(ptePa(VA, level));
    for (const bit of [Pte.D, Pte.A, Pte.U, Pte.N, Pte.pbmt(1), Pte.pbmt(2)]) {
      bench.store64(ptePa(VA, level), pointer | bit);
      expectFault(VA);
    }
    bench.store64(ptePa(VA, level), pointer | Pte.G);
    expect(walk(VA)).not.toBe(FAULT);
  });

  test("a pointer at level 0 faults", () => {
    mapPage(bench, mode, VA, Pte.V | Pte.at(tablePa(0)));
    for (const access of accesses) expectFault(VA, access);
  });

  test.each(each)("W without R, and each of bits 54 to 60, faults at level %i", (level) => {
    for (const leaf of [Pte.V | Pte.W | Pte.A | Pte.D, Pte.V | Pte.W | Pte.X | Pte.A | Pte.D]) {
      mapPage(bench, mode, VA, leaf, level);
      for (const access of accesses) expectFault(VA, access);
    }
    for (let bit = 54n; bit <= 60n; bit++) {
      mapPage(bench, mode, VA, all | (1n << bit), level);
      expectFault(VA);
    }
  });

  test("the RSW bits are software's", () => {
    mapPage(bench, mode, VA, all | Pte.at(LEAF_PA) | (3n << 8n));
    expect(walk(VA) & PAGE).toBe(LEAF_PA);
  });

  test.each(each)("a table of level %i outside RAM is an access fault of the original kind", (level) => {
    mapPage(bench, mode, VA, all | Pte.at(LEAF_PA));
    const away = 0x1000_0000n;
    if (level === levels - 1) bench.write(Csr.SATP, (BigInt(mode) << 60n) | (away >> 12n));
    else bench.store64(ptePa(VA, level + 1), Pte.V | Pte.at(away));
    for (const access of accesses) expectFault(VA, access, Priv.S, accessFaults[access]);
  });
});

describe("permission", () => {
  const kinds = [Pte.R, Pte.R | Pte.W, Pte.X, Pte.R | Pte.X, Pte.R | Pte.W | Pte.X];

  /** The rules in the words of the specification. */
  function allowed(kind: bigint, user: boolean, priv: Priv, sum: boolean, mxr: boolean, access: Access): boolean {
    if (priv === Priv.U && !user) return false;
    if (priv === Priv.S && user && (!sum || access === Access.FETCH)) return false;
    if (access === Access.FETCH) return (kind & Pte.X) !== 0n;
    if (access === Access.STORE) return (kind & Pte.W) !== 0n;
    return (kind & Pte.R) !== 0n || (mxr && (kind & Pte.X) !== 0n);
  }

  const yesNo = [false, true];
  const cases = yesNo.flatMap((user) =>
    [Priv.U, Priv.S].flatMap((priv) => yesNo.flatMap((sum) => yesNo.map((mxr) => [user, priv, sum, mxr] as const))),
  );

  test.each(cases)("PTE.U %s, mode %i, SUM %s, MXR %s", (user, priv, sum, mxr) => {
    bench.write(Csr.MSTATUS, BigInt((sum ? Status.SUM : 0) | (mxr ? Status.MXR : 0)));
    for (const kind of kinds) {
      mapPage(bench, Mode.SV39, VA, Pte.V | Pte.A | Pte.D | kind | (user ? Pte.U : 0n) | Pte.at(LEAF_PA));
      const granted = accesses.filter((access) => {
        if (allowed(kind, user, priv, sum, mxr, access)) return true;
        expectFault(VA, access, priv);
        return false;
      });
      const flags = granted.reduce((sum, access) => sum | [Walk.X, Walk.R, Walk.W][access]!, 0n);
      for (const access of granted) expect(walk(VA, access, priv) & 7n).toBe(flags);
    }
  });

  test("M mode and Bare translate to the address itself", () => {
    mapPage(bench, Mode.SV39, VA, all | Pte.at(LEAF_PA));
    expect(walk(VA, Access.STORE, Priv.M)).toBe((VA & PAGE) | (12n << 4n) | 7n);
    bench.write(Csr.SATP, 0n);
    expect(walk(VA, Access.STORE, Priv.U)).toBe((VA & PAGE) | (12n << 4n) | 7n);
    expect(probe(1n << 56n)).toBe(FAULT);
  });

  test("a global leaf is reported", () => {
    mapPage(bench, Mode.SV39, VA, all | Pte.G | Pte.at(LEAF_PA));
    expect(walk(VA) & Walk.G).toBe(Walk.G);
  });
});

describe("A and D", () => {
  const clean = (all & ~(Pte.A | Pte.D)) | Pte.at(LEAF_PA);

  test("with ADUE off a leaf without A faults, and so does a store without D; nothing is written", () => {
    bench.write(Csr.MENVCFG, 0n);
    const at = mapPage(bench, Mode.SV39, VA, clean);
    for (const access of accesses) expectFault(VA, access);
    bench.store64(at, clean | Pte.D);
    for (const access of accesses) expectFault(VA, access);
    bench.store64(at, clean | Pte.A);
    expectFault(VA, Access.STORE);
    expect(walk(VA) & 7n).toBe(Walk.R | Walk.X);
    expect(walk(VA, Access.FETCH) & 7n).toBe(Walk.R | Walk.X);
    expect(bench.load64(at)).toBe(clean | Pte.A);
  });

  test.each([
    [Access.FETCH, Pte.A],
    [Access.LOAD, Pte.A],
    [Access.STORE, Pte.A | Pte.D],
  ])("with ADUE on access %i sets its bits, in a superpage too", (access, set) => {
    expect(bench.read(Csr.MENVCFG) & ADUE).toBe(ADUE);
    for (const level of [0, 1, 2]) {
      const leaf = (all & ~(Pte.A | Pte.D)) | Pte.at(0x8000_0000n);
      const at = mapPage(bench, Mode.SV39, VA, leaf, level);
      expect(walk(VA, access)).not.toBe(FAULT);
      expect(bench.load64(at)).toBe(leaf | set);
    }
  });

  test("an access that is not allowed sets nothing", () => {
    const at = mapPage(bench, Mode.SV39, VA, clean & ~(Pte.W | Pte.R));
    expectFault(VA, Access.STORE);
    expectFault(VA, Access.LOAD);
    expect(bench.load64(at)).toBe(clean & ~(Pte.W | Pte.R));
  });

  test("a probe answers as if it had set them, and writes nothing", () => {
    const at = mapPage(bench, Mode.SV39, VA, clean);
    expect(probe(VA, Access.STORE) & PAGE).toBe(LEAF_PA);
    expect(bench.load64(at)).toBe(clean);
  });

  test("stores are granted only once D is set", () => {
    mapPage(bench, Mode.SV39, VA, clean | Pte.A);
    expect(walk(VA) & Walk.W).toBe(0n);
    expect(walk(VA, Access.STORE) & Walk.W).toBe(Walk.W);
    expect(walk(VA) & Walk.W).toBe(Walk.W);
  });
});

describe("PMP and page tables", () => {
  /** Entry 0 gives the page of the leaf's table `rights`; entry 1 opens the rest. */
  function guardTable(rights: bigint): void {
    bench.write(Csr.PMPCFG0, 0n);
    bench.write(Csr.PMPADDR0, (BigInt(tablePa(0)) >> 2n) | 0x1ffn);
    bench.write(Csr.PMPADDR0 + 1, ONES);
    bench.write(Csr.PMPCFG0, 0x1f18n | rights);
  }

  test("a table that S mode may not read is an access fault, for U mode too", () => {
    mapPage(bench, Mode.SV39, VA, all | Pte.U | Pte.at(LEAF_PA));
    guardTable(4n);
    for (const access of accesses) expectFault(VA, access, Priv.U, accessFaults[access]);
    guardTable(1n);
    for (const access of accesses) expect(walk(VA, access, Priv.U)).not.toBe(FAULT);
  });

  test("one that S mode may not write is an access fault when A or D is to be set", () => {
    const at = mapPage(bench, Mode.SV39, VA, (all & ~Pte.D) | Pte.at(LEAF_PA));
    guardTable(1n);
    expect(walk(VA)).not.toBe(FAULT);
    expectFault(VA, Access.STORE, Priv.S, Cause.STORE_ACCESS);
    expect(bench.load64(at) & Pte.D).toBe(0n);
    guardTable(3n);
    expect(walk(VA, Access.STORE)).not.toBe(FAULT);
  });

  test("while every entry is off, tables cannot be read", () => {
    mapPage(bench, Mode.SV39, VA, all | Pte.at(LEAF_PA));
    bench.write(Csr.PMPCFG0, 0n);
    expectFault(VA, Access.LOAD, Priv.S, Cause.LOAD_ACCESS);
  });
});

describe("Svnapot", () => {
  test("64 KiB are translated by one leaf, four bits of the page number from va", () => {
    const napot = all | Pte.N | Pte.at(0x8004_8000n);
    for (let page = 0n; page < 16n; page++) {
      const va = 0x12_3450_0000n | (page << 12n) | 0x123n;
      mapPage(bench, Mode.SV39, va, napot);
      const walked = walk(va);
      expect(walked & PAGE).toBe(0x8004_0000n | (page << 12n));
      expect([log2Size(walked), walked & Walk.LARGE]).toEqual([16, Walk.LARGE]);
    }
  });

  test("every other size is reserved", () => {
    for (let low = 0n; low < 16n; low++) {
      mapPage(bench, Mode.SV39, VA, all | Pte.N | Pte.at(0x8004_0000n | (low << 12n)));
      if (low === 8n) expect(walk(VA)).not.toBe(FAULT);
      else expectFault(VA);
    }
  });

  test("N is reserved in superpages", () => {
    for (const level of [1, 2]) {
      mapPage(bench, Mode.SV39, VA, all | Pte.N | Pte.at(0x8000_0000n), level);
      expectFault(VA);
    }
  });
});

describe("Svpbmt", () => {
  test("types 1 and 2 are taken while PBMTE is on, 3 never", () => {
    for (const [pbmte, legal] of [
      [PBMTE, [0, 1, 2]],
      [0n, [0]],
    ] as const) {
      bench.write(Csr.MENVCFG, pbmte);
      for (const type of [0, 1, 2, 3]) {
        for (const level of [0, 1]) {
          mapPage(bench, Mode.SV39, VA, all | Pte.pbmt(type) | Pte.at(0x8000_0000n), level);
          if ((legal as readonly number[]).includes(type))
            expect(walk(VA) & PAGE).toBe(level ? 0x8005_6000n : 0x8000_0000n);
          else expectFault(VA);
        }
      }
    }
  });
});
