/** Rounding and packing: where every inexact result gets its bits and its flags. */

import { Hart } from "../state/state";
import { Status } from "../shared/csr";
import { expMax, fracBits, infinity, isSignaling, nan, withSign } from "./format";
import { Flag, Rm } from "./modes";

const HALF: u64 = 1 << 63;

/** Accrues exception flags; that makes the floating-point state dirty. */
// @ts-ignore: decorator
@inline export function accrue(hart: Hart, flags: u32): void {
  hart.fflags |= flags;
  hart.mstatus |= Status.FS;
}

/** The result of an invalid operation. */
export function invalid<T>(hart: Hart): u64 {
  accrue(hart, Flag.NV);
  return nan<T>();
}

/** The result of an operation with a NaN among its operands (give one twice if there is but one). */
export function propagate<T>(hart: Hart, a: u64, b: u64): u64 {
  if (isSignaling<T>(a) || isSignaling<T>(b)) accrue(hart, Flag.NV);
  return nan<T>();
}

/** Shifts right, or-ing what falls out into the lowest bit ("jamming"), so that it still counts as inexact. */
// @ts-ignore: decorator
@inline export function shiftRightJam(value: u64, count: i32): u64 {
  if (count <= 0) return value;
  if (count > 63) return u64(value != 0);
  return (value >> count) | u64(value << (64 - count) != 0);
}

/**
 * Does a magnitude round up? `rest` is what lies below its last kept bit, as a fraction of 2^64, and `odd` is that bit.
 * The lowest bit of `rest` is clear when `odd` is set.
 */
// @ts-ignore: decorator
@inline export function roundsUp(rest: u64, odd: u64, sign: u32, rm: u32): bool {
  if (rm == Rm.RNE) return rest + odd > HALF;
  if (rm == Rm.RMM) return rest >= HALF;
  return rest != 0 && rm == (sign ? Rm.RDN : Rm.RUP);
}

/** Infinity or the largest finite number, by rounding mode. */
function overflow<T>(hart: Hart, sign: u32, rm: u32): u64 {
  accrue(hart, Flag.OF | Flag.NX);
  const grows = rm == Rm.RNE || rm == Rm.RMM || rm == (sign ? Rm.RDN : Rm.RUP);
  return withSign<T>(sign, infinity<T>() - u64(!grows));
}

/**
 * Rounds the non-zero number (sign, exp, sig), unpacked as format.ts says but with as low an exponent and as many bits as
 * the exact result needs (the lowest one jammed), to the format. Tininess is detected after rounding.
 */
export function roundPack<T>(hart: Hart, sign: u32, exp: i32, sig: u64, rm: u32): u64 {
  const drop = 63 - fracBits<T>();
  let tiny = false;
  if (exp < 1) {
    // Not tiny if rounding with an unbounded exponent would carry up to the smallest normal number.
    const allOnes = sig >> drop == (u64(2) << fracBits<T>()) - 1;
    tiny = !(exp == 0 && allOnes && roundsUp(sig << (64 - drop), 1, sign, rm));
    sig = shiftRightJam(sig, 1 - exp);
    exp = 1;
  }
  if (exp >= expMax<T>()) return overflow<T>(hart, sign, rm);
  const kept = sig >> drop;
  const rest = sig << (64 - drop);
  // A normal number's leading bit adds the 1 that exp - 1 lacks, and so does a carry.
  let bits = ((<u64>(exp - 1)) << fracBits<T>()) + kept;
  if (rest != 0) {
    bits += u64(roundsUp(rest, kept & 1, sign, rm));
    if (bits >= infinity<T>()) return overflow<T>(hart, sign, rm);
    accrue(hart, tiny ? Flag.NX | Flag.UF : Flag.NX);
  }
  return withSign<T>(sign, bits);
}
