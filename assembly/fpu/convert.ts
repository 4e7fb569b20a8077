/** Conversions: between formats, and to and from integers. */

import { Hart } from "../state/state";
import {
  F64,
  bias,
  exponent,
  fracBits,
  infinity,
  isNan,
  isSpecial,
  magnitude,
  nan,
  significand,
  signOf,
  width,
  withSign,
} from "./format";
import { Flag, Rm } from "./modes";
import { accrue, propagate, roundPack, roundsUp } from "./round";

/** Converts a number of format `From` to format `To`. */
export function convert<From, To>(hart: Hart, a: u64, rm: u32): u64 {
  if (isNan<From>(a)) {
    propagate<From>(hart, a, a);
    return nan<To>();
  }
  const sign = signOf<From>(a);
  if (isSpecial<From>(a)) return withSign<To>(sign, infinity<To>());
  if (magnitude<From>(a) == 0) return withSign<To>(sign, 0);
  return roundPack<To>(hart, sign, exponent<From>(a) - bias<From>() + bias<To>(), significand<From>(a), rm);
}

/** Converts an integer, given as sign and magnitude. */
export function fromMagnitude<T>(hart: Hart, sign: u32, value: u64, rm: u32): u64 {
  if (value == 0) return 0;
  const up = clz<u64>(value);
  return roundPack<T>(hart, sign, 63 - <i32>up + bias<T>(), value << up, rm);
}

/** Converts a signed 64-bit integer (a 32-bit one comes sign-extended). */
// @ts-ignore: decorator
@inline export function fromSigned<T>(hart: Hart, value: i64, rm: u32): u64 {
  return fromMagnitude<T>(hart, u32(value < 0), value < 0 ? 0 - <u64>value : <u64>value, rm);
}

/** Converts an unsigned 64-bit integer. */
// @ts-ignore: decorator
@inline export function fromUnsigned<T>(hart: Hart, value: u64, rm: u32): u64 {
  return fromMagnitude<T>(hart, 0, value, rm);
}

/** The integer digits of an unpacked number with `below` fraction digits (63 - unbiased exponent, not negative). */
// @ts-ignore: decorator
@inline export function integerPart(sig: u64, below: i32): u64 {
  return below > 63 ? 0 : sig >> below;
}

/** Its fraction over 2^64, jammed. */
// @ts-ignore: decorator
@inline export function fractionPart(sig: u64, below: i32): u64 {
  if (below > 64) return u64(sig != 0);
  return below == 0 ? 0 : sig << (64 - below);
}

/** The largest magnitude of a positive or negative `I`. */
// @ts-ignore: decorator
@inline function limit<I>(negative: u32): u64 {
  const all = ~(<u64>0) >> (64 - width<I>());
  if (isSigned<I>()) return (all >> 1) + <u64>negative;
  return negative ? 0 : all;
}

/** An integer as an x register holds it: 32-bit ones are sign-extended, unsigned ones too. */
// @ts-ignore: decorator
@inline function asRegister<I>(negative: u32, value: u64): u64 {
  const signed = negative ? 0 - value : value;
  return sizeof<I>() == 4 ? <u64>(<i64>(<i32>signed)) : signed;
}

/**
 * Converts to the integer type `I` (i32, u32, i64 or u64). Out of range is invalid and gives the nearest `I`, a NaN the
 * largest. (Unprivileged ISA, "Single-Precision Floating-Point Conversion and Move Instructions")
 */
export function toIntegerSoft<T, I>(hart: Hart, a: u64, rm: u32): u64 {
  const negative = isNan<T>(a) ? 0 : signOf<T>(a);
  const below = 63 + bias<T>() - exponent<T>(a);
  if (!isSpecial<T>(a) && below >= 0) {
    const sig = significand<T>(a);
    const rest = fractionPart(sig, below);
    let whole = integerPart(sig, below);
    whole += u64(roundsUp(rest, whole & 1, negative, rm));
    if (whole <= limit<I>(negative)) {
      if (rest != 0) accrue(hart, Flag.NX);
      return asRegister<I>(negative, whole);
    }
  }
  accrue(hart, Flag.NV);
  return asRegister<I>(negative, limit<I>(negative));
}

/** FROUND and FROUNDNX (`flags` says which: 0 or Flag.NX): rounds to an integer of the same format. */
export function toIntegralSoft<T>(hart: Hart, a: u64, rm: u32, flags: u32): u64 {
  if (isNan<T>(a)) return propagate<T>(hart, a, a);
  const exp = exponent<T>(a);
  if (exp >= bias<T>() + fracBits<T>()) return a;
  const sign = signOf<T>(a);
  const below = 63 + bias<T>() - exp;
  const sig = significand<T>(a);
  const rest = fractionPart(sig, below);
  if (rest == 0) return a;
  if (flags != 0) accrue(hart, flags);
  let whole = integerPart(sig, below);
  whole += u64(roundsUp(rest, whole & 1, sign, rm));
  return withSign<T>(sign, fromMagnitude<T>(hart, 0, whole, Rm.RNE));
}

/** FCVTMOD.W.D: the integer part modulo 2^32; the flags are FCVT.W.D's. (Unprivileged ISA, "Modular Convert-to-Integer") */
export function toInt32Modular(hart: Hart, a: u64): u64 {
  if (isSpecial<F64>(a)) {
    accrue(hart, Flag.NV);
    return 0;
  }
  const sign = signOf<F64>(a);
  const below = 63 + bias<F64>() - exponent<F64>(a);
  const sig = significand<F64>(a);
  if (below < 0) {
    accrue(hart, Flag.NV);
    return below < -63 ? 0 : asRegister<i32>(sign, sig << -below);
  }
  const whole = integerPart(sig, below);
  if (whole > limit<i32>(sign)) accrue(hart, Flag.NV);
  else if (fractionPart(sig, below) != 0) accrue(hart, Flag.NX);
  return asRegister<i32>(sign, whole);
}
