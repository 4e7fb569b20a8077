/** F. (Unprivileged ISA, "Extension for Single-Precision Floating-Point") */

import { Hart } from "../state/state";
import { fadd, fdiv, fmadd, fmsub, fmul, fnmadd, fnmsub, fsqrt, fsub } from "../fpu/arithmetic";
import { F32 } from "../fpu/format";
import { fcvtFromInteger, fcvtToInteger, fload, fmvFromX, fmvToX, fstore } from "../fpu/movement";
import { fclass, feq, fle, flt, fmax, fmin, fsgnj, fsgnjn, fsgnjx } from "../fpu/selection";

// @ts-ignore: decorator
@inline export function flw(hart: Hart, r: u64): void {
  fload<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsw(hart: Hart, r: u64): void {
  fstore<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmadd_s(hart: Hart, r: u64): void {
  fmadd<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmsub_s(hart: Hart, r: u64): void {
  fmsub<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fnmsub_s(hart: Hart, r: u64): void {
  fnmsub<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fnmadd_s(hart: Hart, r: u64): void {
  fnmadd<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fadd_s(hart: Hart, r: u64): void {
  fadd<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsub_s(hart: Hart, r: u64): void {
  fsub<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmul_s(hart: Hart, r: u64): void {
  fmul<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fdiv_s(hart: Hart, r: u64): void {
  fdiv<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsqrt_s(hart: Hart, r: u64): void {
  fsqrt<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsgnj_s(hart: Hart, r: u64): void {
  fsgnj<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsgnjn_s(hart: Hart, r: u64): void {
  fsgnjn<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsgnjx_s(hart: Hart, r: u64): void {
  fsgnjx<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmin_s(hart: Hart, r: u64): void {
  fmin<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmax_s(hart: Hart, r: u64): void {
  fmax<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fle_s(hart: Hart, r: u64): void {
  fle<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function flt_s(hart: Hart, r: u64): void {
  flt<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function feq_s(hart: Hart, r: u64): void {
  feq<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fclass_s(hart: Hart, r: u64): void {
  fclass<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_w_s(hart: Hart, r: u64): void {
  fcvtToInteger<F32, i32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_wu_s(hart: Hart, r: u64): void {
  fcvtToInteger<F32, u32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_l_s(hart: Hart, r: u64): void {
  fcvtToInteger<F32, i64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_lu_s(hart: Hart, r: u64): void {
  fcvtToInteger<F32, u64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_s_w(hart: Hart, r: u64): void {
  fcvtFromInteger<i32, F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_s_wu(hart: Hart, r: u64): void {
  fcvtFromInteger<u32, F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_s_l(hart: Hart, r: u64): void {
  fcvtFromInteger<i64, F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_s_lu(hart: Hart, r: u64): void {
  fcvtFromInteger<u64, F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmv_x_w(hart: Hart, r: u64): void {
  fmvToX<F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmv_w_x(hart: Hart, r: u64): void {
  fmvFromX<F32>(hart, r);
}
