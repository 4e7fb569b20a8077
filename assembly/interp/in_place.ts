/**
 * Floating-point instructions as the predecoded loop does them in place: without a call, so only where Wasm's own operators
 * give the answer (the conditions of fpu/fast.ts). Each returns false, with nothing changed, where the handler has to
 * decide; the loop then leaves to the slow tail.
 *
 * `T` is f32 or f64. Operands are tested as numbers, not as bits: the loop has integer registers to spare for none.
 * `ready` is `float_ready(hart)`, which only the slow tail can change.
 */

import { HartField } from "../state/layout";
import { Hart } from "../state/state";
import { productError, sumError } from "../fpu/exact";
import { roundsOnce, tryF64 } from "../fpu/fast_fma";
import { inRange, truncate } from "../fpu/fast_int";
import { Flag, Rm } from "../fpu/modes";
import { fs_dirty } from "../state/fs";
import { base, f1, f2, rm, setF, setX, x1 } from "../state/regs";

// In `float_ready`'s answer. Bits 0 to 7: an instruction with that rm field rounds to nearest, ties to even.
const ON: u32 = 0x100;
const INEXACT: u32 = 0x200;

/** What floating-point instructions may assume until one of them, or a CSR access, takes the slow tail. */
// @ts-ignore: decorator
@inline export function float_ready(hart: Hart): u32 {
  if (!fs_dirty(hart)) return 0;
  const dynamic: u32 = hart.frm == Rm.RNE ? 1 << Rm.DYN : 0;
  return ON | (1 << Rm.RNE) | dynamic | (hart.fflags & Flag.NX ? INEXACT : 0);
}

/** FS is dirty. */
// @ts-ignore: decorator
@inline export function is_on(ready: u32): bool {
  return (ready & ON) != 0;
}

/** NX is set already. */
// @ts-ignore: decorator
@inline function is_inexact(ready: u32): bool {
  return (ready & INEXACT) != 0;
}

/** Record `r` rounds to nearest, ties to even, and FS is dirty. */
// @ts-ignore: decorator
@inline function to_nearest(ready: u32, r: u64): bool {
  return ((ready >> rm(r)) & 1) != 0;
}

// Where in `hart.f` the registers of a record lie.

// @ts-ignore: decorator
@inline function at1(hart: Hart, r: u64): usize {
  return base(hart) + ((<usize>(<u32>r) >> 16) & 0xff);
}

// @ts-ignore: decorator
@inline function at2(hart: Hart, r: u64): usize {
  return base(hart) + (<usize>(<u32>r) >> 24);
}

// @ts-ignore: decorator
@inline function at3(hart: Hart, r: u64): usize {
  return base(hart) + <usize>(r >> 56);
}

/** A narrow value is NaN-boxed: its upper half is all ones. */
// @ts-ignore: decorator
@inline function boxed<T extends number>(at: usize): bool {
  return sizeof<T>() == 8 || load<i32>(at, HartField.f + 4) == -1;
}

// @ts-ignore: decorator
@inline function get<T extends number>(at: usize): T {
  return load<T>(at, HartField.f);
}

// @ts-ignore: decorator
@inline function put<T extends number>(hart: Hart, r: u64, value: T): void {
  if (sizeof<T>() == 8) setF(hart, r, reinterpret<u64>(<f64>value));
  else setF(hart, r, <u64>reinterpret<u32>(<f32>value) | 0xffff_ffff_0000_0000);
}

/** Not an infinity or a NaN: no NV, DZ or OF. */
// @ts-ignore: decorator
@inline function is_finite<T extends number>(value: T): bool {
  return abs<T>(value) < <T>Infinity;
}

/** Neither that nor small enough to have underflowed. */
// @ts-ignore: decorator
@inline function settles<T extends number>(value: T): bool {
  const size = abs<T>(value);
  return size < <T>Infinity && size > (sizeof<T>() == 4 ? <T>1.1754943508222875e-38 : <T>2.2250738585072014e-308);
}

/** From 2^-400 to 2^400: no part of a sum of products of such overflows or underflows. */
// @ts-ignore: decorator
@inline function is_middling(value: f64): bool {
  const size = abs<f64>(value);
  return size >= 3.872591914849318e-121 && size < 2.582249878086909e120;
}

/** a + b = sum, exactly. */
// @ts-ignore: decorator
@inline function is_exact_sum<T extends number>(a: T, b: T, sum: T): bool {
  const wide = <f64>a + <f64>b;
  return wide == <f64>sum && sumError(<f64>a, <f64>b, wide) == 0.0;
}

/** a * b = product, exactly; false also where that is not easily seen. */
// @ts-ignore: decorator
@inline function is_exact_product<T extends number>(a: T, b: T, product: T): bool {
  if (sizeof<T>() == 4) return <f64>a * <f64>b == <f64>product;
  return is_middling(<f64>product) && is_middling(<f64>b) && productError(<f64>a, <f64>b, <f64>product) == 0.0;
}

// @ts-ignore: decorator
@inline export function fadd<T extends number>(hart: Hart, r: u64, ready: u32): bool {
  if (!to_nearest(ready, r) || !boxed<T>(at1(hart, r)) || !boxed<T>(at2(hart, r))) return false;
  const a = get<T>(at1(hart, r));
  const b = get<T>(at2(hart, r));
  const sum = <T>(a + b);
  if (!is_finite<T>(sum) || (!is_inexact(ready) && !is_exact_sum<T>(a, b, sum))) return false;
  put<T>(hart, r, sum);
  return true;
}

// @ts-ignore: decorator
@inline export function fsub<T extends number>(hart: Hart, r: u64, ready: u32): bool {
  if (!to_nearest(ready, r) || !boxed<T>(at1(hart, r)) || !boxed<T>(at2(hart, r))) return false;
  const a = get<T>(at1(hart, r));
  const b = get<T>(at2(hart, r));
  const difference = <T>(a - b);
  if (!is_finite<T>(difference) || (!is_inexact(ready) && !is_exact_sum<T>(a, <T>-b, difference))) return false;
  put<T>(hart, r, difference);
  return true;
}

// @ts-ignore: decorator
@inline export function fmul<T extends number>(hart: Hart, r: u64, ready: u32): bool {
  if (!to_nearest(ready, r) || !boxed<T>(at1(hart, r)) || !boxed<T>(at2(hart, r))) return false;
  const a = get<T>(at1(hart, r));
  const b = get<T>(at2(hart, r));
  const product = <T>(a * b);
  if (!settles<T>(product) || (!is_inexact(ready) && !is_exact_product<T>(a, b, product))) return false;
  put<T>(hart, r, product);
  return true;
}

// @ts-ignore: decorator
@inline export function fdiv<T extends number>(hart: Hart, r: u64, ready: u32): bool {
  if (!is_inexact(ready) || !to_nearest(ready, r) || !boxed<T>(at1(hart, r)) || !boxed<T>(at2(hart, r))) return false;
  const quotient = <T>(get<T>(at1(hart, r)) / get<T>(at2(hart, r)));
  if (!settles<T>(quotient)) return false;
  put<T>(hart, r, quotient);
  return true;
}

// @ts-ignore: decorator
@inline export function fsqrt<T extends number>(hart: Hart, r: u64, ready: u32): bool {
  if (!is_inexact(ready) || !to_nearest(ready, r) || !boxed<T>(at1(hart, r))) return false;
  const root = <T>sqrt<T>(get<T>(at1(hart, r)));
  if (!settles<T>(root)) return false;
  put<T>(hart, r, root);
  return true;
}

/** FMADD, FMSUB, FNMSUB and FNMADD: `product` and `addend` say whose sign to flip. */
// @ts-ignore: decorator
@inline export function fma<T extends number>(hart: Hart, r: u64, ready: u32, product: bool, addend: bool): bool {
  if (!is_inexact(ready) || !to_nearest(ready, r)) return false;
  if (!boxed<T>(at1(hart, r)) || !boxed<T>(at2(hart, r)) || !boxed<T>(at3(hart, r))) return false;
  const a = <f64>(product ? -get<T>(at1(hart, r)) : get<T>(at1(hart, r)));
  const b = <f64>get<T>(at2(hart, r));
  const c = <f64>(addend ? -get<T>(at3(hart, r)) : get<T>(at3(hart, r)));
  let rounded: T;
  if (sizeof<T>() == 4) {
    const sum = a * b + c;
    if (!roundsOnce(sum)) return false;
    rounded = <T>sum;
  } else {
    if (!is_middling(a) || !is_middling(b) || !(is_middling(c) || c == 0.0)) return false;
    rounded = <T>reinterpret<f64>(tryF64(a, b, c));
  }
  if (!settles<T>(rounded)) return false;
  put<T>(hart, r, rounded);
  return true;
}

/** FSGNJ; FSGNJN with all ones as `flip`. */
// @ts-ignore: decorator
@inline export function fsgnj<T extends number>(hart: Hart, r: u64, ready: u32, flip: u64): bool {
  if (!is_on(ready) || !boxed<T>(at1(hart, r)) || !boxed<T>(at2(hart, r))) return false;
  const sign: u64 = sizeof<T>() == 8 ? 0x8000_0000_0000_0000 : 0x8000_0000;
  setF(hart, r, (f1(hart, r) & ~sign) | ((f2(hart, r) ^ flip) & sign));
  return true;
}

// @ts-ignore: decorator
@inline export function fsgnjx<T extends number>(hart: Hart, r: u64, ready: u32): bool {
  if (!is_on(ready) || !boxed<T>(at1(hart, r)) || !boxed<T>(at2(hart, r))) return false;
  const sign: u64 = sizeof<T>() == 8 ? 0x8000_0000_0000_0000 : 0x8000_0000;
  setF(hart, r, f1(hart, r) ^ (f2(hart, r) & sign));
  return true;
}

/** Both operands of a comparison are numbers. */
// @ts-ignore: decorator
@inline function ordered<T extends number>(hart: Hart, r: u64, ready: u32): bool {
  if (!is_on(ready) || !boxed<T>(at1(hart, r)) || !boxed<T>(at2(hart, r))) return false;
  const a = get<T>(at1(hart, r));
  const b = get<T>(at2(hart, r));
  return a == a && b == b;
}

// @ts-ignore: decorator
@inline export function feq<T extends number>(hart: Hart, r: u64, ready: u32): bool {
  if (!ordered<T>(hart, r, ready)) return false;
  setX(hart, r, u64(get<T>(at1(hart, r)) == get<T>(at2(hart, r))));
  return true;
}

// @ts-ignore: decorator
@inline export function flt<T extends number>(hart: Hart, r: u64, ready: u32): bool {
  if (!ordered<T>(hart, r, ready)) return false;
  setX(hart, r, u64(get<T>(at1(hart, r)) < get<T>(at2(hart, r))));
  return true;
}

// @ts-ignore: decorator
@inline export function fle<T extends number>(hart: Hart, r: u64, ready: u32): bool {
  if (!ordered<T>(hart, r, ready)) return false;
  setX(hart, r, u64(get<T>(at1(hart, r)) <= get<T>(at2(hart, r))));
  return true;
}

/** Wasm's own, which has -0 below +0. */
// @ts-ignore: decorator
@inline export function fmin<T extends number>(hart: Hart, r: u64, ready: u32): bool {
  if (!ordered<T>(hart, r, ready)) return false;
  put<T>(hart, r, <T>min<T>(get<T>(at1(hart, r)), get<T>(at2(hart, r))));
  return true;
}

// @ts-ignore: decorator
@inline export function fmax<T extends number>(hart: Hart, r: u64, ready: u32): bool {
  if (!ordered<T>(hart, r, ready)) return false;
  put<T>(hart, r, <T>max<T>(get<T>(at1(hart, r)), get<T>(at2(hart, r))));
  return true;
}

/** FCVT to the integer type `I`, toward zero. */
// @ts-ignore: decorator
@inline export function to_integer<T extends number, I extends number>(hart: Hart, r: u64, ready: u32): bool {
  if (!is_on(ready) || rm(r) != Rm.RTZ || !boxed<T>(at1(hart, r))) return false;
  const value = <f64>get<T>(at1(hart, r));
  const whole = trunc<f64>(value);
  if (!inRange<I>(whole) || (!is_inexact(ready) && whole != value)) return false;
  setX(hart, r, truncate<I>(whole));
  return true;
}

/** FCVT from the integer type `I`. */
// @ts-ignore: decorator
@inline export function from_integer<I extends number, T extends number>(hart: Hart, r: u64, ready: u32): bool {
  // Any 32 bits fit an f64.
  const exact = sizeof<I>() == 4 && sizeof<T>() == 8;
  if (!to_nearest(ready, r) || (!exact && !is_inexact(ready))) return false;
  // tsc converts one parameter to another only by way of an operator.
  put<T>(hart, r, <T>(<I>x1(hart, r) + 0));
  return true;
}

/** FCVT.S.D. */
// @ts-ignore: decorator
@inline export function narrow(hart: Hart, r: u64, ready: u32): bool {
  if (!to_nearest(ready, r)) return false;
  const value = get<f64>(at1(hart, r));
  const narrowed = <f32>value;
  if (!settles<f32>(narrowed) || (!is_inexact(ready) && <f64>narrowed != value)) return false;
  put<f32>(hart, r, narrowed);
  return true;
}

/** FCVT.D.S: exact. */
// @ts-ignore: decorator
@inline export function widen(hart: Hart, r: u64, ready: u32): bool {
  if (!to_nearest(ready, r) || !boxed<f32>(at1(hart, r))) return false;
  const value = get<f32>(at1(hart, r));
  if (value != value) return false;
  put<f64>(hart, r, <f64>value);
  return true;
}

/** FMV to an x register. */
// @ts-ignore: decorator
@inline export function to_bits<T extends number>(hart: Hart, r: u64, ready: u32): bool {
  if (!is_on(ready)) return false;
  setX(hart, r, sizeof<T>() == 4 ? <u64>(<i64>(<i32>f1(hart, r))) : f1(hart, r));
  return true;
}

/** FMV from an x register. */
// @ts-ignore: decorator
@inline export function from_bits<T extends number>(hart: Hart, r: u64, ready: u32): bool {
  if (!is_on(ready)) return false;
  setF(hart, r, sizeof<T>() == 4 ? x1(hart, r) | 0xffff_ffff_0000_0000 : x1(hart, r));
  return true;
}
