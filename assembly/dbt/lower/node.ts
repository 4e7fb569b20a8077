/** IR nodes -> Wasm instructions. */

import { note_boxed } from "./float_emit";
import { Ir, Node } from "../ir/node";
import { A64, B64, local_of, SPAN } from "./locals";
import { lower_atomic } from "./atomic";
import { callout } from "./call";
import { lower_csr } from "./csr";
import { address, low, value } from "./emit";
import { lower_float } from "./float";
import { lower_load, lower_store } from "./memory";
import { lower_system } from "./system";
import { Span, span_lo, Step } from "../analysis/spans";
import { Block } from "../ir/block";
import { Dbt, writer } from "../ir/dbt";
import { Type, W } from "../wasm/opcode";
import { byte, get, i32c, i64c, open, set } from "../wasm/writer";

/** Lowers `n` of block `b`; `found`, `state` and `span` are the memory checks' view, `dirty` what differs from the hart's memory. */
export function lower_node(t: Dbt, b: Block, n: Node, found: Step, state: usize, span: Span, dirty: u64): void {
  const w = writer(t);
  switch (<i32>n.op) {
    case Ir.CONST:
      i64c(w, n.imm);
      break;
    case Ir.ENTRY:
      address(t, t.entryPc + n.imm);
      break;
    case Ir.MOVE:
      value(t, n.a);
      break;
    case Ir.BINARY:
      value(t, n.a);
      value(t, n.b);
      byte(w, n.w);
      break;
    case Ir.BINARY_I:
      value(t, n.a);
      i64c(w, n.imm);
      byte(w, n.w);
      break;
    case Ir.WORD:
      low(t, n.a);
      low(t, n.b);
      byte(w, n.w);
      byte(w, W.I64_EXTEND_I32_S);
      break;
    case Ir.WORD_I:
      low(t, n.a);
      if (n.imm || n.w != W.I32_ADD) {
        i32c(w, <i32>n.imm);
        byte(w, n.w);
      }
      byte(w, W.I64_EXTEND_I32_S);
      break;
    case Ir.COMPARE:
      value(t, n.a);
      value(t, n.b);
      byte(w, n.w);
      byte(w, W.I64_EXTEND_I32_U);
      break;
    case Ir.COMPARE_I:
      value(t, n.a);
      i64c(w, n.imm);
      byte(w, n.w);
      byte(w, W.I64_EXTEND_I32_U);
      break;
    case Ir.UNARY:
      value(t, n.a);
      byte(w, n.w);
      break;
    case Ir.UNARY_W:
      low(t, n.a);
      byte(w, n.w);
      byte(w, W.I64_EXTEND_I32_U);
      break;
    case Ir.SELECT_ZERO:
      i64c(w, 0);
      value(t, n.a);
      value(t, n.b);
      byte(w, W.I64_EQZ);
      if (n.imm) byte(w, W.I32_EQZ);
      byte(w, W.SELECT);
      break;
    case Ir.DIVIDE:
      divide(t, n);
      break;
    case Ir.MULTIPLY_HIGH:
      multiply_high(t, n);
      break;
    case Ir.LOAD:
      lower_load(t, b, n, found, span, dirty);
      if (n.dst >= 32) note_boxed(t, n.dst, n.size == 4);
      return;
    case Ir.STORE:
      lower_store(t, b, n, found, span, dirty);
      return;
    case Ir.CALLOUT:
      callout(t, b, n, dirty);
      return;
    case Ir.SYSTEM:
      lower_system(t, b, n, dirty);
      return;
    case Ir.CSR:
      lower_csr(t, b, n, dirty);
      return;
    case Ir.ATOMIC:
    case Ir.LOAD_RESERVED:
    case Ir.STORE_CONDITIONAL:
      lower_atomic(t, b, n, dirty);
      return;
    default:
      lower_float(t, b, n, dirty);
      return;
  }
  if (n.dst) set(w, local_of(n.dst));
  else byte(w, W.DROP);
  if (found == Step.KNOWN) {
    i32c(w, <i32>(<u64>n.imm + <u64>(<i64>span_lo(state, n.dst)) - t.ramPa));
    set(w, SPAN + n.dst);
  }
  // A base's span goes along with its value.
  if (found == Step.CARRY && n.dst != n.a) {
    get(w, SPAN + n.a);
    set(w, SPAN + n.dst);
  }
}

/** Division by zero and overflow have results of their own. (Unprivileged ISA, "Division Operations") */
function divide(t: Dbt, n: Node): void {
  const w = writer(t);
  const wide = n.size == 8;
  const signed = wide ? n.w == W.I64_DIV_S || n.w == W.I64_REM_S : n.w == W.I32_DIV_S || n.w == W.I32_REM_S;
  const quotient = wide ? n.w == W.I64_DIV_S || n.w == W.I64_DIV_U : n.w == W.I32_DIV_S || n.w == W.I32_DIV_U;
  divisor(t, n.b, wide);
  byte(w, wide ? W.I64_EQZ : W.I32_EQZ);
  open(w, W.IF, Type.I64);
  if (quotient) i64c(w, -1);
  else dividend(t, n.a, wide);
  byte(w, W.ELSE);
  if (signed) {
    divisor(t, n.b, wide);
    if (wide) i64c(w, -1);
    else i32c(w, -1);
    byte(w, wide ? W.I64_EQ : W.I32_EQ);
    open(w, W.IF, Type.I64);
    if (quotient) {
      i64c(w, 0);
      value(t, n.a);
      byte(w, W.I64_SUB);
      if (!wide) byte(w, W.I64_EXTEND32_S);
    } else {
      i64c(w, 0);
    }
    byte(w, W.ELSE);
  }
  divisor(t, n.a, wide);
  divisor(t, n.b, wide);
  byte(w, n.w);
  if (!wide) byte(w, W.I64_EXTEND_I32_S);
  if (signed) byte(w, W.END);
  byte(w, W.END);
}

function divisor(t: Dbt, v: u32, wide: bool): void {
  if (wide) value(t, v);
  else low(t, v);
}

function dividend(t: Dbt, v: u32, wide: bool): void {
  value(t, v);
  if (!wide) byte(writer(t), W.I64_EXTEND32_S);
}

/** Four 32-bit products; the twin of `mul_high_unsigned` in insn/rv_m.ts. */
function multiply_high(t: Dbt, n: Node): void {
  const w = writer(t);
  // A64 = ((aLow * bLow) >> 32) + aHigh * bLow
  half(t, n.a, false);
  half(t, n.b, false);
  byte(w, W.I64_MUL);
  shift(t);
  half(t, n.a, true);
  half(t, n.b, false);
  byte(w, W.I64_MUL);
  byte(w, W.I64_ADD);
  set(w, A64);
  // B64 = (A64 & 0xffffffff) + aLow * bHigh
  get(w, A64);
  i64c(w, 0xffffffff);
  byte(w, W.I64_AND);
  half(t, n.a, false);
  half(t, n.b, true);
  byte(w, W.I64_MUL);
  byte(w, W.I64_ADD);
  set(w, B64);
  half(t, n.a, true);
  half(t, n.b, true);
  byte(w, W.I64_MUL);
  get(w, A64);
  shift(t);
  byte(w, W.I64_ADD);
  get(w, B64);
  shift(t);
  byte(w, W.I64_ADD);
  if (n.size >= 1) minus_if_negative(t, n.a, n.b);
  if (n.size == 2) minus_if_negative(t, n.b, n.a);
}

function half(t: Dbt, v: u32, high: bool): void {
  const w = writer(t);
  value(t, v);
  if (high) {
    shift(t);
    return;
  }
  i64c(w, 0xffffffff);
  byte(w, W.I64_AND);
}

function shift(t: Dbt): void {
  i64c(writer(t), 32);
  byte(writer(t), W.I64_SHR_U);
}

/** Subtracts `other` from what is on the stack when `v` is negative. */
function minus_if_negative(t: Dbt, v: u32, other: u32): void {
  const w = writer(t);
  value(t, v);
  i64c(w, 63);
  byte(w, W.I64_SHR_S);
  value(t, other);
  byte(w, W.I64_AND);
  byte(w, W.I64_SUB);
}
