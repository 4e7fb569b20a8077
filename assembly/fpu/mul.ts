/** Multiplication. */

import { Hart } from "../state/state";
import { bias, exponent, infinity, isNan, isSpecial, magnitude, significand, signOf, withSign } from "./format";
import { invalid, propagate, roundPack } from "./round";

/** The upper 64 bits of the 128-bit product. Wasm has no such instruction: four 32-bit products. */
// @ts-ignore: decorator
@inline export function mulHigh(a: u64, b: u64): u64 {
  const a1 = a >> 32;
  const a0 = <u64>(<u32>a);
  const b1 = b >> 32;
  const b0 = <u64>(<u32>b);
  const middle = a1 * b0 + ((a0 * b0) >> 32);
  const middle2 = a0 * b1 + <u64>(<u32>middle);
  return a1 * b1 + (middle >> 32) + (middle2 >> 32);
}

/** The product of two significands over 2^64, what lies below jammed: in [2^62, 2^64), exact in formats below F64. */
// @ts-ignore: decorator
@inline export function mulSignificands<T>(a: u64, b: u64): u64 {
  if (sizeof<T>() < 8) return (a >> 32) * (b >> 32);
  return mulHigh(a, b) | u64(a * b != 0);
}

/** The product of two numbers of which at least one is an infinity or a NaN. */
export function mulSpecial<T>(hart: Hart, a: u64, b: u64): u64 {
  if (isNan<T>(a) || isNan<T>(b)) return propagate<T>(hart, a, b);
  if (magnitude<T>(a) == 0 || magnitude<T>(b) == 0) return invalid<T>(hart);
  return withSign<T>(signOf<T>(a) ^ signOf<T>(b), infinity<T>());
}

/** a * b, exact in all modes. */
export function mulSoft<T>(hart: Hart, a: u64, b: u64, rm: u32): u64 {
  if (isSpecial<T>(a) || isSpecial<T>(b)) return mulSpecial<T>(hart, a, b);
  const sign = signOf<T>(a) ^ signOf<T>(b);
  if (magnitude<T>(a) == 0 || magnitude<T>(b) == 0) return withSign<T>(sign, 0);
  const product = mulSignificands<T>(significand<T>(a), significand<T>(b));
  const up = <i32>clz<u64>(product);
  return roundPack<T>(hart, sign, exponent<T>(a) + exponent<T>(b) - bias<T>() + 1 - up, product << up, rm);
}
