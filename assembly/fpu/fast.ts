/**
 * The fast path: Wasm's own f32 and f64 operators where they provably give the exact answer.
 *
 * Wasm rounds to nearest, ties to even, and reports no flags. So its result is the answer, and no flag changes, when
 *
 *   1. the rounding mode is RNE
 *   2. NX is already set (`inexactIsSet`), or the result is shown to be exact (exact.ts, only looked at while NX is clear)
 *   3. the result is normal and above the smallest normal magnitude (`settles`); of a sum, any finite number (`isFinite`)
 *
 * Not a NaN or an infinity: no NV, DZ or OF can have been raised. Not zero or subnormal: no UF. The smallest normal number
 * itself may have been rounded up from a tiny one, which underflows. Sums that come out that small are always exact.
 * The translator inlines 1, the first half of 2, and 3, and calls these functions otherwise.
 *
 * Comparisons, and conversions that are exact or whose inexactness is seen by converting back, need neither.
 */

import { Hart } from "../state/state";
import { addSoft, subSoft } from "./add";
import { convert } from "./convert";
import { divSoft, sqrtSoft } from "./div";
import { isExactProduct, isExactSum } from "./exact";
import { F32, F64, infinity, isSpecial, magnitude, minNormal, signBit } from "./format";
import { Flag, Rm } from "./modes";
import { mulSoft } from "./mul";
import { asF32, asF64, bitsF32, bitsF64, isNative } from "./native";

/** Condition 2, the cheap half. */
// @ts-ignore: decorator
@inline export function inexactIsSet(hart: Hart): bool {
  return (hart.fflags & Flag.NX) != 0;
}

/** Conditions 1 and 2, the cheap half. */
// @ts-ignore: decorator
@inline export function mayUse(hart: Hart, rm: u32): bool {
  return rm == Rm.RNE && inexactIsSet(hart);
}

/** Condition 3 for sums. */
// @ts-ignore: decorator
@inline export function isFinite<T>(bits: u64): bool {
  return !isSpecial<T>(bits);
}

/** Condition 3. */
// @ts-ignore: decorator
@inline export function settles<T>(bits: u64): bool {
  return magnitude<T>(bits) - (minNormal<T>() + 1) < infinity<T>() - (minNormal<T>() + 1);
}

// @ts-ignore: decorator
@inline export function add<T>(hart: Hart, a: u64, b: u64, rm: u32): u64 {
  if (isNative<T>() && rm == Rm.RNE) {
    const sum = sizeof<T>() == 4 ? bitsF32(asF32(a) + asF32(b)) : bitsF64(asF64(a) + asF64(b));
    if (isFinite<T>(sum) && (inexactIsSet(hart) || isExactSum<T>(a, b, sum))) return sum;
  }
  return addSoft<T>(hart, a, b, rm);
}

// @ts-ignore: decorator
@inline export function sub<T>(hart: Hart, a: u64, b: u64, rm: u32): u64 {
  if (isNative<T>() && rm == Rm.RNE) {
    const difference = sizeof<T>() == 4 ? bitsF32(asF32(a) - asF32(b)) : bitsF64(asF64(a) - asF64(b));
    if (isFinite<T>(difference) && (inexactIsSet(hart) || isExactSum<T>(a, b ^ signBit<T>(), difference)))
      return difference;
  }
  return subSoft<T>(hart, a, b, rm);
}

// @ts-ignore: decorator
@inline export function mul<T>(hart: Hart, a: u64, b: u64, rm: u32): u64 {
  if (isNative<T>() && rm == Rm.RNE) {
    const product = sizeof<T>() == 4 ? bitsF32(asF32(a) * asF32(b)) : bitsF64(asF64(a) * asF64(b));
    if (settles<T>(product) && (inexactIsSet(hart) || isExactProduct<T>(a, b, product))) return product;
  }
  return mulSoft<T>(hart, a, b, rm);
}

// @ts-ignore: decorator
@inline export function div<T>(hart: Hart, a: u64, b: u64, rm: u32): u64 {
  if (isNative<T>() && rm == Rm.RNE) {
    const quotient = sizeof<T>() == 4 ? bitsF32(asF32(a) / asF32(b)) : bitsF64(asF64(a) / asF64(b));
    if (settles<T>(quotient) && (inexactIsSet(hart) || isExactProduct<T>(quotient, b, a))) return quotient;
  }
  return divSoft<T>(hart, a, b, rm);
}

// @ts-ignore: decorator
@inline export function sqrt<T>(hart: Hart, a: u64, rm: u32): u64 {
  if (isNative<T>() && rm == Rm.RNE) {
    const root = sizeof<T>() == 4 ? bitsF32(Mathf.sqrt(asF32(a))) : bitsF64(Math.sqrt(asF64(a)));
    if (settles<T>(root) && (inexactIsSet(hart) || isExactProduct<T>(root, root, a))) return root;
  }
  return sqrtSoft<T>(hart, a, rm);
}

/** FCVT.S.D. */
// @ts-ignore: decorator
@inline export function narrow(hart: Hart, a: u64, rm: u32): u64 {
  if (mayUse(hart, rm)) {
    const narrowed = bitsF32(<f32>asF64(a));
    if (settles<F32>(narrowed)) return narrowed;
  }
  return convert<F64, F32>(hart, a, rm);
}

/** FCVT.D.S: exact but for NaNs. */
// @ts-ignore: decorator
@inline export function widen(hart: Hart, a: u64, rm: u32): u64 {
  const value = asF32(a);
  return value == value ? bitsF64(<f64>value) : convert<F32, F64>(hart, a, rm);
}
