/** Loads and stores -> Wasm: the window with merged checks, or the TLB on each access. */

import { HartField } from "../gen/layout";
import { Tlb } from "../shared/constants";
import { Node } from "./ir";
import { A32, A64, HART, Import, local_of, SPAN, TLB } from "./locals";
import { leave_begin, leave_if, value } from "./lower";
import { unpaid } from "./lower_node";
import { Step } from "./opt/spans";
import { Block, Dbt, Mode, writer } from "./state";
import { Type, W } from "./wasm/opcode";
import { byte, get, i32c, i64c, mem, op1, open, set, tee } from "./wasm/writer";

export function lower_load(t: Dbt, b: Block, n: Node, found: Step, state: usize, dirty: u64): void {
  const w = writer(t);
  if (t.mode & Mode.FLAT) {
    if (found == Step.CHECK) check_window(t, b, n, dirty);
    get(w, n.a ? SPAN + n.a : A32);
    load_op(t, n, window_offset(t, n));
  } else {
    paged_load(t, b, n, dirty);
  }
  if (n.dst) set(w, local_of(n.dst));
  else byte(w, W.DROP);
}

export function lower_store(t: Dbt, b: Block, n: Node, found: Step, state: usize, dirty: u64): void {
  const w = writer(t);
  if (t.mode & Mode.FLAT) {
    if (found == Step.CHECK) check_window(t, b, n, dirty);
    get(w, n.a ? SPAN + n.a : A32);
    stored(t, n);
    mem(w, n.w, window_offset(t, n));
  } else {
    paged_store(t, b, n, dirty);
  }
}

/** The load itself, its address on the stack. A single is NaN-boxed. */
function load_op(t: Dbt, n: Node, offset: u32): void {
  const w = writer(t);
  if (n.w != W.F32_LOAD) {
    mem(w, n.w, offset);
    return;
  }
  mem(w, W.I64_LOAD32_U, offset);
  i64c(w, 0xffffffff_00000000);
  byte(w, W.I64_OR);
  byte(w, W.F64_REINTERPRET_I64);
}

/** Pushes what a store stores. */
function stored(t: Dbt, n: Node): void {
  value(t, n.b);
  if (n.b >= 32 && n.b < 64 && n.w != W.F64_STORE) byte(writer(t), W.I64_REINTERPRET_F64);
}

/** Where the access lies, from its base's span local. */
// @ts-ignore: decorator
@inline function window_offset(t: Dbt, n: Node): u32 {
  return t.ramMa + <u32>(<i32>n.imm - t.spanLo);
}

/** Checks that the span lies in RAM, and sets the base's span local; otherwise the interpreter does the instruction. */
function check_window(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  leave_begin(t, b.pc + n.offset, true, unpaid(b, n));
  value(t, n.a);
  i64c(w, <i64>t.spanLo - <i64>t.ramPa);
  byte(w, W.I64_ADD);
  tee(w, A64);
  i64c(w, <i64>t.ramSize - (t.spanHi - t.spanLo));
  byte(w, W.I64_GT_U);
  leave_if(t, dirty);
  get(w, A64);
  byte(w, W.I32_WRAP_I64);
  set(w, n.a ? SPAN + n.a : A32);
}

/** Pushes whether the TLB has the page of `a + imm`, leaving the va in A64 and the entry in A32. Misaligned accesses miss. */
function tlb_hit(t: Dbt, n: Node, set_offset: u32): void {
  const w = writer(t);
  value(t, n.a);
  if (n.imm) {
    i64c(w, n.imm);
    byte(w, W.I64_ADD);
  }
  tee(w, A64);
  i64c(w, 12 - Tlb.ENTRY_SHIFT);
  byte(w, W.I64_SHR_U);
  byte(w, W.I32_WRAP_I64);
  i32c(w, Tlb.INDEX_MASK << Tlb.ENTRY_SHIFT);
  byte(w, W.I32_AND);
  get(w, TLB);
  byte(w, W.I32_ADD);
  tee(w, A32);
  mem(w, W.I64_LOAD, set_offset);
  get(w, A64);
  i64c(w, ~0xfff | (<i64>(n.size - 1)));
  byte(w, W.I64_AND);
  byte(w, W.I64_EQ);
}

/** Pushes the machine address after a hit. */
function hit_address(t: Dbt, set_offset: u32): void {
  const w = writer(t);
  get(w, A64);
  byte(w, W.I32_WRAP_I64);
  get(w, A32);
  mem(w, W.I32_LOAD, set_offset + 8);
  byte(w, W.I32_ADD);
}

function paged_load(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  tlb_hit(t, n, 0);
  open(w, W.IF, n.w == W.F64_LOAD || n.w == W.F32_LOAD ? Type.F64 : Type.I64);
  t.depth += 1;
  hit_address(t, 0);
  load_op(t, n, 0);
  byte(w, W.ELSE);
  leave_begin(t, b.pc + n.offset, true, unpaid(b, n));
  get(w, HART);
  get(w, A64);
  i32c(w, n.size);
  op1(w, W.CALL, Import.LOAD);
  leave_if(t, dirty);
  get(w, HART);
  load_op(t, n, HartField.mmioData);
  byte(w, W.END);
  t.depth -= 1;
}

function paged_store(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  tlb_hit(t, n, Tlb.STORE_DELTA);
  open(w, W.IF, Type.EMPTY);
  t.depth += 1;
  hit_address(t, Tlb.STORE_DELTA);
  stored(t, n);
  mem(w, n.w, 0);
  byte(w, W.ELSE);
  leave_begin(t, b.pc + n.offset, true, unpaid(b, n));
  get(w, HART);
  get(w, A64);
  value(t, n.b);
  if (n.b >= 32 && n.b < 64) byte(w, W.I64_REINTERPRET_F64);
  i32c(w, n.size);
  op1(w, W.CALL, Import.STORE);
  leave_if(t, dirty);
  byte(w, W.END);
  t.depth -= 1;
}
