/**
 * Floating point -> Wasm: the host's arithmetic where it provably gives the guest's result and flags (fpu/fast.ts has the
 * reasons). A region that rounds runs only while frm is round-to-nearest.
 *
 * A result's exponent, shifted to the top of an i32, is compared with a range. While NX is clear the range is empty; what does not
 * lie in it has a second chance, to be exact or an evident zero, and else leaves the region at its instruction: the interpreter
 * does that one and sets the flags. No path calls: a call in a loop keeps the engine from holding the loop's values in registers.
 */

import {
  are_short,
  close_if,
  is_exact_sum,
  is_number,
  is_settled,
  is_zero,
  leave_unless,
  open_if,
  operand,
  otherwise,
  set_double,
  set_result,
  set_single,
  sized,
  unsettled,
} from "./float_emit";
import { Ir, Node } from "../ir/node";
import { FA, local_of, SA, SB, SR } from "./locals";
import { lower_conversion } from "./convert";
import { lower_fused } from "./fused";
import { Block } from "../ir/block";
import { Dbt, writer } from "../ir/dbt";
import { W } from "../wasm/opcode";
import { byte, get, i32c, i64c, set } from "../wasm/writer";

export function lower_float(t: Dbt, b: Block, n: Node, dirty: u64): void {
  switch (<i32>n.op) {
    case Ir.FLOAT:
      arithmetic(t, b, n, dirty);
      return;
    case Ir.FLOAT_ROOT:
      root(t, b, n, dirty);
      return;
    case Ir.FLOAT_FMA:
      lower_fused(t, b, n, dirty);
      return;
    case Ir.FLOAT_COMPARE:
      compare(t, b, n, dirty);
      return;
    case Ir.FLOAT_SELECT:
      select(t, b, n, dirty);
      return;
    case Ir.FLOAT_SIGN:
      sign(t, b, n, dirty);
      return;
  }
  lower_conversion(t, b, n, dirty);
}

/** Pushes whether a * b = product as numbers: singles by the exact product, doubles only if they are short. */
function is_product(t: Dbt, size: u32, a: u32, b: u32, product: u32): void {
  const w = writer(t);
  get(w, a);
  if (size == 4) byte(w, W.F64_PROMOTE_F32);
  get(w, b);
  if (size == 4) byte(w, W.F64_PROMOTE_F32);
  byte(w, W.F64_MUL);
  get(w, product);
  if (size == 4) byte(w, W.F64_PROMOTE_F32);
  byte(w, W.F64_EQ);
  if (size == 4) return;
  are_short(t, a, b);
  byte(w, W.I32_AND);
  is_settled(t, 8, product, false);
  byte(w, W.I32_AND);
}

/** FADD, FSUB, FMUL, FDIV. */
function arithmetic(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  const left = operand(t, b, n, n.a, SA, dirty);
  const right = operand(t, b, n, n.b, SB, dirty);
  const r = n.size == 8 ? FA : SR;
  const add = n.w == sized(n, W.F64_ADD);
  const sum = add || n.w == sized(n, W.F64_SUB);
  get(w, left);
  get(w, right);
  byte(w, n.w);
  set(w, r);
  unsettled(t, n.size, r, sum);
  open_if(t);
  otherwise(t, b, n);
  if (sum) is_exact_sum(t, n.size, left, right, r, add);
  else if (n.w == sized(n, W.F64_MUL)) is_exact_product(t, n.size, left, right, r);
  else is_exact_quotient(t, n.size, left, right, r);
  leave_unless(t, dirty);
  close_if(t);
  set_result(t, n, r);
}

/** Pushes whether r = a * b, exactly. */
function is_exact_product(t: Dbt, size: u32, a: u32, b: u32, r: u32): void {
  const w = writer(t);
  is_zero(t, size, a);
  is_zero(t, size, b);
  byte(w, W.I32_OR);
  is_zero(t, size, r);
  byte(w, W.I32_AND);
  is_product(t, size, a, b, r);
  if (size == 4) {
    is_settled(t, size, r, false);
    byte(w, W.I32_AND);
  }
  byte(w, W.I32_OR);
}

/** Pushes whether r = a / b, exactly. */
function is_exact_quotient(t: Dbt, size: u32, a: u32, b: u32, r: u32): void {
  const w = writer(t);
  is_zero(t, size, a);
  is_zero(t, size, r);
  byte(w, W.I32_AND);
  is_product(t, size, r, b, a);
  is_settled(t, size, r, false);
  byte(w, W.I32_AND);
  byte(w, W.I32_OR);
}

/** A root of anything but a negative number is zero, infinite or normal. */
function root(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  const a = operand(t, b, n, n.a, SA, dirty);
  const r = n.size == 8 ? FA : SR;
  get(w, a);
  byte(w, sized(n, W.F64_SQRT));
  set(w, r);
  unsettled(t, n.size, r, true);
  open_if(t);
  otherwise(t, b, n);
  is_zero(t, n.size, r);
  is_product(t, n.size, r, r, a);
  byte(w, W.I32_OR);
  leave_unless(t, dirty);
  close_if(t);
  set_result(t, n, r);
}

/** A comparison raises NV only for NaNs: those leave. */
function compare(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  const left = operand(t, b, n, n.a, SA, dirty);
  const right = operand(t, b, n, n.b, SB, dirty);
  otherwise(t, b, n);
  is_number(t, n.size, left);
  if (left != right) {
    is_number(t, n.size, right);
    byte(w, W.I32_AND);
  }
  leave_unless(t, dirty);
  if (!n.dst) return;
  get(w, left);
  get(w, right);
  byte(w, n.w);
  byte(w, W.I64_EXTEND_I32_U);
  set(w, local_of(n.dst));
}

/** Wasm's minimum and maximum are the guest's for numbers, zeros of both signs included. */
function select(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  const r = n.size == 8 ? FA : SR;
  const left = operand(t, b, n, n.a, SA, dirty);
  const right = operand(t, b, n, n.b, SB, dirty);
  get(w, left);
  get(w, right);
  byte(w, n.w);
  set(w, r);
  otherwise(t, b, n);
  is_number(t, n.size, r);
  leave_unless(t, dirty);
  set_result(t, n, r);
}

/** FSGNJ, FSGNJN, FSGNJX. */
function sign(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  const left = operand(t, b, n, n.a, SA, dirty);
  const right = operand(t, b, n, n.b, SB, dirty);
  get(w, left);
  if (n.a == n.b) {
    if (n.w == 1) byte(w, sized(n, W.F64_NEG));
    else if (n.w == 2) byte(w, sized(n, W.F64_ABS));
  } else if (n.w == 2) {
    xor_signs(t, n.size, right);
  } else {
    get(w, right);
    if (n.w == 1) byte(w, sized(n, W.F64_NEG));
    byte(w, sized(n, W.F64_COPYSIGN));
  }
  if (n.size == 8) set_double(t, n.dst);
  else set_single(t, n.dst);
}

/** Changes the sign of what is on the stack when the local is negative. */
function xor_signs(t: Dbt, size: u32, local: u32): void {
  const w = writer(t);
  const wide = size == 8;
  byte(w, wide ? W.I64_REINTERPRET_F64 : W.I32_REINTERPRET_F32);
  get(w, local);
  byte(w, wide ? W.I64_REINTERPRET_F64 : W.I32_REINTERPRET_F32);
  if (wide) i64c(w, i64.MIN_VALUE);
  else i32c(w, i32.MIN_VALUE);
  byte(w, wide ? W.I64_AND : W.I32_AND);
  byte(w, wide ? W.I64_XOR : W.I32_XOR);
  byte(w, wide ? W.F64_REINTERPRET_I64 : W.F32_REINTERPRET_I32);
}
