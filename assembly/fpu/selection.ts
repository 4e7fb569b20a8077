/** Comparisons, selections, sign injection and constants, for any format: bodies of handlers, like arithmetic.ts. */

import { Hart } from "../state/state";
import { arg, setX } from "../state/regs";
import { fs1, fs2, mayRead, mayWrite, setFd } from "./access";
import { classify, eq, le, leq, lt, ltq, max, maxm, min, minm, sgnj, sgnjn, sgnjx } from "./compare";
import { constant } from "./constants";

/** FEQ. */
// @ts-ignore: decorator
@inline export function feq<T>(hart: Hart, r: u64): void {
  if (!mayRead(hart)) return;
  setX(hart, r, eq<T>(hart, fs1<T>(hart, r), fs2<T>(hart, r)));
}

/** FLT. */
// @ts-ignore: decorator
@inline export function flt<T>(hart: Hart, r: u64): void {
  if (!mayRead(hart)) return;
  setX(hart, r, lt<T>(hart, fs1<T>(hart, r), fs2<T>(hart, r)));
}

/** FLE. */
// @ts-ignore: decorator
@inline export function fle<T>(hart: Hart, r: u64): void {
  if (!mayRead(hart)) return;
  setX(hart, r, le<T>(hart, fs1<T>(hart, r), fs2<T>(hart, r)));
}

/** FLTQ. */
// @ts-ignore: decorator
@inline export function fltq<T>(hart: Hart, r: u64): void {
  if (!mayRead(hart)) return;
  setX(hart, r, ltq<T>(hart, fs1<T>(hart, r), fs2<T>(hart, r)));
}

/** FLEQ. */
// @ts-ignore: decorator
@inline export function fleq<T>(hart: Hart, r: u64): void {
  if (!mayRead(hart)) return;
  setX(hart, r, leq<T>(hart, fs1<T>(hart, r), fs2<T>(hart, r)));
}

/** FCLASS. */
// @ts-ignore: decorator
@inline export function fclass<T>(hart: Hart, r: u64): void {
  if (!mayRead(hart)) return;
  setX(hart, r, classify<T>(fs1<T>(hart, r)));
}

/** FMIN. */
// @ts-ignore: decorator
@inline export function fmin<T>(hart: Hart, r: u64): void {
  if (!mayWrite(hart)) return;
  setFd<T>(hart, r, min<T>(hart, fs1<T>(hart, r), fs2<T>(hart, r)));
}

/** FMAX. */
// @ts-ignore: decorator
@inline export function fmax<T>(hart: Hart, r: u64): void {
  if (!mayWrite(hart)) return;
  setFd<T>(hart, r, max<T>(hart, fs1<T>(hart, r), fs2<T>(hart, r)));
}

/** FMINM. */
// @ts-ignore: decorator
@inline export function fminm<T>(hart: Hart, r: u64): void {
  if (!mayWrite(hart)) return;
  setFd<T>(hart, r, minm<T>(hart, fs1<T>(hart, r), fs2<T>(hart, r)));
}

/** FMAXM. */
// @ts-ignore: decorator
@inline export function fmaxm<T>(hart: Hart, r: u64): void {
  if (!mayWrite(hart)) return;
  setFd<T>(hart, r, maxm<T>(hart, fs1<T>(hart, r), fs2<T>(hart, r)));
}

/** FSGNJ. */
// @ts-ignore: decorator
@inline export function fsgnj<T>(hart: Hart, r: u64): void {
  if (!mayWrite(hart)) return;
  setFd<T>(hart, r, sgnj<T>(fs1<T>(hart, r), fs2<T>(hart, r)));
}

/** FSGNJN. */
// @ts-ignore: decorator
@inline export function fsgnjn<T>(hart: Hart, r: u64): void {
  if (!mayWrite(hart)) return;
  setFd<T>(hart, r, sgnjn<T>(fs1<T>(hart, r), fs2<T>(hart, r)));
}

/** FSGNJX. */
// @ts-ignore: decorator
@inline export function fsgnjx<T>(hart: Hart, r: u64): void {
  if (!mayWrite(hart)) return;
  setFd<T>(hart, r, sgnjx<T>(fs1<T>(hart, r), fs2<T>(hart, r)));
}

/** FLI. */
// @ts-ignore: decorator
@inline export function fli<T>(hart: Hart, r: u64): void {
  if (!mayWrite(hart)) return;
  setFd<T>(hart, r, constant<T>(arg(r)));
}
