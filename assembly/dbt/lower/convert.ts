/** Conversions, moves and FCLASS -> Wasm. */

import {
  close_if,
  is_number,
  leave_unless,
  open_if,
  operand,
  otherwise,
  set_double,
  set_single,
  unbox,
  unsettled,
} from "./float_emit";
import { Ir, Node } from "../ir/node";
import { A64, B64, FA, local_of, RANGE_D, SA, SR } from "./locals";
import { value } from "./emit";
import { push_bits } from "./single";
import { Block } from "../ir/block";
import { Dbt, writer } from "../ir/dbt";
import { Type, W } from "../wasm/opcode";
import { byte, f64c, get, i64c, open, set, tee } from "../wasm/writer";

/** `Node.c` of conversions: the integer type is signed. */
const SIGNED: u32 = 16;

const FB: u32 = FA + 1;

export function lower_conversion(t: Dbt, b: Block, n: Node, dirty: u64): void {
  switch (<i32>n.op) {
    case Ir.FLOAT_MOVE:
      move(t, n);
      return;
    case Ir.FLOAT_FROM_INT:
      from_integer(t, b, n, dirty);
      return;
    case Ir.FLOAT_TO_INT:
      to_integer(t, b, n, dirty);
      return;
    case Ir.FLOAT_CONVERT:
      if (n.size == 4) narrow(t, b, n, dirty);
      else widen(t, b, n, dirty);
      return;
    case Ir.FLOAT_CLASS:
      classify(t, b, n, dirty);
      return;
  }
}

/** FMV: raw bits. */
function move(t: Dbt, n: Node): void {
  const w = writer(t);
  if (n.dst < 32) {
    push_bits(t, n.a);
    if (n.size == 4) byte(w, W.I64_EXTEND32_S);
    set(w, local_of(n.dst));
    return;
  }
  value(t, n.a);
  if (n.size == 4) {
    byte(w, W.I32_WRAP_I64);
    byte(w, W.F32_REINTERPRET_I32);
    set_single(t, n.dst);
    return;
  }
  byte(w, W.F64_REINTERPRET_I64);
  set_double(t, n.dst);
}

/** Pushes the integer operand as an i64. */
function integer(t: Dbt, n: Node): void {
  const w = writer(t);
  value(t, n.a);
  if (n.c & 8) return;
  if (n.c & SIGNED) {
    byte(w, W.I64_EXTEND32_S);
    return;
  }
  i64c(w, 0xffffffff);
  byte(w, W.I64_AND);
}

/** FCVT from an integer: no flag but NX is possible, so only while that is clear is it looked at. */
function from_integer(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  if (n.size == 4 || n.c & 8) {
    get(w, RANGE_D);
    byte(w, W.I32_EQZ);
    open_if(t);
    otherwise(t, b, n);
    has_few_digits(t, n);
    leave_unless(t, dirty);
    close_if(t);
  }
  value(t, n.a);
  if (!(n.c & 8)) byte(w, W.I32_WRAP_I64);
  byte(w, n.w);
  if (n.size == 8) set_double(t, n.dst);
  else set_single(t, n.dst);
}

/** Pushes whether the integer operand is surely exact in the node's format. */
function has_few_digits(t: Dbt, n: Node): void {
  const w = writer(t);
  const above = n.size == 8 ? 11 : 40;
  integer(t, n);
  i64c(w, above);
  byte(w, W.I64_SHL);
  i64c(w, above);
  byte(w, n.c & SIGNED ? W.I64_SHR_S : W.I64_SHR_U);
  integer(t, n);
  byte(w, W.I64_EQ);
}

/** FCVT to an integer. Out of range and NaN leave; so does what is not whole while NX is clear. */
function to_integer(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  let a = operand(t, b, n, n.a, SA, dirty);
  if (n.size == 4) {
    get(w, a);
    byte(w, W.F64_PROMOTE_F32);
    set(w, FA);
    a = FA;
  }
  let whole = a;
  if (n.w != W.F64_TRUNC) {
    get(w, a);
    byte(w, n.w);
    set(w, FB);
    whole = FB;
  }
  otherwise(t, b, n);
  in_range(t, n, whole);
  leave_unless(t, dirty);
  get(w, RANGE_D);
  byte(w, W.I32_EQZ);
  open_if(t);
  otherwise(t, b, n);
  get(w, a);
  byte(w, n.w);
  get(w, a);
  byte(w, W.F64_EQ);
  leave_unless(t, dirty);
  close_if(t);
  if (!n.dst) return;
  get(w, whole);
  byte(w, W.I64_TRUNC_F64_S);
  if (!(n.c & 8)) byte(w, W.I64_EXTEND32_S);
  set(w, local_of(n.dst));
}

const TWO_31: u64 = 0x41e0_0000_0000_0000;
const TWO_32: u64 = 0x41f0_0000_0000_0000;
const TWO_63: u64 = 0x43e0_0000_0000_0000;
const MINUS_ONE: u64 = 0xbff0_0000_0000_0000;

/** Pushes whether the local, truncated, is of the node's integer type; for u64 only below 2^63, for signed types without their least. */
function in_range(t: Dbt, n: Node, local: u32): void {
  const w = writer(t);
  get(w, local);
  if (n.c & SIGNED) byte(w, W.F64_ABS);
  f64c(w, n.c & 8 ? TWO_63 : n.c & SIGNED ? TWO_31 : TWO_32);
  byte(w, W.F64_LT);
  if (n.c & SIGNED) return;
  get(w, local);
  f64c(w, MINUS_ONE);
  byte(w, W.F64_GT);
  byte(w, W.I32_AND);
}

/** FCVT.S.D. */
function narrow(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  value(t, n.a);
  byte(w, W.F32_DEMOTE_F64);
  set(w, SR);
  unsettled(t, 4, SR, false);
  open_if(t);
  otherwise(t, b, n);
  get(w, SR);
  byte(w, W.F64_PROMOTE_F32);
  value(t, n.a);
  byte(w, W.F64_EQ);
  leave_unless(t, dirty);
  close_if(t);
  get(w, SR);
  set_single(t, n.dst);
}

/** FCVT.D.S: exact but for NaNs. */
function widen(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  const a = unbox(t, b, n, n.a, SA, dirty);
  otherwise(t, b, n);
  is_number(t, 4, a);
  leave_unless(t, dirty);
  get(w, a);
  byte(w, W.F64_PROMOTE_F32);
  set_double(t, n.dst);
}

/** One bit of ten; as `classify` in fpu/compare.ts. */
function classify(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  const wide = n.size == 8;
  const infinity: i64 = wide ? 0x7ff0_0000_0000_0000 : 0x7f80_0000;
  const quiet: i64 = wide ? 0x0008_0000_0000_0000 : 0x0040_0000;
  const normal: i64 = wide ? 0x0010_0000_0000_0000 : 0x0080_0000;
  get(w, operand(t, b, n, n.a, SA, dirty));
  if (!wide) byte(w, W.I32_REINTERPRET_F32);
  byte(w, wide ? W.I64_REINTERPRET_F64 : W.I64_EXTEND_I32_U);
  tee(w, B64);
  i64c(w, wide ? i64.MAX_VALUE : i32.MAX_VALUE);
  byte(w, W.I64_AND);
  tee(w, A64);
  i64c(w, infinity);
  byte(w, W.I64_GT_U);
  open(w, W.IF, Type.I64);
  i64c(w, 1 << 9);
  i64c(w, 1 << 8);
  get(w, A64);
  i64c(w, quiet);
  byte(w, W.I64_AND);
  i64c(w, 0);
  byte(w, W.I64_NE);
  byte(w, W.SELECT);
  byte(w, W.ELSE);
  i64c(w, 1);
  rank(t, normal, infinity);
  place(t, wide);
  byte(w, W.I64_SHL);
  byte(w, W.END);
  set(w, local_of(n.dst));
}

/** Leaves in A64 how far its magnitude is from zero: zero, subnormal, normal, infinity. */
function rank(t: Dbt, normal: i64, infinity: i64): void {
  const w = writer(t);
  get(w, A64);
  i64c(w, 0);
  byte(w, W.I64_NE);
  get(w, A64);
  i64c(w, normal);
  byte(w, W.I64_GE_U);
  byte(w, W.I32_ADD);
  get(w, A64);
  i64c(w, infinity);
  byte(w, W.I64_EQ);
  byte(w, W.I32_ADD);
  byte(w, W.I64_EXTEND_I32_U);
  set(w, A64);
}

/** Pushes the class's bit number for rank A64 and the sign of B64. */
function place(t: Dbt, wide: bool): void {
  const w = writer(t);
  i64c(w, 3);
  get(w, A64);
  byte(w, W.I64_SUB);
  i64c(w, 4);
  get(w, A64);
  byte(w, W.I64_ADD);
  get(w, B64);
  i64c(w, wide ? 63 : 31);
  byte(w, W.I64_SHR_U);
  byte(w, W.I32_WRAP_I64);
  byte(w, W.SELECT);
}
