/**
 * The fast path (see fast.ts) of fused multiply-add. Wasm has none, but rounded operations can show for most operands how
 * the exact value rounds.
 */

import { Hart } from "../../gen/state";
import { asF32, asF64, bitsF32, bitsF64, mayUse, settles } from "./fast";
import { F32, F64 } from "./format";
import { fmaSoft } from "./fma";

/** The digits of an F64 below an F32's, and their value half-way between two F32. */
const BELOW: u64 = 0x1fffffff;
const MIDDLE: u64 = 0x10000000;

/** 2^27 + 1 splits an F64 into two halves of 26 digits. (Veltkamp) */
const SPLITTER: f64 = 134217729.0;

/** More than the relative error of one rounding, twice: 2^-51. */
const DOUBT: f64 = 4.440892098500626e-16;

/** True for magnitudes from 2^-400 to 2^400: no part of a sum of products of such overflows or underflows. */
// @ts-ignore: decorator
@inline function isMiddling(bits: u64): bool {
  return ((bits >> 52) & 0x7ff) - (1023 - 400) <= 800;
}

// @ts-ignore: decorator
@inline function upperHalf(value: f64): f64 {
  const scaled = value * SPLITTER;
  return scaled - (scaled - value);
}

/** What rounding left out of `product` = a * b; exact. (Dekker) */
// @ts-ignore: decorator
@inline function productError(a: f64, b: f64, product: f64): f64 {
  const a1 = upperHalf(a);
  const a0 = a - a1;
  const b1 = upperHalf(b);
  const b0 = b - b1;
  return a1 * b1 - product + a1 * b0 + a0 * b1 + a0 * b0;
}

/** What rounding left out of `sum` = a + b; exact. (Knuth) */
// @ts-ignore: decorator
@inline function sumError(a: f64, b: f64, sum: f64): f64 {
  const b1 = sum - a;
  return a - (sum - b1) + (b - b1);
}

/**
 * a * b + c as head + tail, where only the tail is rounded. When the head plus the tail a little smaller and a little larger
 * round to the same number, so does the exact sum between them (Ziv's test); otherwise 0, which does not settle.
 */
// @ts-ignore: decorator
@inline function tryF64(a: f64, b: f64, c: f64): u64 {
  const product = a * b;
  const head = product + c;
  const tail = sumError(product, c, head) + productError(a, b, product);
  const doubt = tail * DOUBT;
  const low = head + (tail - doubt);
  return low == head + (tail + doubt) ? bitsF64(low) : 0;
}

/** a * b + c with one rounding. */
// @ts-ignore: decorator
@inline export function fma<T>(hart: Hart, a: u64, b: u64, c: u64, rm: u32): u64 {
  if (sizeof<T>() == 4 && mayUse(hart, rm)) {
    // The product is exact. Rounding the sum twice differs from once only when it first becomes a middle.
    const sum = <f64>asF32(a) * <f64>asF32(b) + <f64>asF32(c);
    const rounded = bitsF32(<f32>sum);
    if ((bitsF64(sum) & BELOW) != MIDDLE && settles<F32>(rounded)) return rounded;
  }
  if (sizeof<T>() == 8 && mayUse(hart, rm) && isMiddling(a) && isMiddling(b) && isMiddling(c)) {
    const rounded = tryF64(asF64(a), asF64(b), asF64(c));
    if (settles<F64>(rounded)) return rounded;
  }
  return fmaSoft<T>(hart, a, b, c, rm);
}
