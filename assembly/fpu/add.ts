/** Addition and subtraction. */

import { Hart } from "../state/state";
import { exponent, isInfinite, isNan, isSpecial, signBit, significand, signOf, withSign } from "./format";
import { Rm } from "./modes";
import { invalid, propagate, roundPack, shiftRightJam } from "./round";

/** The sum of two numbers of which at least one is an infinity or a NaN. */
export function addSpecial<T>(hart: Hart, a: u64, b: u64): u64 {
  if (isNan<T>(a) || isNan<T>(b)) return propagate<T>(hart, a, b);
  if (!isInfinite<T>(a)) return b;
  return isInfinite<T>(b) && a != b ? invalid<T>(hart) : a;
}

/** The sign of a sum that is exactly zero. (IEEE 754, "The sign bit") */
// @ts-ignore: decorator
@inline export function zeroSign(signA: u32, signB: u32, rm: u32): u32 {
  return signA == signB ? signA : u32(rm == Rm.RDN);
}

/**
 * The rounded sum of two unpacked numbers, either of which may be zero (sig 0) and may have exponents out of the format's
 * range. Their significands must leave the lower 10 bits clear for jamming.
 */
export function addFinite<T>(
  hart: Hart,
  signA: u32,
  expA: i32,
  sigA: u64,
  signB: u32,
  expB: i32,
  sigB: u64,
  rm: u32,
): u64 {
  if (sigA == 0) expA = expB;
  if (sigB == 0) expB = expA;
  const distance = expA - expB;
  const exp = distance > 0 ? expA : expB;
  const a = shiftRightJam(sigA >> 1, -distance);
  const b = shiftRightJam(sigB >> 1, distance);
  let sign = signA;
  let sum: u64;
  if (signA == signB) {
    sum = a + b;
  } else if (a >= b) {
    sum = a - b;
  } else {
    sum = b - a;
    sign = signB;
  }
  if (sum == 0) return withSign<T>(zeroSign(signA, signB, rm), 0);
  const up = <i32>clz<u64>(sum);
  return roundPack<T>(hart, sign, exp + 1 - up, sum << up, rm);
}

/** a + b, exact in all modes. */
export function addSoft<T>(hart: Hart, a: u64, b: u64, rm: u32): u64 {
  if (isSpecial<T>(a) || isSpecial<T>(b)) return addSpecial<T>(hart, a, b);
  return addFinite<T>(
    hart,
    signOf<T>(a),
    exponent<T>(a),
    significand<T>(a),
    signOf<T>(b),
    exponent<T>(b),
    significand<T>(b),
    rm,
  );
}

/** a - b, exact in all modes. A NaN's sign does not matter, so subtraction is the addition of the negative. */
// @ts-ignore: decorator
@inline export function subSoft<T>(hart: Hart, a: u64, b: u64, rm: u32): u64 {
  return addSoft<T>(hart, a, b ^ signBit<T>(), rm);
}
