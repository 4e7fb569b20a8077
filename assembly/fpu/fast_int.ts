/** The fast path (see fast.ts) of conversions to and from integers and of rounding to integral values. */

import { Hart } from "../state/state";
import { fromSigned, fromUnsigned, toIntegerSoft, toIntegralSoft } from "./convert";
import { mayUse } from "./fast";
import { Flag, Rm } from "./modes";
import { asF32, asF64, bitsF32, bitsF64, isNative } from "./native";
import { accrue } from "./round";

/** Converts the integer type `I`, in an x register, to format `T`. */
// @ts-ignore: decorator
@inline export function fromInteger<I, T>(hart: Hart, x: u64, rm: u32): u64 {
  if (sizeof<I>() == 4 && sizeof<T>() == 8) return bitsF64(isSigned<I>() ? <f64>(<i32>x) : <f64>(<u32>x));
  if (isNative<T>() && mayUse(hart, rm)) {
    if (sizeof<T>() == 8) return bitsF64(isSigned<I>() ? <f64>(<i64>x) : <f64>x);
    if (sizeof<I>() == 4) return bitsF32(isSigned<I>() ? <f32>(<i32>x) : <f32>(<u32>x));
    return bitsF32(isSigned<I>() ? <f32>(<i64>x) : <f32>x);
  }
  if (sizeof<I>() == 4) x = isSigned<I>() ? <u64>(<i64>(<i32>x)) : <u64>(<u32>x);
  return isSigned<I>() ? fromSigned<T>(hart, <i64>x, rm) : fromUnsigned<T>(hart, x, rm);
}

/** Rounds to an integral value in all modes but RMM. */
// @ts-ignore: decorator
@inline function integral(value: f64, rm: u32): f64 {
  if (rm == Rm.RTZ) return Math.trunc(value);
  if (rm == Rm.RNE) return nearest<f64>(value);
  return rm == Rm.RDN ? Math.floor(value) : Math.ceil(value);
}

/** True when an integral value is one of type `I`; false for NaNs. */
// @ts-ignore: decorator
@inline export function inRange<I>(value: f64): bool {
  if (sizeof<I>() == 4) {
    return isSigned<I>() ? value >= -2147483648.0 && value < 2147483648.0 : value >= 0.0 && value < 4294967296.0;
  }
  const top: f64 = 9223372036854775808.0;
  return isSigned<I>() ? value >= -top && value < top : value >= 0.0 && value < top * 2.0;
}

// @ts-ignore: decorator
@inline export function truncate<I>(value: f64): u64 {
  if (sizeof<I>() == 4) return isSigned<I>() ? <u64>(<i64>(<i32>value)) : <u64>(<i64>(<i32>(<u32>value)));
  return isSigned<I>() ? <u64>(<i64>value) : <u64>value;
}

/** Converts format `T` to the integer type `I` in an x register. Every F32 is an F64, so one form serves both. */
export function toInteger<T, I>(hart: Hart, a: u64, rm: u32): u64 {
  if (isNative<T>() && rm != Rm.RMM) {
    const value = sizeof<T>() == 4 ? <f64>asF32(a) : asF64(a);
    const whole = integral(value, rm);
    if (inRange<I>(whole)) {
      if (whole != value) accrue(hart, Flag.NX);
      return truncate<I>(whole);
    }
  }
  return toIntegerSoft<T, I>(hart, a, rm);
}

/** FROUND and FROUNDNX (`flags` says which: 0 or Flag.NX). */
export function toIntegral<T>(hart: Hart, a: u64, rm: u32, flags: u32): u64 {
  if (isNative<T>() && rm != Rm.RMM) {
    const value = sizeof<T>() == 4 ? <f64>asF32(a) : asF64(a);
    if (value == value) {
      const whole = integral(value, rm);
      if (whole != value && flags != 0) accrue(hart, flags);
      return sizeof<T>() == 4 ? bitsF32(<f32>whole) : bitsF64(whole);
    }
  }
  return toIntegralSoft<T>(hart, a, rm, flags);
}
