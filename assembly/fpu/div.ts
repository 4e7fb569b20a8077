/**
 * Division and square root.
 *
 * Both take a 53-bit estimate from Wasm's f64 operators, which are correctly rounded, so it is off by one unit at most.
 * The exact remainder, small enough to be computed modulo 2^64, then gives the true digit, the rounding bit and stickiness.
 */

import { Hart } from "../state/state";
import {
  bias,
  exponent,
  infinity,
  isInfinite,
  isNan,
  isSpecial,
  magnitude,
  significand,
  signOf,
  withSign,
} from "./format";
import { Flag } from "./modes";
import { accrue, invalid, propagate, roundPack } from "./round";

/** A significand of 53 digits, its rounding bit and its stickiness, put together as `roundPack` wants them. */
// @ts-ignore: decorator
@inline function assemble(digits: u64, round: bool, sticky: bool): u64 {
  return (digits << 11) | (u64(round) << 10) | u64(sticky);
}

/** The quotient where an operand is an infinity, a NaN or a zero. */
function divSpecial<T>(hart: Hart, a: u64, b: u64): u64 {
  if (isNan<T>(a) || isNan<T>(b)) return propagate<T>(hart, a, b);
  const sign = signOf<T>(a) ^ signOf<T>(b);
  if (isInfinite<T>(a)) return isInfinite<T>(b) ? invalid<T>(hart) : withSign<T>(sign, infinity<T>());
  if (isInfinite<T>(b)) return withSign<T>(sign, 0);
  if (magnitude<T>(b) != 0) return withSign<T>(sign, 0);
  if (magnitude<T>(a) == 0) return invalid<T>(hart);
  accrue(hart, Flag.DZ);
  return withSign<T>(sign, infinity<T>());
}

/** a / b, exact in all modes. */
export function divSoft<T>(hart: Hart, a: u64, b: u64, rm: u32): u64 {
  if (isSpecial<T>(a) || isSpecial<T>(b) || magnitude<T>(a) == 0 || magnitude<T>(b) == 0) {
    return divSpecial<T>(hart, a, b);
  }
  let exp = exponent<T>(a) - exponent<T>(b) + bias<T>();
  let dividend = significand<T>(a) >> 11;
  const divisor = significand<T>(b) >> 11;
  if (dividend < divisor) {
    dividend <<= 1;
    exp--;
  }
  let quotient = <u64>((<f64>dividend / <f64>divisor) * 4503599627370496.0);
  let remainder = (dividend << 52) - quotient * divisor;
  if (<i64>remainder < 0) {
    quotient--;
    remainder += divisor;
  }
  const twice = remainder << 1;
  const sig = assemble(quotient, twice >= divisor, twice != 0 && twice != divisor);
  return roundPack<T>(hart, signOf<T>(a) ^ signOf<T>(b), exp, sig, rm);
}

/** The square root, exact in all modes. */
export function sqrtSoft<T>(hart: Hart, a: u64, rm: u32): u64 {
  if (isNan<T>(a)) return propagate<T>(hart, a, a);
  if (magnitude<T>(a) == 0) return a;
  if (signOf<T>(a)) return invalid<T>(hart);
  if (isInfinite<T>(a)) return a;
  const exp = exponent<T>(a) - bias<T>();
  const radicand = (significand<T>(a) >> 11) << (exp & 1);
  let root = <u64>(Math.sqrt(<f64>radicand) * 67108864.0);
  let remainder = (radicand << 52) - root * root;
  if (<i64>remainder < 0) {
    root--;
    remainder += (root << 1) + 1;
  }
  // (root + 1/2)^2 = root^2 + root + 1/4, so a remainder above root is past the middle, and the middle is never hit.
  return roundPack<T>(hart, 0, (exp >> 1) + bias<T>(), assemble(root, remainder > root, remainder != 0), rm);
}
