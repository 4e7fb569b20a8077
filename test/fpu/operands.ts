/** Hard operands: special values, neighbours of every border, half-way cases, cancelling and overflowing combinations. */

import { type Format, type FormatName, formats, integers, isFormat, type IntegerName, pack } from "./formats.ts";
import type { Op } from "./ops.ts";
import { Random } from "./random.ts";

export type Operands = readonly [a: bigint, b: bigint, c: bigint];

function signed(format: Format, exp: number, frac: bigint): bigint[] {
  return [pack(format, 0, exp, frac), pack(format, 1, exp, frac)];
}

/** Special values of a format, both signs. */
export function specials(name: FormatName): bigint[] {
  const f = formats[name];
  const ones = (1n << BigInt(f.fracBits)) - 1n;
  const quiet = 1n << BigInt(f.fracBits - 1);
  return [
    ...signed(f, 0, 0n),
    ...signed(f, 0, 1n),
    ...signed(f, 0, ones),
    ...signed(f, 1, 0n),
    ...signed(f, 1, 1n),
    ...signed(f, f.bias - 1, 0n),
    ...signed(f, f.bias - 1, ones),
    ...signed(f, f.bias, 0n),
    ...signed(f, f.bias, 1n),
    ...signed(f, f.bias, quiet),
    ...signed(f, f.bias + 1, 0n),
    ...signed(f, f.bias + f.fracBits, ones),
    ...signed(f, f.expMax - 1, 0n),
    ...signed(f, f.expMax - 1, ones),
    ...signed(f, f.expMax, 0n),
    ...signed(f, f.expMax, quiet),
    ...signed(f, f.expMax, 1n),
    ...signed(f, f.expMax, ones),
  ];
}

/** A fraction field with few ones, few zeros, one long run, or any bits. */
function fraction(random: Random, bits: number): bigint {
  const mask = (1n << BigInt(bits)) - 1n;
  const place = BigInt(random.below(bits + 1));
  switch (random.below(6)) {
    case 0:
      return (1n << place) & mask;
    case 1:
      return mask ^ ((1n << place) & mask);
    case 2:
      return mask >> place;
    case 3:
      return (mask << place) & mask;
    case 4:
      return (random.u64() << place) & mask;
    default:
      return random.u64() & mask;
  }
}

const clampExponent = (f: Format, exp: number): number => Math.max(0, Math.min(f.expMax - 1, exp));

function finite(random: Random, f: Format, exp: number): bigint {
  return pack(f, random.below(2), clampExponent(f, exp), fraction(random, f.fracBits));
}

function exponentOf(f: Format, bits: bigint): number {
  return Number((bits >> BigInt(f.fracBits)) & BigInt(f.expMax));
}

/** A number for the first operand: special, at a border, near an integer type's limits, or anything. */
function first(random: Random, name: FormatName): bigint {
  const f = formats[name];
  switch (random.below(8)) {
    case 0:
      return random.pick(specials(name));
    case 1:
      return finite(random, f, random.below(3));
    case 2:
      return finite(random, f, f.expMax - 1 - random.below(3));
    case 3:
      return finite(random, f, f.bias - 2 + random.below(f.fracBits + 4));
    case 4:
      return finite(random, f, f.bias + random.pick([7, 15, 30, 31, 32, 62, 63, 64]));
    default:
      return finite(random, f, random.below(f.expMax));
  }
}

const doubles = new Float64Array(2);
const doubleBits = new BigUint64Array(doubles.buffer);
const singles = new Float32Array(2);
const singleBits = new Uint32Array(singles.buffer);

/** Calculates in a native format; undefined for the half format, which has none. */
function native(name: FormatName, a: bigint, b: bigint, f: (x: number, y: number) => number): bigint | undefined {
  if (name === "d") {
    doubleBits.set([a, b]);
    doubles[0] = f(doubles[0]!, doubles[1]!);
    return doubleBits[0];
  }
  if (name === "s") {
    singleBits.set([Number(a), Number(b)]);
    singles[0] = f(singles[0]!, singles[1]!);
    return BigInt(singleBits[0]!);
  }
  return undefined;
}

/** A second operand whose sum, product or quotient with `a` is near something. */
function second(random: Random, name: FormatName, a: bigint): bigint {
  const f = formats[name];
  const exp = exponentOf(f, a);
  const step = random.below(5) - 2;
  switch (random.below(8)) {
    case 0:
      return first(random, name);
    case 1:
      // Cancels, all but or entirely.
      return BigInt.asUintN(f.width, (a ^ (1n << BigInt(f.width - 1))) + BigInt(step));
    case 2:
      return finite(random, f, exp - f.fracBits - 1 + step);
    case 3:
      return finite(random, f, exp + step);
    case 4:
      // A product near the smallest normal number, then near overflow; quotients the same.
      return finite(random, f, f.bias - exp + 1 + step - random.below(f.fracBits + 3));
    case 5:
      return finite(random, f, f.expMax - 1 + f.bias - exp + step);
    case 6:
      return finite(random, f, exp + f.bias + step + random.below(f.fracBits + 3));
    default:
      return finite(random, f, random.below(f.expMax));
  }
}

/** An addend near the product of `a` and `b`, or at its half-way points. */
function third(random: Random, name: FormatName, a: bigint, b: bigint): bigint {
  const f = formats[name];
  const exp = exponentOf(f, a) + exponentOf(f, b) - f.bias;
  const step = random.below(5) - 2;
  switch (random.below(6)) {
    case 0:
      return first(random, name);
    case 1: {
      // What cancels a rounded product leaves only the rounding error.
      const near = native(name, a, b, (x, y) => x * y);
      if (near === undefined) return finite(random, f, exp + step);
      return BigInt.asUintN(f.width, (near ^ (1n << BigInt(f.width - 1))) + BigInt(step));
    }
    case 2:
      return finite(random, f, exp - f.fracBits - 1 + step);
    case 3:
      return finite(random, f, exp + f.fracBits + 1 + step);
    case 4:
      return finite(random, f, exp - 2 * f.fracBits - 2 + random.below(4 * f.fracBits + 4));
    default:
      return finite(random, f, exp + step);
  }
}

/** A product just beside 1 and an addend for which 1 is half a unit: all but a half-way case. */
function besideMiddle(random: Random, name: FormatName): Operands {
  const f = formats[name];
  const a = finite(random, f, f.bias + random.below(9) - 4);
  const b = native(name, a, 0n, (x) => 1 / x) ?? finite(random, f, 2 * f.bias - exponentOf(f, a));
  return [a, b, finite(random, f, f.bias + f.fracBits + 1)];
}

/** An x register's content for a conversion from an integer: borders, few bits, half-way cases of every format. */
function integer(random: Random, name: IntegerName): bigint {
  const { width } = integers[name];
  const top = BigInt(random.below(width + 1));
  const gap = BigInt(random.pick([10, 11, 12, 23, 24, 25, 52, 53, 54]));
  let value = random.u64() >> (64n - top);
  if (random.below(2)) value = (1n << top) + (top > gap ? 1n << (top - gap) : 0n) + BigInt(random.below(3) - 1);
  if (random.below(2)) value = -value;
  // A narrow operand's upper half is ignored.
  return BigInt.asUintN(64, random.below(4) ? value : value ^ (random.u64() << 32n));
}

/** Every pair of special values, for operations with two operands or more. */
function* specialCases(op: Op): Generator<Operands> {
  const kind = op.operands[0]!;
  if (!isFormat(kind)) {
    for (const value of [0n, 1n, -1n, 1n << 31n, (1n << 31n) - 1n, 1n << 32n, 1n << 63n, (1n << 63n) - 1n]) {
      yield [BigInt.asUintN(64, value), 0n, 0n];
    }
    return;
  }
  const all = specials(kind);
  for (const a of all) {
    if (op.operands.length === 1) yield [a, 0n, 0n];
    else for (const b of all) yield [a, b, all[Number((a * 7n + b) % BigInt(all.length))]!];
  }
}

/** Operands for `op`: all combinations of special values, then `count` random ones from a fixed seed. */
export function* operandsFor(op: Op, count: number, seed: number): Generator<Operands> {
  yield* specialCases(op);
  const random = new Random(seed);
  const kind = op.operands[0]!;
  for (let i = 0; i < count; i++) {
    if (!isFormat(kind)) {
      yield [integer(random, kind), 0n, 0n];
      continue;
    }
    if (op.operands.length === 3 && random.below(6) === 0) {
      yield besideMiddle(random, kind);
      continue;
    }
    const a = first(random, kind);
    const b = second(random, kind, a);
    yield [a, b, op.operands.length > 2 ? third(random, kind, a, b) : 0n];
  }
}
