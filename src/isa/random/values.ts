/** Seeded random numbers, and operand values that are hard for arithmetic. */

/** A repeatable source of random numbers (splitmix32). */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** 32 random bits. */
  next(): number {
    this.state = (this.state + 0x9e3779b9) >>> 0;
    let z = this.state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  }

  /** 0 to `n` - 1. */
  below(n: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * n);
  }

  /** `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** True once in `n` times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  /** 64 random bits. */
  bits64(): bigint {
    return (BigInt(this.next()) << 32n) | BigInt(this.next());
  }
}

const edges = [0n, 1n, 2n, -1n, -2n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn];
const wideEdges = [...edges, 1n << 32n, (1n << 63n) - 1n, 1n << 63n, 0x5555_5555_5555_5555n, -(1n << 31n)];

/** An integer register's value: mostly where arithmetic changes its mind. */
export function hardInteger(random: Random): bigint {
  switch (random.below(5)) {
    case 0:
      return random.bits64();
    case 1:
      return BigInt(random.between(-20, 20));
    case 2:
      return (1n << BigInt(random.below(64))) + BigInt(random.between(-1, 1));
    default:
      return random.pick(wideEdges);
  }
}

interface FloatFormat {
  readonly exponentBits: number;
  readonly fractionBits: number;
}

const half: FloatFormat = { exponentBits: 5, fractionBits: 10 };
const single: FloatFormat = { exponentBits: 8, fractionBits: 23 };
const double: FloatFormat = { exponentBits: 11, fractionBits: 52 };

/** Zeros, subnormals, ones, halves, integers at the edge of precision, the largest, infinities, both sorts of NaN. */
function hardPattern(random: Random, { exponentBits, fractionBits }: FloatFormat): bigint {
  const top = 2 ** exponentBits - 1;
  const bias = top >> 1;
  const near = bias + random.between(-3, 3);
  const exponents = [
    0,
    0,
    1,
    near,
    near,
    bias + fractionBits,
    bias + 31,
    bias + 63,
    top - 1,
    top,
    top,
    random.below(top),
  ];
  const exponent = Math.min(random.pick(exponents), top);
  const all = (1n << BigInt(fractionBits)) - 1n;
  const quiet = 1n << BigInt(fractionBits - 1);
  const fractions = [0n, 0n, 1n, all, quiet, quiet | 1n, quiet - 1n, random.bits64() & all, random.bits64() & all];
  const sign = BigInt(random.below(2));
  return (((sign << BigInt(exponentBits)) | BigInt(exponent)) << BigInt(fractionBits)) | random.pick(fractions);
}

/** A floating-point register's value: doubles, boxed singles and halves, and now and then a badly boxed one. */
export function hardFloat(random: Random): bigint {
  switch (random.below(8)) {
    case 0:
      return random.bits64();
    case 1:
      return 0xffff_ffff_ffff_0000n | hardPattern(random, half);
    case 2:
    case 3:
    case 4:
      return 0xffff_ffff_0000_0000n | hardPattern(random, single);
    default:
      return hardPattern(random, double);
  }
}
