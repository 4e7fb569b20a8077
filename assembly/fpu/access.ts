/**
 * What stands before and after each floating-point instruction: is the unit on, which rounding mode holds, and reading and
 * writing f registers in a format.
 *
 * mstatus.FS = Off, or a reserved rounding mode, is an illegal instruction. Every write of an f register or of fflags makes
 * FS dirty; an instruction that writes an x register and raises no flag leaves FS alone.
 */

import { Hart } from "../state/state";
import { Status } from "../shared/csr";
import { fs_dirty } from "../state/fs";
import { raise_illegal } from "../hart/illegal";
import { f1, f2, f3, rm, setF } from "../state/regs";
import { box, unbox } from "./format";
import { Rm } from "./modes";

/** The rounding mode of record `r`, resolved; above `Rm.RMM` when it is reserved. */
// @ts-ignore: decorator
@inline export function roundingMode(hart: Hart, r: u64): u32 {
  const mode = rm(r);
  return mode == Rm.DYN ? hart.frm : mode;
}

/** Marks FS dirty, or raises when the unit is off. */
function dirty_slow(hart: Hart): bool {
  if ((hart.mstatus & Status.FS) == 0) {
    raise_illegal(hart);
    return false;
  }
  hart.mstatus |= Status.FS;
  return true;
}

/** For instructions that write an f register: marks FS dirty; false after raising. */
// @ts-ignore: decorator
@inline export function mayWrite(hart: Hart): bool {
  return fs_dirty(hart) || dirty_slow(hart);
}

/** For instructions that read f registers only; false after raising. */
// @ts-ignore: decorator
@inline export function mayRead(hart: Hart): bool {
  if ((hart.mstatus & Status.FS) != 0) return true;
  raise_illegal(hart);
  return false;
}

/** False, after raising, when `mode` is reserved. */
// @ts-ignore: decorator
@inline export function mayRound(hart: Hart, mode: u32): bool {
  if (mode <= <u32>Rm.RMM) return true;
  raise_illegal(hart);
  return false;
}

/** rs1 in format `T`. */
// @ts-ignore: decorator
@inline export function fs1<T>(hart: Hart, r: u64): u64 {
  return unbox<T>(f1(hart, r));
}

/** rs2 in format `T`. */
// @ts-ignore: decorator
@inline export function fs2<T>(hart: Hart, r: u64): u64 {
  return unbox<T>(f2(hart, r));
}

/** rs3 in format `T`. */
// @ts-ignore: decorator
@inline export function fs3<T>(hart: Hart, r: u64): u64 {
  return unbox<T>(f3(hart, r));
}

/** Writes rd in format `T`, boxed. FS is already dirty. */
// @ts-ignore: decorator
@inline export function setFd<T>(hart: Hart, r: u64, bits: u64): void {
  setF(hart, r, box<T>(bits));
}

/** True when no floating-point instruction with record `r` that touches no memory can trap: a loop may run its handler in place. */
// @ts-ignore: decorator
@inline export function cannotTrap(hart: Hart, r: u64): bool {
  return fs_dirty(hart) && roundingMode(hart, r) <= <u32>Rm.RMM;
}
