/** Zfh and Zfhmin. (Unprivileged ISA, "Extensions for Half-Precision Floating-Point") */

import { Hart } from "../state/state";
import { fadd, fdiv, fmadd, fmsub, fmul, fnmadd, fnmsub, fsqrt, fsub } from "../fpu/arithmetic";
import { F16, F32, F64 } from "../fpu/format";
import { fcvt, fcvtFromInteger, fcvtToInteger, fload, fmvFromX, fmvToX, fstore } from "../fpu/movement";
import { fclass, feq, fle, flt, fmax, fmin, fsgnj, fsgnjn, fsgnjx } from "../fpu/selection";

// @ts-ignore: decorator
@inline export function flh(hart: Hart, r: u64): void {
  fload<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsh(hart: Hart, r: u64): void {
  fstore<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmadd_h(hart: Hart, r: u64): void {
  fmadd<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmsub_h(hart: Hart, r: u64): void {
  fmsub<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fnmsub_h(hart: Hart, r: u64): void {
  fnmsub<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fnmadd_h(hart: Hart, r: u64): void {
  fnmadd<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fadd_h(hart: Hart, r: u64): void {
  fadd<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsub_h(hart: Hart, r: u64): void {
  fsub<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmul_h(hart: Hart, r: u64): void {
  fmul<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fdiv_h(hart: Hart, r: u64): void {
  fdiv<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsqrt_h(hart: Hart, r: u64): void {
  fsqrt<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsgnj_h(hart: Hart, r: u64): void {
  fsgnj<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsgnjn_h(hart: Hart, r: u64): void {
  fsgnjn<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fsgnjx_h(hart: Hart, r: u64): void {
  fsgnjx<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmin_h(hart: Hart, r: u64): void {
  fmin<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmax_h(hart: Hart, r: u64): void {
  fmax<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fle_h(hart: Hart, r: u64): void {
  fle<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function flt_h(hart: Hart, r: u64): void {
  flt<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function feq_h(hart: Hart, r: u64): void {
  feq<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fclass_h(hart: Hart, r: u64): void {
  fclass<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_w_h(hart: Hart, r: u64): void {
  fcvtToInteger<F16, i32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_wu_h(hart: Hart, r: u64): void {
  fcvtToInteger<F16, u32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_l_h(hart: Hart, r: u64): void {
  fcvtToInteger<F16, i64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_lu_h(hart: Hart, r: u64): void {
  fcvtToInteger<F16, u64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_h_w(hart: Hart, r: u64): void {
  fcvtFromInteger<i32, F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_h_wu(hart: Hart, r: u64): void {
  fcvtFromInteger<u32, F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_h_l(hart: Hart, r: u64): void {
  fcvtFromInteger<i64, F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_h_lu(hart: Hart, r: u64): void {
  fcvtFromInteger<u64, F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmv_x_h(hart: Hart, r: u64): void {
  fmvToX<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fmv_h_x(hart: Hart, r: u64): void {
  fmvFromX<F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_s_h(hart: Hart, r: u64): void {
  fcvt<F16, F32>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_h_s(hart: Hart, r: u64): void {
  fcvt<F32, F16>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_d_h(hart: Hart, r: u64): void {
  fcvt<F16, F64>(hart, r);
}

// @ts-ignore: decorator
@inline export function fcvt_h_d(hart: Hart, r: u64): void {
  fcvt<F64, F16>(hart, r);
}
