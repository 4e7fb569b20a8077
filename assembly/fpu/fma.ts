/** Fused multiply-add: one rounding. */

import { Hart } from "../state/state";
import { addFinite, addSpecial, zeroSign } from "./add";
import {
  F64,
  bias,
  exponent,
  infinity,
  isInfinite,
  isNan,
  isSignaling,
  isSpecial,
  magnitude,
  significand,
  signOf,
  withSign,
} from "./format";
import { Flag } from "./modes";
import { mulHigh, mulSignificands } from "./mul";
import { accrue, invalid, propagate, roundPack } from "./round";

/** a * b + c where an operand is an infinity or a NaN. Infinity times zero is invalid even when c is a quiet NaN. */
function fmaSpecial<T>(hart: Hart, a: u64, b: u64, c: u64): u64 {
  if (isNan<T>(a) || isNan<T>(b)) {
    if (isSignaling<T>(c)) accrue(hart, Flag.NV);
    return propagate<T>(hart, a, b);
  }
  const infinite = isInfinite<T>(a) || isInfinite<T>(b);
  if (infinite && (magnitude<T>(a) == 0 || magnitude<T>(b) == 0)) return invalid<T>(hart);
  // Any finite product does as well as the true one beside an infinity or a NaN.
  const product = withSign<T>(signOf<T>(a) ^ signOf<T>(b), infinite ? infinity<T>() : 0);
  return addSpecial<T>(hart, product, c);
}

/** The low half of a 128-bit number shifted right by `count`, jammed. */
// @ts-ignore: decorator
@inline function lowShiftedJam(high: u64, low: u64, count: i32): u64 {
  if (count <= 0) return low;
  if (count > 127) return u64((high | low) != 0);
  if (count > 64) return (high >> (count - 64)) | u64(((high << (128 - count)) | low) != 0);
  if (count == 64) return high | u64(low != 0);
  return (high << (64 - count)) | (low >> count) | u64(low << (64 - count) != 0);
}

// @ts-ignore: decorator
@inline function highShifted(high: u64, count: i32): u64 {
  return count <= 0 ? high : count > 63 ? 0 : high >> count;
}

/**
 * The rounded sum of a 128-bit product significand (bit 127 set) and an addend: `addFinite` with a second word below.
 * F64's product has its lower 22 bits clear, so what jamming loses never becomes a leading digit.
 */
function addWide(hart: Hart, sign: u32, exp: i32, high: u64, low: u64, signC: u32, expC: i32, sigC: u64, rm: u32): u64 {
  const distance = exp - expC;
  low = (low >> 1) | (high << 63);
  high >>= 1;
  const lowA = lowShiftedJam(high, low, -distance);
  const highA = highShifted(high, -distance);
  const lowC = lowShiftedJam(sigC >> 1, 0, distance);
  const highC = highShifted(sigC >> 1, distance);
  if (sign == signC) {
    low = lowA + lowC;
    high = highA + highC + u64(low < lowA);
  } else {
    low = lowA - lowC;
    high = highA - highC - u64(lowA < lowC);
    if (<i64>high < 0) {
      low = 0 - low;
      high = ~high + u64(low == 0);
      sign = signC;
    }
  }
  if ((high | low) == 0) return withSign<F64>(zeroSign(sign, signC, rm), 0);
  let top = distance > 0 ? exp : expC;
  if (high == 0) {
    high = low;
    low = 0;
    top -= 64;
  }
  const up = <i32>clz<u64>(high);
  const sig = up == 0 ? high : (high << up) | (low >> (64 - up));
  return roundPack<F64>(hart, sign, top + 1 - up, sig | u64(low << up != 0), rm);
}

/** a * b + c with one rounding, exact in all modes. */
export function fmaSoft<T>(hart: Hart, a: u64, b: u64, c: u64, rm: u32): u64 {
  if (isSpecial<T>(a) || isSpecial<T>(b) || isSpecial<T>(c)) return fmaSpecial<T>(hart, a, b, c);
  const sign = signOf<T>(a) ^ signOf<T>(b);
  const signC = signOf<T>(c);
  const expC = exponent<T>(c);
  const sigC = significand<T>(c);
  const sigA = significand<T>(a);
  const sigB = significand<T>(b);
  if (sigA == 0 || sigB == 0) {
    return sigC == 0 ? withSign<T>(zeroSign(sign, signC, rm), 0) : c;
  }
  let exp = exponent<T>(a) + exponent<T>(b) - bias<T>() + 1;
  let high = sizeof<T>() < 8 ? mulSignificands<T>(sigA, sigB) : mulHigh(sigA, sigB);
  const up = <i32>clz<u64>(high);
  exp -= up;
  if (sizeof<T>() < 8) return addFinite<T>(hart, sign, exp, high << up, signC, expC, sigC, rm);
  const low = sigA * sigB;
  high = (high << up) | (u64(up) & (low >> 63));
  return addWide(hart, sign, exp, high, low << up, signC, sigC == 0 ? exp : expC, sigC, rm);
}
