/** What F and D have in common when they are lifted. `size` is 4 for singles, 8 for doubles. */

import { imm } from "../../../state/regs";
import { Rm } from "../../../fpu/modes";
import { record_rd, record_rs1, record_rs2 } from "../../region/form";
import { Ir, emit } from "../../ir/node";
import { Dbt, Float, FloatUse } from "../../ir/dbt";
import { W } from "../../wasm/opcode";

/** The value of the f register rd names. */
// @ts-ignore: decorator
@inline export function fd(r: u64): u32 {
  return 32 + ((<u32>r >> 11) & 31);
}

// @ts-ignore: decorator
@inline function fs1(r: u64): u32 {
  return 32 + record_rs1(r);
}

// @ts-ignore: decorator
@inline function fs2(r: u64): u32 {
  return 32 + record_rs2(r);
}

/** True when the instruction rounds to nearest in this region, which then runs only while frm says so. */
export function is_nearest(t: Dbt, r: u64): bool {
  const rm = <u32>(r >> 48) & 7;
  if (!(t.float & Float.NEAREST) || (rm != Rm.RNE && rm != Rm.DYN)) return false;
  t.floatUse |= FloatUse.ROUNDS;
  return true;
}

/** Notes that code looks at NX in a format. */
function looks_at_flags(t: Dbt, size: u32): void {
  t.floatUse |= size == 4 ? FloatUse.SINGLE : FloatUse.DOUBLE;
}

/** FADD, FSUB, FMUL, FDIV: `w` is Wasm's operator. */
export function arithmetic(t: Dbt, r: u64, w: W, size: u32): bool {
  if (!is_nearest(t, r)) return false;
  looks_at_flags(t, size);
  emit(t, Ir.FLOAT, w, fd(r), fs1(r), fs2(r), <i64>r).size = <u8>size;
  return true;
}

export function root(t: Dbt, r: u64, size: u32): bool {
  if (!is_nearest(t, r)) return false;
  looks_at_flags(t, size);
  emit(t, Ir.FLOAT_ROOT, 0, fd(r), fs1(r), 0, <i64>r).size = <u8>size;
  return true;
}

/** FMADD and its kin: bit 0 of `signs` negates the product, bit 1 the addend. */
export function fused(t: Dbt, r: u64, signs: u32, size: u32): bool {
  if (!is_nearest(t, r)) return false;
  looks_at_flags(t, size);
  const n = emit(t, Ir.FLOAT_FMA, signs, fd(r), fs1(r), fs2(r), <i64>r);
  n.size = <u8>size;
  n.c = <u8>(32 + <u32>(r >> 59));
  return true;
}

/** FEQ, FLT, FLE. */
export function compare(t: Dbt, r: u64, w: W, size: u32): bool {
  if (!(t.float & Float.INLINE)) return false;
  emit(t, Ir.FLOAT_COMPARE, w, record_rd(r), fs1(r), fs2(r), <i64>r).size = <u8>size;
  return true;
}

/** FMIN, FMAX. */
export function select(t: Dbt, r: u64, w: W, size: u32): bool {
  if (!(t.float & Float.INLINE)) return false;
  emit(t, Ir.FLOAT_SELECT, w, fd(r), fs1(r), fs2(r), <i64>r).size = <u8>size;
  return true;
}

export function classify(t: Dbt, r: u64, size: u32): bool {
  if (!(t.float & Float.INLINE)) return false;
  if (record_rd(r)) emit(t, Ir.FLOAT_CLASS, 0, record_rd(r), fs1(r), 0, <i64>r).size = <u8>size;
  return true;
}

/** FSGNJ (0), FSGNJN (1), FSGNJX (2). */
export function sign(t: Dbt, r: u64, w: u32, size: u32): bool {
  emit(t, Ir.FLOAT_SIGN, w, fd(r), fs1(r), fs2(r), 0).size = <u8>size;
  return true;
}

/** FCVT to an integer type of 4 or 8 bytes. */
export function to_integer(t: Dbt, r: u64, size: u32, bytes: u32, signed: bool): bool {
  const rm = <u32>(r >> 48) & 7;
  if (!(t.float & Float.INLINE)) return false;
  let w: W = W.F64_TRUNC;
  if (rm == Rm.RDN) w = W.F64_FLOOR;
  else if (rm == Rm.RUP) w = W.F64_CEIL;
  else if (rm != Rm.RTZ) {
    if (!is_nearest(t, r)) return false;
    w = W.F64_NEAREST;
  }
  t.floatUse |= FloatUse.DOUBLE;
  const n = emit(t, Ir.FLOAT_TO_INT, w, record_rd(r), fs1(r), 0, <i64>r);
  n.size = <u8>size;
  n.c = <u8>(signed ? bytes | 16 : bytes);
  return true;
}

/** FCVT from an integer type of 4 or 8 bytes; `w` is Wasm's operator, for a word on its low half. */
export function from_integer(t: Dbt, r: u64, w: W, size: u32, bytes: u32, signed: bool): bool {
  if (!is_nearest(t, r)) return false;
  if (size == 4 || bytes == 8) t.floatUse |= FloatUse.DOUBLE;
  const n = emit(t, Ir.FLOAT_FROM_INT, w, fd(r), record_rs1(r), 0, <i64>r);
  n.size = <u8>size;
  n.c = <u8>(signed ? bytes | 16 : bytes);
  return true;
}

/** FCVT.S.D and FCVT.D.S: to the format of `size` bytes. */
export function between(t: Dbt, r: u64, size: u32): bool {
  if (!is_nearest(t, r)) return false;
  looks_at_flags(t, size);
  emit(t, Ir.FLOAT_CONVERT, 0, fd(r), fs1(r), 0, <i64>r).size = <u8>size;
  return true;
}

/** FMV to an x register. */
export function move_to_x(t: Dbt, r: u64, size: u32): bool {
  if (record_rd(r)) emit(t, Ir.FLOAT_MOVE, 0, record_rd(r), fs1(r), 0, 0).size = <u8>size;
  return true;
}

/** FMV from an x register. */
export function move_from_x(t: Dbt, r: u64, size: u32): bool {
  emit(t, Ir.FLOAT_MOVE, 0, fd(r), record_rs1(r), 0, 0).size = <u8>size;
  return true;
}

/** FLW, FLD. */
export function float_load(t: Dbt, r: u64, w: W, size: u32): bool {
  emit(t, Ir.LOAD, w, fd(r), record_rs1(r), 0, imm(r)).size = <u8>size;
  return true;
}

/** FSW, FSD. */
export function float_store(t: Dbt, r: u64, w: W, size: u32): bool {
  emit(t, Ir.STORE, w, 0, record_rs1(r), fs2(r), imm(r)).size = <u8>size;
  return true;
}
