/**
 * What rounding left out of a native operation, by arithmetic that makes no error itself, and whether it is nothing.
 *
 * Operands and results are finite, the results normal or (of sums) any. A false "inexact" is allowed: the soft path decides.
 */

import { asF32, asF64 } from "./native";

/** 2^27 + 1 splits an F64 into two halves of 26 digits. (Veltkamp) */
const SPLITTER: f64 = 134217729.0;

/** True for magnitudes from 2^-400 to 2^400: no part of a sum of products of such overflows or underflows. */
// @ts-ignore: decorator
@inline export function isMiddling(bits: u64): bool {
  return ((bits >> 52) & 0x7ff) - (1023 - 400) <= 800;
}

// @ts-ignore: decorator
@inline function upperHalf(value: f64): f64 {
  const scaled = value * SPLITTER;
  return scaled - (scaled - value);
}

/** What rounding left out of `product` = a * b, for middling a, b or product and one factor; exact. (Dekker) */
// @ts-ignore: decorator
@inline export function productError(a: f64, b: f64, product: f64): f64 {
  const a1 = upperHalf(a);
  const a0 = a - a1;
  const b1 = upperHalf(b);
  const b0 = b - b1;
  return a1 * b1 - product + a1 * b0 + a0 * b1 + a0 * b0;
}

/** What rounding left out of `sum` = a + b; exact, or a NaN near the largest numbers. (Knuth) */
// @ts-ignore: decorator
@inline export function sumError(a: f64, b: f64, sum: f64): f64 {
  const b1 = sum - a;
  return a - (sum - b1) + (b - b1);
}

/** Is a + b = sum, exactly? */
export function isExactSum<T>(a: u64, b: u64, sum: u64): bool {
  const a64 = sizeof<T>() == 4 ? <f64>asF32(a) : asF64(a);
  const b64 = sizeof<T>() == 4 ? <f64>asF32(b) : asF64(b);
  const sum64 = sizeof<T>() == 4 ? <f64>asF32(sum) : asF64(sum);
  const rounded = a64 + b64;
  return rounded == sum64 && sumError(a64, b64, rounded) == 0.0;
}

/** Is a * b = product, exactly? So it answers for products, for quotients (a) and for roots (a = b). */
export function isExactProduct<T>(a: u64, b: u64, product: u64): bool {
  if (sizeof<T>() == 4) return <f64>asF32(a) * <f64>asF32(b) == <f64>asF32(product);
  if (!isMiddling(product) || !isMiddling(b)) return false;
  const rounded = asF64(a) * asF64(b);
  return rounded == asF64(product) && productError(asF64(a), asF64(b), rounded) == 0.0;
}
