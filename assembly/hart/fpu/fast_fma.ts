/**
 * The fast path (see fast.ts) of fused multiply-add: Wasm has none, but can show for most operands that a sum of rounded
 * parts rounds as the exact one does.
 */

import { Hart } from "../../gen/state";
import { asF32, asF64, bitsF32, bitsF64, mayUse, settles } from "./fast";
import { F32 } from "./format";
import { fmaSoft } from "./fma";

/** The digits of an F64 below an F32's, and their value half-way between two F32. */
const BELOW: u64 = 0x1fffffff;
const MIDDLE: u64 = 0x10000000;

/** a * b + c with one rounding. */
// @ts-ignore: decorator
@inline export function fma<T>(hart: Hart, a: u64, b: u64, c: u64, rm: u32): u64 {
  if (sizeof<T>() == 4 && mayUse(hart, rm)) {
    // The product is exact. Rounding the sum twice differs from once only when it first becomes a middle.
    const sum = <f64>asF32(a) * <f64>asF32(b) + <f64>asF32(c);
    const rounded = bitsF32(<f32>sum);
    if ((bitsF64(sum) & BELOW) != MIDDLE && settles<F32>(rounded)) return rounded;
  }
  return fmaSoft<T>(hart, a, b, c, rm);
}
