/** D. (Unprivileged ISA, "Extension for Double-Precision Floating-Point") */

import { Hart } from "../state/state";
import { fadd, fdiv, fmadd, fmsub, fmul, fnmadd, fnmsub, fsqrt, fsub } from "../fpu/arithmetic";
import { F32, F64 } from "../fpu/format";
import { fcvt, fcvtFromInteger, fcvtToInteger, fload, fmvFromX, fmvToX, fstore } from "../fpu/movement";
import { fclass, feq, fle, flt, fmax, fmin, fsgnj, fsgnjn, fsgnjx } from "../fpu/selection";

// @ts-ignore: decorator
@inline export function fld(hart: Hart, r: u64): void {
  fload<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsd(hart: Hart, r: u64): void {
  fstore<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmadd_d(hart: Hart, r: u64): void {
  fmadd<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmsub_d(hart: Hart, r: u64): void {
  fmsub<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fnmsub_d(hart: Hart, r: u64): void {
  fnmsub<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fnmadd_d(hart: Hart, r: u64): void {
  fnmadd<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fadd_d(hart: Hart, r: u64): void {
  fadd<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsub_d(hart: Hart, r: u64): void {
  fsub<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmul_d(hart: Hart, r: u64): void {
  fmul<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fdiv_d(hart: Hart, r: u64): void {
  fdiv<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsqrt_d(hart: Hart, r: u64): void {
  fsqrt<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsgnj_d(hart: Hart, r: u64): void {
  fsgnj<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsgnjn_d(hart: Hart, r: u64): void {
  fsgnjn<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsgnjx_d(hart: Hart, r: u64): void {
  fsgnjx<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmin_d(hart: Hart, r: u64): void {
  fmin<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmax_d(hart: Hart, r: u64): void {
  fmax<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fle_d(hart: Hart, r: u64): void {
  fle<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function flt_d(hart: Hart, r: u64): void {
  flt<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function feq_d(hart: Hart, r: u64): void {
  feq<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fclass_d(hart: Hart, r: u64): void {
  fclass<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_w_d(hart: Hart, r: u64): void {
  fcvtToInteger<F64, i32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_wu_d(hart: Hart, r: u64): void {
  fcvtToInteger<F64, u32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_l_d(hart: Hart, r: u64): void {
  fcvtToInteger<F64, i64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_lu_d(hart: Hart, r: u64): void {
  fcvtToInteger<F64, u64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_d_w(hart: Hart, r: u64): void {
  fcvtFromInteger<i32, F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_d_wu(hart: Hart, r: u64): void {
  fcvtFromInteger<u32, F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_d_l(hart: Hart, r: u64): void {
  fcvtFromInteger<i64, F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_d_lu(hart: Hart, r: u64): void {
  fcvtFromInteger<u64, F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmv_x_d(hart: Hart, r: u64): void {
  fmvToX<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmv_d_x(hart: Hart, r: u64): void {
  fmvFromX<F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_s_d(hart: Hart, r: u64): void {
  fcvt<F64, F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_d_s(hart: Hart, r: u64): void {
  fcvt<F32, F64>(hart, r);
}
