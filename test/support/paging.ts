/** Builds page tables in guest RAM. */

import type { TestMachine } from "./core.ts";

/** Flags of a page-table entry. (Privileged ISA, "Sv39: Page-Based 39-bit Virtual-Memory System") */
export const Pte = { V: 1n, R: 2n, W: 4n, X: 8n, U: 16n, G: 32n, A: 64n, D: 128n } as const;

/** A leaf that allows everything in S mode and faults on no A or D bit. */
export const RWXAD = Pte.V | Pte.R | Pte.W | Pte.X | Pte.A | Pte.D;

/** What the tables are written to. */
export type Words = Pick<TestMachine, "read64" | "write64">;

const LEVELS = { 8: 3, 9: 4, 10: 5 } as const;

/** A tree of page tables for one satp. `mode` is satp.MODE: 8 for Sv39, 9 for Sv48, 10 for Sv57. */
export class PageTables {
  readonly #machine: Words;
  readonly #mode: keyof typeof LEVELS;
  readonly #root: number;
  #next: number;

  /** Tables are taken from `pa` upwards, one page each. */
  constructor(machine: Words, pa: number, mode: keyof typeof LEVELS = 8) {
    this.#machine = machine;
    this.#mode = mode;
    this.#root = pa;
    this.#next = pa + 4096;
  }

  get satp(): bigint {
    return (BigInt(this.#mode) << 60n) | BigInt(this.#root / 4096);
  }

  /** Address of the entry for `va` at `level` (0 is a 4 KiB page), making the tables above it. */
  entry(va: bigint, level = 0): number {
    let table = this.#root;
    for (let at = LEVELS[this.#mode] - 1; at > level; at--) {
      const slot = table + this.#index(va, at) * 8;
      if (this.#machine.read64(slot) === 0n) {
        this.#machine.write64(slot, (BigInt(this.#next / 4096) << 10n) | Pte.V);
        this.#next += 4096;
      }
      table = Number(this.#machine.read64(slot) >> 10n) * 4096;
    }
    return table + this.#index(va, level) * 8;
  }

  /** Maps the page, or superpage of `level`, at `va` to `pa`; returns where its entry stands. */
  map(va: bigint, pa: number, flags: bigint = RWXAD, level = 0): number {
    const slot = this.entry(va, level);
    this.#machine.write64(slot, (BigInt(Math.floor(pa / 4096)) << 10n) | flags);
    return slot;
  }

  #index(va: bigint, level: number): number {
    return Number((va >> BigInt(12 + 9 * level)) & 0x1ffn);
  }
}
