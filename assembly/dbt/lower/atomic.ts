/** AMOs, LR and SC on RAM -> Wasm; anything else (misaligned, TLB miss, device) is the core's to execute. */

import { HartField } from "../../state/layout";
import { Tlb } from "../../shared/constants";
import { Ir, Node } from "../ir/node";
import { SWAP } from "../front/riscv/rv_a";
import { A32, A64, B64, HART, local_of } from "./locals";
import { callout } from "./call";
import { uncharged_before, value } from "./emit";
import { leave } from "./exit";
import { hit_address, page_hit } from "./memory";
import { Block } from "../ir/block";
import { Dbt, writer } from "../ir/dbt";
import { Mode } from "../../shared/ir";
import { Type, W } from "../wasm/opcode";
import { byte, get, i32c, i64c, mem, open, set, tee } from "../wasm/writer";

export function lower_atomic(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  const set_offset: u32 = n.op == Ir.LOAD_RESERVED ? 0 : Tlb.STORE_DELTA;
  if (t.mode & Mode.FLAT) in_window(t, n);
  else page_hit(t, n, 0, set_offset);
  open(w, W.IF, Type.EMPTY);
  t.depth += 1;
  if (!(t.mode & Mode.FLAT)) {
    if (n.op != Ir.ATOMIC) page_pa(t, set_offset);
    hit_address(t, set_offset);
    set(w, A32);
  }
  get(w, A32);
  mem(w, n.size == 4 ? W.I64_LOAD32_S : W.I64_LOAD, ram_offset(t));
  set(w, A64);
  if (n.op == Ir.ATOMIC) exchange(t, n);
  else if (n.op == Ir.LOAD_RESERVED) reserve(t);
  else store_conditional(t, n);
  if (n.dst) {
    get(w, A64);
    set(w, local_of(n.dst));
  }
  byte(w, W.ELSE);
  // In the window it traps or is a device's: rare, and without a call the loop's values can stay in machine registers.
  if (t.mode & Mode.FLAT) leave(t, b.pc + n.offset, true, uncharged_before(b, n), dirty);
  else callout(t, b, n, dirty);
  byte(w, W.END);
  t.depth -= 1;
}

/** What is added to A32 to get the machine address: in the window A32 counts from RAM's start. */
// @ts-ignore: decorator
@inline function ram_offset(t: Dbt): u32 {
  return t.mode & Mode.FLAT ? t.ramMa : 0;
}

/** Pushes whether the address is an aligned one in RAM, leaving its distance from RAM's start in A32. */
function in_window(t: Dbt, n: Node): void {
  const w = writer(t);
  value(t, n.a);
  i64c(w, <i64>t.ramPa);
  byte(w, W.I64_SUB);
  tee(w, A64);
  byte(w, W.I32_WRAP_I64);
  tee(w, A32);
  i32c(w, n.size - 1);
  byte(w, W.I32_AND);
  byte(w, W.I32_EQZ);
  get(w, A64);
  i64c(w, <i64>t.ramSize);
  byte(w, W.I64_LT_U);
  byte(w, W.I32_AND);
}

/** Stores what an AMO makes of the old value in A64. */
function exchange(t: Dbt, n: Node): void {
  const w = writer(t);
  get(w, A32);
  if (n.w == SWAP) {
    value(t, n.b);
  } else if (<i32>n.w >= W.I64_LT_S && <i32>n.w <= W.I64_GE_U) {
    operand(t, n);
    set(w, B64);
    get(w, A64);
    get(w, B64);
    get(w, A64);
    get(w, B64);
    byte(w, n.w);
    byte(w, W.SELECT);
  } else {
    get(w, A64);
    value(t, n.b);
    byte(w, n.w);
  }
  store_op(t, n);
}

/** Pushes rs2 as the old value was loaded: a word sign-extended, which keeps unsigned order too. */
function operand(t: Dbt, n: Node): void {
  value(t, n.b);
  if (n.size == 4) byte(writer(t), W.I64_EXTEND32_S);
}

function store_op(t: Dbt, n: Node): void {
  mem(writer(t), n.size == 4 ? W.I64_STORE32 : W.I64_STORE, ram_offset(t));
}

/** Keeps in B64 the physical address of the va in A64, whose TLB entry is in A32. */
function page_pa(t: Dbt, set_offset: u32): void {
  const w = writer(t);
  get(w, A32);
  mem(w, W.I64_LOAD32_U, set_offset + 12);
  i64c(w, 12);
  byte(w, W.I64_SHL);
  get(w, A64);
  i64c(w, 0xfff);
  byte(w, W.I64_AND);
  byte(w, W.I64_ADD);
  i64c(w, <i64>t.ramPa);
  byte(w, W.I64_ADD);
  set(w, B64);
}

/** Pushes the physical address of LR and SC. */
function physical(t: Dbt): void {
  const w = writer(t);
  if (!(t.mode & Mode.FLAT)) {
    get(w, B64);
    return;
  }
  get(w, A32);
  byte(w, W.I64_EXTEND_I32_U);
  i64c(w, <i64>t.ramPa);
  byte(w, W.I64_ADD);
}

function reserve(t: Dbt): void {
  const w = writer(t);
  get(w, HART);
  physical(t);
  mem(w, W.I64_STORE, HartField.reservationPa);
  get(w, HART);
  get(w, A64);
  mem(w, W.I64_STORE, HartField.reservationValue);
}

/** The reservation ends whether or not it held; the answer goes to A64. */
function store_conditional(t: Dbt, n: Node): void {
  const w = writer(t);
  get(w, HART);
  mem(w, W.I64_LOAD, HartField.reservationPa);
  physical(t);
  byte(w, W.I64_EQ);
  get(w, HART);
  mem(w, W.I64_LOAD, HartField.reservationValue);
  get(w, A64);
  byte(w, W.I64_EQ);
  byte(w, W.I32_AND);
  open(w, W.IF, Type.I64);
  get(w, A32);
  value(t, n.b);
  store_op(t, n);
  i64c(w, 0);
  byte(w, W.ELSE);
  i64c(w, 1);
  byte(w, W.END);
  set(w, A64);
  get(w, HART);
  i64c(w, -1);
  mem(w, W.I64_STORE, HartField.reservationPa);
}
