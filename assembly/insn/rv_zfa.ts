/** Zfa. (Unprivileged ISA, "Extension for Additional Floating-Point Instructions") */

import { Hart } from "../state/state";
import { fs1, mayRead } from "../fpu/access";
import { fround } from "../fpu/arithmetic";
import { toInt32Modular } from "../fpu/convert";
import { F16, F32, F64 } from "../fpu/format";
import { Flag } from "../fpu/modes";
import { fleq, fli, fltq, fmaxm, fminm } from "../fpu/selection";
import { setX } from "../state/regs";

// @ts-ignore: decorator
@inline export function fli_s(hart: Hart, r: u64): void {
  fli<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fminm_s(hart: Hart, r: u64): void {
  fminm<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmaxm_s(hart: Hart, r: u64): void {
  fmaxm<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fround_s(hart: Hart, r: u64): void {
  fround<F32>(hart, r, 0);
}

// @ts-ignore: decorator
@inline export function froundnx_s(hart: Hart, r: u64): void {
  fround<F32>(hart, r, Flag.NX);
}

// @ts-ignore: decorator
@inline export function fleq_s(hart: Hart, r: u64): void {
  fleq<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fltq_s(hart: Hart, r: u64): void {
  fltq<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fli_d(hart: Hart, r: u64): void {
  fli<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fminm_d(hart: Hart, r: u64): void {
  fminm<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmaxm_d(hart: Hart, r: u64): void {
  fmaxm<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fround_d(hart: Hart, r: u64): void {
  fround<F64>(hart, r, 0);
}

// @ts-ignore: decorator
@inline export function froundnx_d(hart: Hart, r: u64): void {
  fround<F64>(hart, r, Flag.NX);
}

// @ts-ignore: decorator
@inline export function fleq_d(hart: Hart, r: u64): void {
  fleq<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fltq_d(hart: Hart, r: u64): void {
  fltq<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fli_h(hart: Hart, r: u64): void {
  fli<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fminm_h(hart: Hart, r: u64): void {
  fminm<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmaxm_h(hart: Hart, r: u64): void {
  fmaxm<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fround_h(hart: Hart, r: u64): void {
  fround<F16>(hart, r, 0);
}

// @ts-ignore: decorator
@inline export function froundnx_h(hart: Hart, r: u64): void {
  fround<F16>(hart, r, Flag.NX);
}

// @ts-ignore: decorator
@inline export function fleq_h(hart: Hart, r: u64): void {
  fleq<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fltq_h(hart: Hart, r: u64): void {
  fltq<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvtmod_w_d(hart: Hart, r: u64): void {
  if (mayRead(hart)) setX(hart, r, toInt32Modular(hart, fs1<F64>(hart, r)));
}
