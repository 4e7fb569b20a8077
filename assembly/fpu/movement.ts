/** Conversions, moves, loads and stores, for any format: bodies of handlers, like arithmetic.ts. */

import { Hart } from "../state/state";
import { load16, load32, load64, store16, store32, store64 } from "../mem/vmem";
import { trapped } from "../state/raise";
import { f1, f2, imm, setX, x1 } from "../state/regs";
import { fs1, mayRead, mayRound, mayWrite, roundingMode, setFd } from "./access";
import { convert } from "./convert";
import { narrow, widen } from "./fast";
import { fromInteger, toInteger } from "./fast_int";
import { width } from "./format";

/** FCVT from format `T` to the integer type `I`. */
// @ts-ignore: decorator
@inline export function fcvtToInteger<T, I>(hart: Hart, r: u64): void {
  const mode = roundingMode(hart, r);
  if (!mayRound(hart, mode) || !mayRead(hart)) return;
  setX(hart, r, toInteger<T, I>(hart, fs1<T>(hart, r), mode));
}

/** FCVT from the integer type `I` to format `T`. */
// @ts-ignore: decorator
@inline export function fcvtFromInteger<I, T>(hart: Hart, r: u64): void {
  const mode = roundingMode(hart, r);
  if (!mayRound(hart, mode) || !mayWrite(hart)) return;
  setFd<T>(hart, r, fromInteger<I, T>(hart, x1(hart, r), mode));
}

/** FCVT between formats. */
// @ts-ignore: decorator
@inline export function fcvt<From, To>(hart: Hart, r: u64): void {
  const mode = roundingMode(hart, r);
  if (!mayRound(hart, mode) || !mayWrite(hart)) return;
  const a = fs1<From>(hart, r);
  if (sizeof<From>() == 8 && sizeof<To>() == 4) setFd<To>(hart, r, narrow(hart, a, mode));
  else if (sizeof<From>() == 4 && sizeof<To>() == 8) setFd<To>(hart, r, widen(hart, a, mode));
  else setFd<To>(hart, r, convert<From, To>(hart, a, mode));
}

/** FMV to an x register: raw bits, sign-extended. */
// @ts-ignore: decorator
@inline export function fmvToX<T>(hart: Hart, r: u64): void {
  if (!mayRead(hart)) return;
  setX(hart, r, <u64>(<i64>(f1(hart, r) << (64 - width<T>())) >> (64 - width<T>())));
}

/** FMV from an x register: its low bits, boxed. */
// @ts-ignore: decorator
@inline export function fmvFromX<T>(hart: Hart, r: u64): void {
  if (!mayWrite(hart)) return;
  setFd<T>(hart, r, x1(hart, r));
}

/** FLH, FLW, FLD. */
// @ts-ignore: decorator
@inline export function fload<T>(hart: Hart, r: u64): void {
  if (!mayRead(hart)) return;
  const va = x1(hart, r) + <u64>imm(r);
  const bits = sizeof<T>() == 2 ? load16(hart, va) : sizeof<T>() == 4 ? load32(hart, va) : load64(hart, va);
  if (trapped(hart) || !mayWrite(hart)) return;
  setFd<T>(hart, r, bits);
}

/** FSH, FSW, FSD: raw bits, whatever they are boxed in. */
// @ts-ignore: decorator
@inline export function fstore<T>(hart: Hart, r: u64): void {
  if (!mayRead(hart)) return;
  const va = x1(hart, r) + <u64>imm(r);
  if (sizeof<T>() == 2) store16(hart, va, f2(hart, r));
  else if (sizeof<T>() == 4) store32(hart, va, f2(hart, r));
  else store64(hart, va, f2(hart, r));
}
