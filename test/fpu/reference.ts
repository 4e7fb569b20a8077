/**
 * A second opinion, independent of the core: IEEE 754 as RISC-V has it, over exact rationals of big integers.
 *
 * Every finite result is computed exactly, as a fraction, and rounded once by `roundTo`. Nothing here is fast.
 */

import type { Outcome } from "./fpu-core.ts";
import { type Format, formats, integers, isFormat, pack } from "./formats.ts";
import type { Kind, Op } from "./ops.ts";

const [NX, UF, OF, DZ, NV] = [1, 2, 4, 8, 16] as const;
const [RNE, RTZ, RDN, RUP, RMM] = [0, 1, 2, 3, 4] as const;

/** (-1)^sign * num / den, or a special value. */
interface Value {
  what: "number" | "infinity" | "quiet" | "signaling";
  sign: number;
  num: bigint;
  den: bigint;
}

const power = (exponent: number): bigint => 1n << BigInt(exponent);
const length = (n: bigint): number => (n === 0n ? 0 : n.toString(2).length);
const number = (sign: number, num: bigint, den = 1n): Value => ({ what: "number", sign, num, den });
const isNan = (v: Value): boolean => v.what === "quiet" || v.what === "signaling";
const isZero = (v: Value): boolean => v.what === "number" && v.num === 0n;
const negate = (v: Value): Value => ({ ...v, sign: 1 - v.sign });

function scaled(sign: number, sig: bigint, exponent: number): Value {
  return exponent >= 0 ? number(sign, sig * power(exponent)) : number(sign, sig, power(-exponent));
}

function unpack(f: Format, bits: bigint): Value {
  const frac = bits & (power(f.fracBits) - 1n);
  const exp = Number(bits >> BigInt(f.fracBits)) & f.expMax;
  const sign = Number(bits >> BigInt(f.width - 1));
  if (exp === f.expMax) {
    const what = frac === 0n ? "infinity" : frac >> BigInt(f.fracBits - 1) ? "quiet" : "signaling";
    return { what, sign, num: 0n, den: 1n };
  }
  const sig = exp === 0 ? frac : frac | power(f.fracBits);
  return scaled(sign, sig, Math.max(exp, 1) - f.bias - f.fracBits);
}

/** The integer next to num / den that the rounding mode chooses, and whether it is exact. */
function roundInteger(sign: number, num: bigint, den: bigint, rm: number): { value: bigint; exact: boolean } {
  const down = num / den;
  const rest = num % den;
  const half = 2n * rest - den;
  const up =
    (rm === RNE && (half > 0n || (half === 0n && (down & 1n) === 1n))) ||
    (rm === RMM && half >= 0n) ||
    (rm === RDN && sign === 1 && rest > 0n) ||
    (rm === RUP && sign === 0 && rest > 0n);
  return { value: up ? down + 1n : down, exact: rest === 0n };
}

/** Rounds num / den to a multiple of 2^quantum; the answer is that multiple. */
function roundMultiple(sign: number, num: bigint, den: bigint, quantum: number, rm: number) {
  return quantum >= 0
    ? roundInteger(sign, num, den * power(quantum), rm)
    : roundInteger(sign, num * power(-quantum), den, rm);
}

const canonicalNan = (f: Format): bigint => pack(f, 0, f.expMax, power(f.fracBits - 1));

function invalid(f: Format, flags = NV as number): Outcome {
  return { result: canonicalNan(f), flags };
}

/** Rounds an exact number to the format. */
function roundTo(f: Format, { sign, num, den }: Value, rm: number): Outcome {
  if (num === 0n) return { result: pack(f, sign, 0, 0n), flags: 0 };
  // floor(log2(num / den))
  let exponent = length(num) - length(den);
  if (exponent >= 0 ? num < den * power(exponent) : num * power(-exponent) < den) exponent--;
  const minimum = 1 - f.bias;
  const free = roundMultiple(sign, num, den, exponent - f.fracBits, rm);
  const tiny = exponent < minimum && !(exponent === minimum - 1 && length(free.value) > f.fracBits + 1);
  const quantum = Math.max(exponent, minimum) - f.fracBits;
  const { value, exact } = roundMultiple(sign, num, den, quantum, rm);
  const top = quantum + length(value) - 1;
  if (top > f.bias) {
    const toInfinity = rm === RNE || rm === RMM || rm === (sign ? RDN : RUP);
    const largest = pack(f, sign, f.expMax - 1, power(f.fracBits) - 1n);
    return { result: toInfinity ? pack(f, sign, f.expMax, 0n) : largest, flags: OF | NX };
  }
  const flags = exact ? 0 : tiny ? UF | NX : NX;
  if (top < minimum) return { result: pack(f, sign, 0, value), flags };
  const sig = value << BigInt(f.fracBits + 1 - length(value));
  return { result: pack(f, sign, top + f.bias, sig - power(f.fracBits)), flags };
}

const nanFlags = (values: readonly Value[]): number => (values.some((v) => v.what === "signaling") ? NV : 0);

/** a + b, exact; undefined for infinities of opposite sign. */
function sum(a: Value, b: Value, rm: number): Value | undefined {
  if (a.what === "infinity") return b.what === "infinity" && a.sign !== b.sign ? undefined : a;
  if (b.what === "infinity") return b;
  const left = (a.sign ? -a.num : a.num) * b.den;
  const right = (b.sign ? -b.num : b.num) * a.den;
  const total = left + right;
  if (total !== 0n) return number(total < 0n ? 1 : 0, total < 0n ? -total : total, a.den * b.den);
  return number(a.sign === b.sign ? a.sign : rm === RDN ? 1 : 0, 0n);
}

/** a * b, exact; undefined for infinity times zero. */
function product(a: Value, b: Value): Value | undefined {
  const sign = a.sign ^ b.sign;
  if (a.what === "infinity" || b.what === "infinity") {
    return isZero(a) || isZero(b) ? undefined : { what: "infinity", sign, num: 0n, den: 1n };
  }
  return number(sign, a.num * b.num, a.den * b.den);
}

function finish(f: Format, value: Value | undefined, rm: number): Outcome {
  if (value === undefined) return invalid(f);
  if (value.what === "infinity") return { result: pack(f, value.sign, f.expMax, 0n), flags: 0 };
  return roundTo(f, value, rm);
}

function divide(f: Format, a: Value, b: Value, rm: number): Outcome {
  const sign = a.sign ^ b.sign;
  const infinity = pack(f, sign, f.expMax, 0n);
  if (a.what === "infinity") return b.what === "infinity" ? invalid(f) : { result: infinity, flags: 0 };
  if (b.what === "infinity") return { result: pack(f, sign, 0, 0n), flags: 0 };
  if (!isZero(b)) return roundTo(f, number(sign, a.num * b.den, a.den * b.num), rm);
  return isZero(a) ? invalid(f) : { result: infinity, flags: DZ };
}

function integerRoot(n: bigint): bigint {
  let root = power(Math.ceil(length(n) / 2));
  for (;;) {
    const next = (root + n / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function squareRoot(f: Format, a: Value, rm: number): Outcome {
  if (isZero(a)) return { result: pack(f, a.sign, 0, 0n), flags: 0 };
  if (a.sign) return invalid(f);
  if (a.what === "infinity") return { result: pack(f, 0, f.expMax, 0n), flags: 0 };
  // A root of 70 digits or more below the point, and a last one that says it is not exact.
  const places = 70 + length(a.den);
  const radicand = (a.num * power(2 * places)) / a.den;
  const root = integerRoot(radicand);
  const exact = root * root === radicand && (a.num * power(2 * places)) % a.den === 0n;
  return roundTo(f, number(0, 2n * root + (exact ? 0n : 1n), power(places + 1)), rm);
}

/** -1, 0 or 1; -0 equals +0. */
function order(a: Value, b: Value): number {
  const key = (v: Value): [bigint, bigint] => [
    (v.sign ? -1n : 1n) * (v.what === "infinity" ? power(2000) : v.num),
    v.den,
  ];
  const [an, ad] = key(a);
  const [bn, bd] = key(b);
  const left = an * bd;
  const right = bn * ad;
  return left < right ? -1 : left > right ? 1 : 0;
}

function choose(f: Format, op: Op, values: readonly [Value, Value], bits: readonly bigint[]): Outcome {
  const [a, b] = values;
  const flags = nanFlags(values);
  const propagates = op.meaning.endsWith("m");
  if (isNan(a) && isNan(b)) return invalid(f, flags);
  if (isNan(a) || isNan(b)) return propagates ? invalid(f, flags) : { result: (isNan(a) ? bits[1] : bits[0])!, flags };
  const cmp = order(a, b) || b.sign - a.sign;
  const wantsLess = op.meaning.startsWith("min");
  return { result: (cmp < 0 === wantsLess ? bits[0] : bits[1])!, flags };
}

function compare(op: Op, a: Value, b: Value): Outcome {
  if (isNan(a) || isNan(b)) {
    const quiet = op.meaning === "eq" || op.meaning.endsWith("q");
    return { result: 0n, flags: quiet ? nanFlags([a, b]) : NV };
  }
  const cmp = order(a, b);
  const holds = op.meaning === "eq" ? cmp === 0 : op.meaning.startsWith("lt") ? cmp < 0 : cmp <= 0;
  return { result: holds ? 1n : 0n, flags: 0 };
}

function classOf(f: Format, v: Value, bits: bigint): bigint {
  if (isNan(v)) return v.what === "signaling" ? 1n << 8n : 1n << 9n;
  const exp = Number(bits >> BigInt(f.fracBits)) & f.expMax;
  const index = v.what === "infinity" ? 0 : isZero(v) ? 3 : exp === 0 ? 2 : 1;
  return 1n << BigInt(v.sign ? index : 7 - index);
}

function toInteger(kind: "w" | "wu" | "l" | "lu", v: Value, rm: number): Outcome {
  const { width, signed } = integers[kind];
  const low = signed ? -power(width - 1) : 0n;
  const high = signed ? power(width - 1) - 1n : power(width) - 1n;
  const register = (n: bigint): bigint => BigInt.asUintN(64, BigInt.asIntN(width, n));
  if (v.what !== "number") return { result: register(v.what === "infinity" && v.sign ? low : high), flags: NV };
  const { value, exact } = roundInteger(v.sign, v.num, v.den, rm);
  const n = v.sign ? -value : value;
  if (n < low || n > high) return { result: register(n < low ? low : high), flags: NV };
  return { result: register(n), flags: exact ? 0 : NX };
}

function toModular(v: Value): Outcome {
  if (v.what !== "number") return { result: 0n, flags: NV };
  const { value } = roundInteger(v.sign, v.num, v.den, RTZ);
  const result = BigInt.asUintN(64, BigInt.asIntN(32, v.sign ? -value : value));
  return { result, flags: toInteger("w", v, RTZ).flags };
}

function toIntegral(f: Format, v: Value, bits: bigint, rm: number, flag: number): Outcome {
  if (v.what !== "number") return { result: bits, flags: 0 };
  const { value, exact } = roundInteger(v.sign, v.num, v.den, rm);
  return { result: roundTo(f, number(v.sign, value), rm).result, flags: exact ? 0 : flag };
}

function fromRegister(kind: Kind, x: bigint): Value {
  const { width, signed } = integers[kind as keyof typeof integers];
  const n = signed ? BigInt.asIntN(width, x) : BigInt.asUintN(width, x);
  return number(n < 0n ? 1 : 0, n < 0n ? -n : n);
}

function injectSign(f: Format, op: Op, a: bigint, b: bigint): bigint {
  const bit = power(f.width - 1);
  const sign = { sgnj: b, sgnjn: ~b, sgnjx: a ^ b }[op.meaning as "sgnj" | "sgnjn" | "sgnjx"] & bit;
  return (a & (bit - 1n)) | sign;
}

/** What `op` gives for unboxed operands with no flag set before. */
export function reference(op: Op, rm: number, operands: readonly bigint[]): Outcome {
  const kind = op.operands[0]!;
  const target = isFormat(op.result) ? formats[op.result] : undefined;
  if (!isFormat(kind)) return roundTo(target!, fromRegister(kind, operands[0]!), rm);
  const f = formats[kind];
  const bits = operands.slice(0, op.operands.length);
  const values = bits.map((b) => unpack(f, b));
  const [a, b, c] = values as [Value, Value, Value];

  if (op.meaning.startsWith("sgnj")) return { result: injectSign(f, op, bits[0]!, bits[1]!), flags: 0 };
  if (op.meaning === "classify") return { result: classOf(f, a, bits[0]!), flags: 0 };
  if (op.meaning.startsWith("min") || op.meaning.startsWith("max")) return choose(f, op, [a, b], bits);
  if (/^(eq|lt|le)/.test(op.meaning)) return compare(op, a, b);
  if (op.meaning === "cvtmod") return toModular(a);
  if (target === undefined) return toInteger(op.result as "w" | "wu" | "l" | "lu", a, rm);

  if (op.meaning === "madd" && !isNan(a) && !isNan(b)) {
    const exact = product(a, b);
    if (exact === undefined) return invalid(f);
    if (!isNan(c)) return finish(f, sum(exact, c, rm), rm);
  }
  if (op.meaning === "madd" && isNan(c) && product(a, b) === undefined) return invalid(f);
  if (values.some(isNan)) return invalid(target, nanFlags(values));
  switch (op.meaning) {
    case "add":
      return finish(f, sum(a, b, rm), rm);
    case "sub":
      return finish(f, sum(a, negate(b), rm), rm);
    case "mul":
      return finish(f, product(a, b), rm);
    case "div":
      return divide(f, a, b, rm);
    case "sqrt":
      return squareRoot(f, a, rm);
    case "round":
      return toIntegral(f, a, bits[0]!, rm, 0);
    case "roundnx":
      return toIntegral(f, a, bits[0]!, rm, NX);
    case "convert":
      return finish(target, a, rm);
    default:
      throw new Error(`The reference does not know ${op.meaning}.`);
  }
}
