/** What the lowering of floating point pushes: operands and results, and whether a result's flags are known. lower/float.ts says why. */

import { HartField } from "../../state/layout";
import { Flag } from "../../fpu/modes";
import { Node } from "../ir/node";
import { FA, HART, local_of, RANGE_D, RANGE_S, ST } from "./locals";
import { uncharged_before } from "./emit";
import { leave_begin, leave_if } from "./exit";
import { is_single, push_bits, push_unboxed, set_boxed, single_local } from "./single";
import { Block } from "../ir/block";
import { Dbt, FloatUse, writer } from "../ir/dbt";
import { Type, W } from "../wasm/opcode";
import { byte, f32c, f64c, get, i32c, i64c, mem, open, set, tee } from "../wasm/writer";

/** Exponents 0 and 1: results that small may have underflowed. */
const LOW_D: i32 = 2 << 21;

const LOW_S: i32 = 2 << 24;

/** From there to infinity's exponent. */
const ALL_D: i32 = (2047 - 2) << 21;

const ALL_S: i32 = (255 - 2) << 24;

/** Leaves the region unless it runs in the rounding mode it was made for. */
export function float_prologue(t: Dbt, dirty: u64): void {
  const w = writer(t);
  if (t.floatUse & FloatUse.ROUNDS) {
    leave_begin(t, t.entryPc, true, 0);
    get(w, HART);
    mem(w, W.I32_LOAD, HartField.frm);
    leave_if(t, dirty);
  }
}

/** Finds the ranges, which follow NX. */
export function float_flags(t: Dbt): void {
  if (t.floatUse & FloatUse.DOUBLE) range(t, RANGE_D, ALL_D);
  if (t.floatUse & FloatUse.SINGLE) range(t, RANGE_S, ALL_S);
}

/** Branches, because the engine would move a computation to where its result is needed, into loops. */
export function range(t: Dbt, local: u32, all: i32): void {
  const w = writer(t);
  i32c(w, 0);
  set(w, local);
  get(w, HART);
  mem(w, W.I32_LOAD, HartField.fflags);
  i32c(w, Flag.NX);
  byte(w, W.I32_AND);
  open(w, W.IF, Type.EMPTY);
  i32c(w, all);
  set(w, local);
  byte(w, W.END);
}

/** Says whether f register `v` now holds a NaN-boxed single. */
export function note_boxed(t: Dbt, v: u32, boxed: bool): void {
  const bit: u32 = 1 << (v - 32);
  if (boxed) t.boxed |= bit;
  else t.boxed &= ~bit;
}

/** Leaves at the node's instruction: pushes what `leave_unless` needs below its condition. */
export function otherwise(t: Dbt, b: Block, n: Node): void {
  leave_begin(t, b.pc + n.offset, true, uncharged_before(b, n));
}

/** Ends what `otherwise` began: leaves when the condition on the stack is false. */
export function leave_unless(t: Dbt, dirty: u64): void {
  byte(writer(t), W.I32_EQZ);
  leave_if(t, dirty);
}

/** Opens the unlikely part, entered when the condition on the stack holds. */
export function open_if(t: Dbt): void {
  open(writer(t), W.IF, Type.EMPTY);
  t.depth += 1;
}

export function close_if(t: Dbt): void {
  byte(writer(t), W.END);
  t.depth -= 1;
}

/** The local that operand `v` is in; `scratch` where a single has to be unboxed. What is not boxed is a NaN, and leaves. */
export function operand(t: Dbt, b: Block, n: Node, v: u32, scratch: u32, dirty: u64): u32 {
  return n.size == 8 ? local_of(v) : unbox(t, b, n, v, scratch, dirty);
}

/** The local that single `v` is in, unboxed into `scratch` where it is kept as a double. What is not boxed is a NaN, and leaves. */
export function unbox(t: Dbt, b: Block, n: Node, v: u32, scratch: u32, dirty: u64): u32 {
  const w = writer(t);
  if (!((t.boxed >> (v - 32)) & 1)) {
    otherwise(t, b, n);
    push_unboxed(t, v);
    leave_if(t, dirty);
    note_boxed(t, v, true);
  }
  if (is_single(t, v)) return single_local(v);
  push_bits(t, v);
  byte(w, W.I32_WRAP_I64);
  byte(w, W.F32_REINTERPRET_I32);
  set(w, scratch);
  return scratch;
}

/** Writes the f32 on the stack to f register `v`. */
export function set_single(t: Dbt, v: u32): void {
  set_boxed(t, v);
  note_boxed(t, v, true);
}

/** Writes the f64 on the stack to f register `v`. */
export function set_double(t: Dbt, v: u32): void {
  set(writer(t), local_of(v));
  note_boxed(t, v, false);
}

/** Copies the scratch `r` to the node's register. */
export function set_result(t: Dbt, n: Node, r: u32): void {
  get(writer(t), r);
  if (n.size == 8) set_double(t, n.dst);
  else set_single(t, n.dst);
}

/** The operator on the node's format, by its f64 form. */
// @ts-ignore: decorator
@inline export function sized(n: Node, w: W): u32 {
  return n.size == 8 ? w : w >= W.F64_ABS ? w - (W.F64_ABS - W.F32_ABS) : w - (W.F64_EQ - W.F32_EQ);
}

/** Pushes the exponent of local `r` above the digits that follow it, from the top of an i32; less LOW when `above` it. */
export function exponent(t: Dbt, size: u32, r: u32, above: bool): void {
  const w = writer(t);
  get(w, r);
  if (size == 8) {
    byte(w, W.I64_REINTERPRET_F64);
    i64c(w, 31);
    byte(w, W.I64_SHR_U);
    byte(w, W.I32_WRAP_I64);
  } else {
    byte(w, W.I32_REINTERPRET_F32);
    i32c(w, 1);
    byte(w, W.I32_SHL);
  }
  if (!above) return;
  i32c(w, size == 8 ? LOW_D : LOW_S);
  byte(w, W.I32_SUB);
}

/** Pushes whether `r` has no place in the range; sums may be as small as they like. */
export function unsettled(t: Dbt, size: u32, r: u32, sum: bool): void {
  exponent(t, size, r, !sum);
  get(writer(t), size == 8 ? RANGE_D : RANGE_S);
  byte(writer(t), W.I32_GE_U);
}

/** Pushes whether `r` would have its place if NX were set. */
export function is_settled(t: Dbt, size: u32, r: u32, sum: bool): void {
  exponent(t, size, r, !sum);
  i32c(writer(t), size == 8 ? ALL_D : ALL_S);
  byte(writer(t), W.I32_LT_U);
}

/** Pushes whether the local is zero. */
export function is_zero(t: Dbt, size: u32, local: u32): void {
  const w = writer(t);
  get(w, local);
  if (size == 8) f64c(w, 0);
  else f32c(w, 0);
  byte(w, size == 8 ? W.F64_EQ : W.F32_EQ);
}

/** Pushes whether the lower halves of two doubles' digits are zero: then their product is exact. */
export function are_short(t: Dbt, a: u32, b: u32): void {
  const w = writer(t);
  get(w, a);
  byte(w, W.I64_REINTERPRET_F64);
  get(w, b);
  byte(w, W.I64_REINTERPRET_F64);
  byte(w, W.I64_OR);
  i64c(w, 37);
  byte(w, W.I64_SHL);
  byte(w, W.I64_EQZ);
}

/** Pushes whether r = a + b (or a - b), exactly: what rounding left out is nothing. (Knuth) */
export function is_exact_sum(t: Dbt, size: u32, a: u32, b: u32, r: u32, add: bool): void {
  const w = writer(t);
  const minus = size == 8 ? W.F64_SUB : W.F32_SUB;
  const part = size == 8 ? FA + 1 : ST;
  get(w, a);
  get(w, r);
  get(w, r);
  get(w, a);
  byte(w, minus);
  tee(w, part);
  byte(w, minus);
  byte(w, minus);
  get(w, part);
  get(w, b);
  byte(w, add ? minus : size == 8 ? W.F64_ADD : W.F32_ADD);
  byte(w, size == 8 ? W.F64_EQ : W.F32_EQ);
  // Away from the largest numbers, where that arithmetic overflows.
  is_settled(t, size, r, true);
  byte(w, W.I32_AND);
}

/** Pushes whether the local is a number. */
export function is_number(t: Dbt, size: u32, local: u32): void {
  const w = writer(t);
  get(w, local);
  get(w, local);
  byte(w, size == 8 ? W.F64_EQ : W.F32_EQ);
}
