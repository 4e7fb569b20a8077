/**
 * The fast path (see fast.ts) of fused multiply-add. Wasm has none, but rounded operations can show for most operands how
 * the exact value rounds.
 */

import { Hart } from "../state/state";
import { isMiddling, productError, sumError } from "./exact";
import { mayUse, settles } from "./fast";
import { F32, F64 } from "./format";
import { fmaSoft } from "./fma";
import { asF32, asF64, bitsF32, bitsF64 } from "./native";

/** The digits of an F64 below an F32's, and their value half-way between two F32. */
const BELOW: u64 = 0x1fffffff;
const MIDDLE: u64 = 0x10000000;

/** More than the relative error of one rounding, twice: 2^-51. */
const DOUBT: f64 = 4.440892098500626e-16;

/**
 * a * b + c as head + tail, where only the tail is rounded. When the head plus the tail a little smaller and a little larger
 * round to the same number, so does the exact sum between them (Ziv's test); otherwise 0, which does not settle.
 */
// @ts-ignore: decorator
@inline export function tryF64(a: f64, b: f64, c: f64): u64 {
  const product = a * b;
  const head = product + c;
  const tail = sumError(product, c, head) + productError(a, b, product);
  const doubt = tail * DOUBT;
  const low = head + (tail - doubt);
  return low == head + (tail + doubt) ? bitsF64(low) : 0;
}

/** True when rounding `sum`, of an exact product of two F32 and an F32, once more gives what rounding once would have. */
// @ts-ignore: decorator
@inline export function roundsOnce(sum: f64): bool {
  return (bitsF64(sum) & BELOW) != MIDDLE;
}

/** a * b + c with one rounding. */
// @ts-ignore: decorator
@inline export function fma<T>(hart: Hart, a: u64, b: u64, c: u64, rm: u32): u64 {
  if (sizeof<T>() == 4 && mayUse(hart, rm)) {
    // The product is exact. Rounding the sum twice differs from once only when it first becomes a middle.
    const sum = <f64>asF32(a) * <f64>asF32(b) + <f64>asF32(c);
    const rounded = bitsF32(<f32>sum);
    if (roundsOnce(sum) && settles<F32>(rounded)) return rounded;
  }
  if (sizeof<T>() == 8 && mayUse(hart, rm) && isMiddling(a) && isMiddling(b) && isMiddling(c)) {
    const rounded = tryF64(asF64(a), asF64(b), asF64(c));
    if (settles<F64>(rounded)) return rounded;
  }
  return fmaSoft<T>(hart, a, b, c, rm);
}
