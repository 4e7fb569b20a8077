/** Comparison, minimum and maximum, classification, sign injection. */

import { Hart } from "../state/state";
import { infinity, isNan, isSignaling, magnitude, minNormal, nan, quietBit, signBit, signOf, width } from "./format";
import { Flag } from "./modes";
import { accrue } from "./round";

/** True when an operand is a NaN; raises invalid for signaling ones. */
function unorderedQuiet<T>(hart: Hart, a: u64, b: u64): bool {
  if (!isNan<T>(a) && !isNan<T>(b)) return false;
  if (isSignaling<T>(a) || isSignaling<T>(b)) accrue(hart, Flag.NV);
  return true;
}

/** True when an operand is a NaN; raises invalid for any. */
function unorderedSignaling<T>(hart: Hart, a: u64, b: u64): bool {
  if (!isNan<T>(a) && !isNan<T>(b)) return false;
  accrue(hart, Flag.NV);
  return true;
}

/** Maps the numbers of a format to signed integers of the same order, with -0 just below +0. */
// @ts-ignore: decorator
@inline function totalOrder<T>(a: u64): i64 {
  const value = <i64>(a << (64 - width<T>())) >> (64 - width<T>());
  return value ^ ((value >> 63) & i64.MAX_VALUE);
}

// @ts-ignore: decorator
@inline function less<T>(a: u64, b: u64): bool {
  return totalOrder<T>(a) < totalOrder<T>(b) && magnitude<T>(a | b) != 0;
}

// @ts-ignore: decorator
@inline function lessOrEqual<T>(a: u64, b: u64): bool {
  return totalOrder<T>(a) <= totalOrder<T>(b) || magnitude<T>(a | b) == 0;
}

/** FEQ: quiet. */
export function eq<T>(hart: Hart, a: u64, b: u64): u64 {
  if (unorderedQuiet<T>(hart, a, b)) return 0;
  return u64(a == b || magnitude<T>(a | b) == 0);
}

/** FLT: any NaN is invalid. */
export function lt<T>(hart: Hart, a: u64, b: u64): u64 {
  return unorderedSignaling<T>(hart, a, b) ? 0 : u64(less<T>(a, b));
}

/** FLE: any NaN is invalid. */
export function le<T>(hart: Hart, a: u64, b: u64): u64 {
  return unorderedSignaling<T>(hart, a, b) ? 0 : u64(lessOrEqual<T>(a, b));
}

/** FLTQ. */
export function ltq<T>(hart: Hart, a: u64, b: u64): u64 {
  return unorderedQuiet<T>(hart, a, b) ? 0 : u64(less<T>(a, b));
}

/** FLEQ. */
export function leq<T>(hart: Hart, a: u64, b: u64): u64 {
  return unorderedQuiet<T>(hart, a, b) ? 0 : u64(lessOrEqual<T>(a, b));
}

/** The other operand where one is a NaN, the canonical NaN where both are. */
// @ts-ignore: decorator
@inline function theNumber<T>(a: u64, b: u64): u64 {
  return isNan<T>(a) ? (isNan<T>(b) ? nan<T>() : b) : a;
}

/** FMIN: minimumNumber, with -0 below +0. */
export function min<T>(hart: Hart, a: u64, b: u64): u64 {
  if (unorderedQuiet<T>(hart, a, b)) return theNumber<T>(a, b);
  return totalOrder<T>(a) < totalOrder<T>(b) ? a : b;
}

/** FMAX: maximumNumber. */
export function max<T>(hart: Hart, a: u64, b: u64): u64 {
  if (unorderedQuiet<T>(hart, a, b)) return theNumber<T>(a, b);
  return totalOrder<T>(a) < totalOrder<T>(b) ? b : a;
}

/** FMINM: minimum, a NaN if an operand is one. */
export function minm<T>(hart: Hart, a: u64, b: u64): u64 {
  if (unorderedQuiet<T>(hart, a, b)) return nan<T>();
  return totalOrder<T>(a) < totalOrder<T>(b) ? a : b;
}

/** FMAXM: maximum, a NaN if an operand is one. */
export function maxm<T>(hart: Hart, a: u64, b: u64): u64 {
  if (unorderedQuiet<T>(hart, a, b)) return nan<T>();
  return totalOrder<T>(a) < totalOrder<T>(b) ? b : a;
}

/** FCLASS: one bit of ten. (Unprivileged ISA, "Single-Precision Floating-Point Classify Instruction") */
export function classify<T>(a: u64): u64 {
  const size = magnitude<T>(a);
  if (size > infinity<T>()) return size & quietBit<T>() ? 1 << 9 : 1 << 8;
  // Away from zero, from 0: zero, subnormal, normal, infinity.
  const rank = u32(size != 0) + u32(size >= minNormal<T>()) + u32(size == infinity<T>());
  const bit = signOf<T>(a) ? 3 - rank : 4 + rank;
  return u64(1) << bit;
}

/** FSGNJ: a with b's sign. */
// @ts-ignore: decorator
@inline export function sgnj<T>(a: u64, b: u64): u64 {
  return magnitude<T>(a) | (b & signBit<T>());
}

/** FSGNJN: a with the opposite of b's sign. */
// @ts-ignore: decorator
@inline export function sgnjn<T>(a: u64, b: u64): u64 {
  return magnitude<T>(a) | (~b & signBit<T>());
}

/** FSGNJX: a, its sign changed when b is negative. */
// @ts-ignore: decorator
@inline export function sgnjx<T>(a: u64, b: u64): u64 {
  return a ^ (b & signBit<T>());
}
