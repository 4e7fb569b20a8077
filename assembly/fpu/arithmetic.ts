/**
 * Arithmetic instructions, for any format: the bodies of the handlers in insn/rv_f.ts, rv_d.ts, rv_zfh.ts and rv_zfa.ts.
 */

import { Hart } from "../state/state";
import { fs1, fs2, fs3, mayRound, mayWrite, roundingMode, setFd } from "./access";
import { add, div, mul, sqrt, sub } from "./fast";
import { toIntegral } from "./fast_int";
import { fma } from "./fast_fma";
import { signBit } from "./format";

/** FADD. */
// @ts-ignore: decorator
@inline export function fadd<T>(hart: Hart, r: u64): void {
  const mode = roundingMode(hart, r);
  if (!mayRound(hart, mode) || !mayWrite(hart)) return;
  setFd<T>(hart, r, add<T>(hart, fs1<T>(hart, r), fs2<T>(hart, r), mode));
}

/** FSUB. */
// @ts-ignore: decorator
@inline export function fsub<T>(hart: Hart, r: u64): void {
  const mode = roundingMode(hart, r);
  if (!mayRound(hart, mode) || !mayWrite(hart)) return;
  setFd<T>(hart, r, sub<T>(hart, fs1<T>(hart, r), fs2<T>(hart, r), mode));
}

/** FMUL. */
// @ts-ignore: decorator
@inline export function fmul<T>(hart: Hart, r: u64): void {
  const mode = roundingMode(hart, r);
  if (!mayRound(hart, mode) || !mayWrite(hart)) return;
  setFd<T>(hart, r, mul<T>(hart, fs1<T>(hart, r), fs2<T>(hart, r), mode));
}

/** FDIV. */
// @ts-ignore: decorator
@inline export function fdiv<T>(hart: Hart, r: u64): void {
  const mode = roundingMode(hart, r);
  if (!mayRound(hart, mode) || !mayWrite(hart)) return;
  setFd<T>(hart, r, div<T>(hart, fs1<T>(hart, r), fs2<T>(hart, r), mode));
}

/** FSQRT. */
// @ts-ignore: decorator
@inline export function fsqrt<T>(hart: Hart, r: u64): void {
  const mode = roundingMode(hart, r);
  if (!mayRound(hart, mode) || !mayWrite(hart)) return;
  setFd<T>(hart, r, sqrt<T>(hart, fs1<T>(hart, r), mode));
}

/** FMADD: rs1 * rs2 + rs3. */
// @ts-ignore: decorator
@inline export function fmadd<T>(hart: Hart, r: u64): void {
  const mode = roundingMode(hart, r);
  if (!mayRound(hart, mode) || !mayWrite(hart)) return;
  setFd<T>(hart, r, fma<T>(hart, fs1<T>(hart, r), fs2<T>(hart, r), fs3<T>(hart, r), mode));
}

/** FMSUB: rs1 * rs2 - rs3. */
// @ts-ignore: decorator
@inline export function fmsub<T>(hart: Hart, r: u64): void {
  const mode = roundingMode(hart, r);
  if (!mayRound(hart, mode) || !mayWrite(hart)) return;
  setFd<T>(hart, r, fma<T>(hart, fs1<T>(hart, r), fs2<T>(hart, r), fs3<T>(hart, r) ^ signBit<T>(), mode));
}

/** FNMSUB: -(rs1 * rs2) + rs3. */
// @ts-ignore: decorator
@inline export function fnmsub<T>(hart: Hart, r: u64): void {
  const mode = roundingMode(hart, r);
  if (!mayRound(hart, mode) || !mayWrite(hart)) return;
  setFd<T>(hart, r, fma<T>(hart, fs1<T>(hart, r) ^ signBit<T>(), fs2<T>(hart, r), fs3<T>(hart, r), mode));
}

/** FNMADD: -(rs1 * rs2) - rs3. */
// @ts-ignore: decorator
@inline export function fnmadd<T>(hart: Hart, r: u64): void {
  const mode = roundingMode(hart, r);
  if (!mayRound(hart, mode) || !mayWrite(hart)) return;
  setFd<T>(
    hart,
    r,
    fma<T>(hart, fs1<T>(hart, r) ^ signBit<T>(), fs2<T>(hart, r), fs3<T>(hart, r) ^ signBit<T>(), mode),
  );
}

/** FROUND and FROUNDNX (`flags` says which: 0 or Flag.NX). */
// @ts-ignore: decorator
@inline export function fround<T>(hart: Hart, r: u64, flags: u32): void {
  const mode = roundingMode(hart, r);
  if (!mayRound(hart, mode) || !mayWrite(hart)) return;
  setFd<T>(hart, r, toIntegral<T>(hart, fs1<T>(hart, r), mode, flags));
}
