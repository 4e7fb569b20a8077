/** Operands for instruction tests: hard ones, and random ones from a fixed seed. */

import { u64 } from "./models.ts";

/** Edges of the types the instructions work on, and patterns that show a bit or byte in the wrong place. */
export const hard: readonly bigint[] = [
  0n,
  1n,
  2n,
  31n,
  32n,
  63n,
  64n,
  0x7fn,
  0x80n,
  0x7fffn,
  0x8000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0xffff_ffff_8000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_ffff_fffen,
  0xffff_ffff_ffff_ffffn,
  0x0123_4567_89ab_cdefn,
  0x8040_2010_0804_0201n,
  0x5555_5555_5555_5555n,
];

/** xorshift64*: small, and the same everywhere. */
export class Random {
  #state: bigint;

  constructor(seed: bigint) {
    this.#state = u64(seed * 0x9e37_79b9_7f4a_7c15n) || 1n;
  }

  next(): bigint {
    let x = this.#state;
    x ^= x >> 12n;
    x = u64(x ^ (x << 25n));
    x ^= x >> 27n;
    this.#state = x;
    return u64(x * 0x2545_f491_4f6c_dd1dn);
  }

  /** 0 to `bound` - 1. */
  below(bound: number): number {
    return Number(this.next() >> 16n) % bound;
  }
}

/** Every pair of hard operands, then `count` random pairs. */
export function pairs(count: number, seed: bigint): [bigint, bigint][] {
  const random = new Random(seed);
  return [
    ...hard.flatMap((a) => hard.map((b): [bigint, bigint] => [a, b])),
    ...Array.from({ length: count }, (): [bigint, bigint] => [random.next(), random.next()]),
  ];
}

/** Every hard operand, then `count` random ones. */
export function singles(count: number, seed: bigint): bigint[] {
  const random = new Random(seed);
  return [...hard, ...Array.from({ length: count }, () => random.next())];
}
