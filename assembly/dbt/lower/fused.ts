/**
 * Fused multiply-add -> Wasm. Its relaxed one serves where the engine is known to fuse; elsewhere rounded operations show how the exact
 * value rounds. (fpu/fast_fma.ts)
 */

import {
  close_if,
  exponent,
  is_exact_sum,
  is_settled,
  is_zero,
  leave_unless,
  open_if,
  otherwise,
  set_result,
  sized,
  unbox,
  unsettled,
} from "./float_emit";
import { Translate } from "../../shared/constants";
import { Node } from "../ir/node";
import { FA, local_of, RANGE_D, RANGE_S, SA, SB, SC, SR } from "./locals";
import { Block } from "../ir/block";
import { Dbt, writer } from "../ir/dbt";
import { Simd, W } from "../wasm/opcode";
import { byte, f64c, first_lane, get, i32c, i64c, set, simd, tee } from "../wasm/writer";

/** Scratch: a, with the product's sign; c, with its own; their rounded product and sum. */
const LEFT: u32 = FA + 2;
const ADDEND: u32 = FA + 3;
const PRODUCT: u32 = FA + 4;
const HEAD: u32 = FA + 5;
/** What rounding the product and the sum left out, and both together. */
const PRODUCT_ERROR: u32 = FA + 6;
const SUM_ERROR: u32 = FA + 7;
const TAIL: u32 = FA + 8;
/** Halves of the factors, of 26 digits each. */
const HIGH_A: u32 = FA + 9;
const HIGH_B: u32 = FA + 10;
const LOW: u32 = FA + 11;
/** A place in the node's signs that has none. */
const UNSIGNED: u32 = 2;

export function lower_fused(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const isRelaxed = (t.switches & Translate.RELAXED_MADD) != 0;
  if (n.size == 4) {
    if (isRelaxed) relaxed_single(t, b, n, dirty);
    else fused_single(t, b, n, dirty);
  } else if (isRelaxed) relaxed_double(t, b, n, dirty);
  else fused_double(t, b, n, dirty);
}

/** The engine's own; what it left out is only looked at where a flag may change. */
function relaxed_double(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  const right = local_of(n.b);
  signed(t, n, local_of(n.a), 0);
  tee(w, LEFT);
  simd(w, Simd.F64X2_SPLAT);
  get(w, right);
  simd(w, Simd.F64X2_SPLAT);
  signed(t, n, local_of(n.c), 1);
  tee(w, ADDEND);
  simd(w, Simd.F64X2_SPLAT);
  simd(w, Simd.F64X2_RELAXED_MADD);
  first_lane(w, Simd.F64X2_EXTRACT_LANE);
  set(w, FA);
  unsettled(t, 8, FA, false);
  open_if(t);
  otherwise(t, b, n);
  product_sum(t, right);
  set(w, HEAD);
  errors(t, right);
  is_exact_double(t, right);
  leave_unless(t, dirty);
  close_if(t);
  set_result(t, n, FA);
}

function relaxed_single(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  const left = unbox(t, b, n, n.a, SA, dirty);
  const right = unbox(t, b, n, n.b, SB, dirty);
  const addend = unbox(t, b, n, n.c, SC, dirty);
  single_lanes(t, n, left, 0);
  single_lanes(t, n, right, UNSIGNED);
  single_lanes(t, n, addend, 1);
  simd(w, Simd.F32X4_RELAXED_MADD);
  first_lane(w, Simd.F32X4_EXTRACT_LANE);
  set(w, SR);
  unsettled(t, 4, SR, false);
  open_if(t);
  otherwise(t, b, n);
  widened(t, n, left, LEFT, 0);
  widened(t, n, right, FA, UNSIGNED);
  widened(t, n, addend, ADDEND, 1);
  product_sum(t, FA);
  set(w, HEAD);
  is_exact_single(t);
  leave_unless(t, dirty);
  close_if(t);
  set_result(t, n, SR);
}

/** Pushes a vector of a single, negated by bit `place` of the node's signs. */
function single_lanes(t: Dbt, n: Node, local: u32, place: u32): void {
  signed(t, n, local, place);
  simd(writer(t), Simd.F32X4_SPLAT);
}

/** Pushes a local of the node's format, negated by bit `place` of the node's signs. */
function signed(t: Dbt, n: Node, local: u32, place: u32): void {
  get(writer(t), local);
  if ((<u32>n.w >> place) & 1) byte(writer(t), sized(n, W.F64_NEG));
}

/** The product of singles is exact in f64; rounding the sum twice differs from once only if it first becomes a middle. */
function fused_single(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  widened(t, n, unbox(t, b, n, n.a, SA, dirty), LEFT, 0);
  widened(t, n, unbox(t, b, n, n.b, SB, dirty), FA, UNSIGNED);
  widened(t, n, unbox(t, b, n, n.c, SC, dirty), ADDEND, 1);
  product_sum(t, FA);
  tee(w, HEAD);
  byte(w, W.F32_DEMOTE_F64);
  set(w, SR);
  unsettled(t, 4, SR, false);
  get(w, HEAD);
  byte(w, W.I64_REINTERPRET_F64);
  i64c(w, 0x1fffffff);
  byte(w, W.I64_AND);
  i64c(w, 0x10000000);
  byte(w, W.I64_EQ);
  byte(w, W.I32_OR);
  open_if(t);
  otherwise(t, b, n);
  is_exact_single(t);
  leave_unless(t, dirty);
  close_if(t);
  set_result(t, n, SR);
}

/** Pushes LEFT * `right` + ADDEND, each rounded, and leaves the product in PRODUCT. */
function product_sum(t: Dbt, right: u32): void {
  const w = writer(t);
  get(w, LEFT);
  get(w, right);
  byte(w, W.F64_MUL);
  tee(w, PRODUCT);
  get(w, ADDEND);
  byte(w, W.F64_ADD);
}

/** Puts a single into an f64 local, negated by bit `place` of the node's signs. */
function widened(t: Dbt, n: Node, single: u32, to: u32, place: u32): void {
  const w = writer(t);
  get(w, single);
  byte(w, W.F64_PROMOTE_F32);
  if ((<u32>n.w >> place) & 1) byte(w, W.F64_NEG);
  set(w, to);
}

/** Pushes whether SR is the sum rounded once and no flag changes: an exact zero, or an exact HEAD that rounds as NX allows. */
function is_exact_single(t: Dbt): void {
  const w = writer(t);
  get(w, RANGE_S);
  get(w, SR);
  byte(w, W.F64_PROMOTE_F32);
  get(w, HEAD);
  byte(w, W.F64_EQ);
  byte(w, W.I32_OR);
  i32c(w, 0);
  byte(w, W.I32_NE);
  is_settled(t, 4, SR, false);
  byte(w, W.I32_AND);
  is_exact_sum(t, 8, PRODUCT, ADDEND, HEAD, true);
  byte(w, W.I32_AND);
  is_zero(t, 8, HEAD);
  byte(w, W.I32_OR);
}

/** Below this exponent a product's rounding error may be too small to be represented. */
const LEAST: i32 = 123 << 21;
/** More than the relative error of one rounding, twice: 2^-51. */
const DOUBT: u64 = 0x3cc0_0000_0000_0000;
/** 2^27 + 1. (Veltkamp) */
const SPLITTER: u64 = 0x41a0_0000_0200_0000;

/**
 * a * b + c = HEAD + TAIL, where only TAIL is rounded. When HEAD plus TAIL a little smaller and a little larger round to the same
 * number, so does the exact sum between them (Ziv's test).
 */
function fused_double(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  const right = local_of(n.b);
  signed(t, n, local_of(n.a), 0);
  tee(w, LEFT);
  get(w, right);
  byte(w, W.F64_MUL);
  tee(w, PRODUCT);
  signed(t, n, local_of(n.c), 1);
  tee(w, ADDEND);
  byte(w, W.F64_ADD);
  set(w, HEAD);
  errors(t, right);
  bounds(t);
  byte(w, W.F64_NE);
  unsettled(t, 8, FA, false);
  byte(w, W.I32_OR);
  exponent(t, 8, PRODUCT, false);
  i32c(w, LEAST);
  byte(w, W.I32_LT_U);
  byte(w, W.I32_OR);
  open_if(t);
  otherwise(t, b, n);
  is_exact_double(t, right);
  leave_unless(t, dirty);
  close_if(t);
  set_result(t, n, FA);
}

/** Puts a half of the local's digits into `high`. */
function split(t: Dbt, local: u32, high: u32): void {
  const w = writer(t);
  get(w, local);
  f64c(w, SPLITTER);
  byte(w, W.F64_MUL);
  tee(w, high);
  get(w, high);
  get(w, local);
  byte(w, W.F64_SUB);
  byte(w, W.F64_SUB);
  set(w, high);
}

/** Pushes the local's digits below `high`. */
function rest(t: Dbt, local: u32, high: u32): void {
  const w = writer(t);
  get(w, local);
  get(w, high);
  byte(w, W.F64_SUB);
}

/** PRODUCT_ERROR (Dekker), SUM_ERROR (Knuth) and TAIL. */
function errors(t: Dbt, right: u32): void {
  const w = writer(t);
  split(t, LEFT, HIGH_A);
  split(t, right, HIGH_B);
  get(w, HIGH_A);
  get(w, HIGH_B);
  byte(w, W.F64_MUL);
  get(w, PRODUCT);
  byte(w, W.F64_SUB);
  get(w, HIGH_A);
  rest(t, right, HIGH_B);
  tee(w, LOW);
  byte(w, W.F64_MUL);
  byte(w, W.F64_ADD);
  rest(t, LEFT, HIGH_A);
  tee(w, HIGH_A);
  get(w, HIGH_B);
  byte(w, W.F64_MUL);
  byte(w, W.F64_ADD);
  get(w, HIGH_A);
  get(w, LOW);
  byte(w, W.F64_MUL);
  byte(w, W.F64_ADD);
  tee(w, PRODUCT_ERROR);
  get(w, PRODUCT);
  get(w, HEAD);
  get(w, HEAD);
  get(w, PRODUCT);
  byte(w, W.F64_SUB);
  tee(w, LOW);
  byte(w, W.F64_SUB);
  byte(w, W.F64_SUB);
  get(w, ADDEND);
  get(w, LOW);
  byte(w, W.F64_SUB);
  byte(w, W.F64_ADD);
  tee(w, SUM_ERROR);
  byte(w, W.F64_ADD);
  set(w, TAIL);
}

/** Pushes the sum by TAIL a little smaller, which is also left in FA, and a little larger. */
function bounds(t: Dbt): void {
  const w = writer(t);
  get(w, HEAD);
  get(w, TAIL);
  get(w, TAIL);
  f64c(w, DOUBT);
  byte(w, W.F64_MUL);
  tee(w, LOW);
  byte(w, W.F64_SUB);
  byte(w, W.F64_ADD);
  tee(w, FA);
  get(w, HEAD);
  get(w, TAIL);
  get(w, LOW);
  byte(w, W.F64_ADD);
  byte(w, W.F64_ADD);
}

/** Pushes whether FA, made anew, is the sum rounded once and no flag changes. TAIL is exact when one of its parts is zero. */
function is_exact_double(t: Dbt, right: u32): void {
  const w = writer(t);
  // FA = TAIL == 0 ? HEAD : HEAD + TAIL, so that a zero keeps its sign.
  get(w, HEAD);
  get(w, HEAD);
  get(w, TAIL);
  byte(w, W.F64_ADD);
  is_zero(t, 8, TAIL);
  byte(w, W.SELECT);
  set(w, FA);
  is_zero(t, 8, PRODUCT_ERROR);
  is_zero(t, 8, SUM_ERROR);
  byte(w, W.I32_OR);
  exponent(t, 8, PRODUCT, false);
  i32c(w, LEAST);
  byte(w, W.I32_GE_U);
  is_zero(t, 8, LEFT);
  byte(w, W.I32_OR);
  is_zero(t, 8, right);
  byte(w, W.I32_OR);
  byte(w, W.I32_AND);
  is_settled(t, 8, FA, false);
  is_zero(t, 8, HEAD);
  is_zero(t, 8, TAIL);
  byte(w, W.I32_AND);
  byte(w, W.I32_OR);
  byte(w, W.I32_AND);
  get(w, RANGE_D);
  is_zero(t, 8, TAIL);
  byte(w, W.I32_OR);
  i32c(w, 0);
  byte(w, W.I32_NE);
  byte(w, W.I32_AND);
}
