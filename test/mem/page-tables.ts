/** Builds page tables in a bench's RAM. */

import { type HartBench, RAM_PA } from "../hart/hart-bench.ts";

/** Bits of a page-table entry. (Privileged ISA, "Addressing and Memory Protection") */
export const Pte = {
  V: 1n << 0n,
  R: 1n << 1n,
  W: 1n << 2n,
  X: 1n << 3n,
  U: 1n << 4n,
  G: 1n << 5n,
  A: 1n << 6n,
  D: 1n << 7n,
  N: 1n << 63n,
  pbmt: (type: number): bigint => BigInt(type) << 61n,
  /** PTE bits that hold the page number of `pa`. */
  at: (pa: number | bigint): bigint => (BigInt(pa) >> 12n) << 10n,
} as const;

/** satp.MODE. */
export enum Mode {
  SV39 = 8,
  SV48 = 9,
  SV57 = 10,
}

export const levelsOf = (mode: Mode): number => mode - 5;

/** Where table of level `i` lies: one page for each level is enough for one mapping. */
export const tablePa = (level: number): number => RAM_PA + 0x1_0000 + level * 0x1000;

/** The physical address of the entry for `va` in the table of level `i`. */
export function ptePa(va: bigint, level: number): number {
  const vpn = Number((BigInt.asUintN(64, va) >> BigInt(12 + 9 * level)) & 0x1ffn);
  return tablePa(level) + vpn * 8;
}

/** Points satp at tables in which `va` ends in `leaf` at `level`. Returns where the leaf lies. */
export function mapPage(bench: HartBench, mode: Mode, va: bigint, leaf: bigint, level = 0): number {
  const root = levelsOf(mode) - 1;
  for (let i = root; i > level; i--) bench.store64(ptePa(va, i), Pte.at(tablePa(i - 1)) | Pte.V);
  bench.store64(ptePa(va, level), leaf);
  bench.write(0x180, (BigInt(mode) << 60n) | (BigInt(tablePa(root)) >> 12n));
  return ptePa(va, level);
}
