/**
 * The fast path: Wasm's own f32 and f64 operators where they provably give the exact answer.
 *
 * Wasm rounds to nearest, ties to even, and reports no flags. So its result is the answer, and no flag changes, when
 *
 *   1. the rounding mode is RNE and NX is already set                             (`mayUse`)
 *   2. the result is normal and above the smallest normal magnitude              (`settles`)
 *
 * Not a NaN or an infinity: no NV, DZ or OF can have been raised. Not zero or subnormal: no UF. The smallest normal number
 * itself may have been rounded up from a tiny one, which underflows. The translator inlines these same two tests.
 * Comparisons, and conversions that are exact or whose inexactness is seen by converting back, need neither.
 */

import { Hart } from "../../gen/state";
import { addSoft, subSoft } from "./add";
import { convert } from "./convert";
import { divSoft, sqrtSoft } from "./div";
import { F32, F64, infinity, magnitude, minNormal } from "./format";
import { Flag, Rm } from "./modes";
import { mulSoft } from "./mul";

/** Condition 1. */
// @ts-ignore: decorator
@inline export function mayUse(hart: Hart, rm: u32): bool {
  return rm == Rm.RNE && (hart.fflags & Flag.NX) != 0;
}

/** Condition 2. */
// @ts-ignore: decorator
@inline export function settles<T>(bits: u64): bool {
  return magnitude<T>(bits) - (minNormal<T>() + 1) < infinity<T>() - (minNormal<T>() + 1);
}

// @ts-ignore: decorator
@inline export function asF64(bits: u64): f64 {
  return reinterpret<f64>(bits);
}

// @ts-ignore: decorator
@inline export function asF32(bits: u64): f32 {
  return reinterpret<f32>(<u32>bits);
}

// @ts-ignore: decorator
@inline export function bitsF64(value: f64): u64 {
  return reinterpret<u64>(value);
}

// @ts-ignore: decorator
@inline export function bitsF32(value: f32): u64 {
  return <u64>reinterpret<u32>(value);
}

/** True for the formats Wasm has operators for. */
// @ts-ignore: decorator
@inline function isNative<T>(): bool {
  return sizeof<T>() > 2;
}

// @ts-ignore: decorator
@inline export function add<T>(hart: Hart, a: u64, b: u64, rm: u32): u64 {
  if (isNative<T>() && mayUse(hart, rm)) {
    const sum = sizeof<T>() == 4 ? bitsF32(asF32(a) + asF32(b)) : bitsF64(asF64(a) + asF64(b));
    if (settles<T>(sum)) return sum;
  }
  return addSoft<T>(hart, a, b, rm);
}

// @ts-ignore: decorator
@inline export function sub<T>(hart: Hart, a: u64, b: u64, rm: u32): u64 {
  if (isNative<T>() && mayUse(hart, rm)) {
    const difference = sizeof<T>() == 4 ? bitsF32(asF32(a) - asF32(b)) : bitsF64(asF64(a) - asF64(b));
    if (settles<T>(difference)) return difference;
  }
  return subSoft<T>(hart, a, b, rm);
}

// @ts-ignore: decorator
@inline export function mul<T>(hart: Hart, a: u64, b: u64, rm: u32): u64 {
  if (isNative<T>() && mayUse(hart, rm)) {
    const product = sizeof<T>() == 4 ? bitsF32(asF32(a) * asF32(b)) : bitsF64(asF64(a) * asF64(b));
    if (settles<T>(product)) return product;
  }
  return mulSoft<T>(hart, a, b, rm);
}

// @ts-ignore: decorator
@inline export function div<T>(hart: Hart, a: u64, b: u64, rm: u32): u64 {
  if (isNative<T>() && mayUse(hart, rm)) {
    const quotient = sizeof<T>() == 4 ? bitsF32(asF32(a) / asF32(b)) : bitsF64(asF64(a) / asF64(b));
    if (settles<T>(quotient)) return quotient;
  }
  return divSoft<T>(hart, a, b, rm);
}

// @ts-ignore: decorator
@inline export function sqrt<T>(hart: Hart, a: u64, rm: u32): u64 {
  if (isNative<T>() && mayUse(hart, rm)) {
    const root = sizeof<T>() == 4 ? bitsF32(Mathf.sqrt(asF32(a))) : bitsF64(Math.sqrt(asF64(a)));
    if (settles<T>(root)) return root;
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
