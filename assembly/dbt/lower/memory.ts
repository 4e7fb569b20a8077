/** Loads and stores -> Wasm: the window with merged checks, or the TLB on each access. */

import { HartField } from "../../state/layout";
import { Tlb, Translate } from "../../shared/constants";
import { Node } from "../ir/node";
import { stays_in_page } from "../profile/locality";
import { A32, A64, HART, Import, local_of, PAGE_FUNCTION, SPAN, TLB } from "./locals";
import { import_call, uncharged_before, value } from "./emit";
import { leave_begin, leave_if } from "./exit";
import { likely } from "./hint";
import { is_single, push_bits, set_bits, set_boxed, single_local } from "./single";
import { Span, Step } from "../analysis/spans";
import { Block } from "../ir/block";
import { Dbt, may, writer } from "../ir/dbt";
import { Mode } from "../../shared/ir";
import { Type, W } from "../wasm/opcode";
import { entry_distance } from "./page";
import { byte, get, i32c, i64c, mem, open, set, tee } from "../wasm/writer";

export function lower_load(t: Dbt, b: Block, n: Node, found: Step, span: Span, dirty: u64): void {
  const w = writer(t);
  if (found == Step.ALONE) {
    lone_load(t, b, n, dirty);
  } else {
    if (found == Step.CHECK) check(t, b, n, span, dirty);
    get(w, n.a ? SPAN + n.a : A32);
    load_op(t, n, span_offset(t, n, span));
  }
  if (is_single(t, n.dst)) {
    if (n.size == 4) set_boxed(t, n.dst);
    else set_bits(t, n.dst);
  } else if (n.dst) set(w, local_of(n.dst));
  else byte(w, W.DROP);
}

export function lower_store(t: Dbt, b: Block, n: Node, found: Step, span: Span, dirty: u64): void {
  const w = writer(t);
  if (found == Step.ALONE) {
    lone_store(t, b, n, dirty);
  } else {
    if (found == Step.CHECK) check(t, b, n, span, dirty);
    get(w, n.a ? SPAN + n.a : A32);
    stored(t, n);
    mem(w, store_op(t, n), span_offset(t, n, span));
  }
}

function check(t: Dbt, b: Block, n: Node, span: Span, dirty: u64): void {
  if (t.mode & Mode.FLAT) check_window(t, b, n, span, dirty);
  else check_pages(t, b, n, span, dirty);
}

/** The load itself, its address on the stack. A single is NaN-boxed. */
function load_op(t: Dbt, n: Node, offset: u32): void {
  const w = writer(t);
  if (is_single(t, n.dst)) {
    mem(w, n.size == 4 ? W.F32_LOAD : W.I64_LOAD, offset);
    return;
  }
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
  if (is_single(t, n.b) && n.size == 4) get(writer(t), single_local(n.b));
  else if (n.b >= 32 && n.b < 64 && (n.w != W.F64_STORE || is_single(t, n.b))) push_bits(t, n.b);
  else value(t, n.b);
}

/** The operator that stores it. */
function store_op(t: Dbt, n: Node): W {
  if (!is_single(t, n.b)) return n.w;
  return n.size == 4 ? W.F32_STORE : W.I64_STORE;
}

/** The type of what a load leaves on the stack. */
function loaded_type(t: Dbt, n: Node): Type {
  if (is_single(t, n.dst)) return n.size == 4 ? Type.F32 : Type.I64;
  return n.w == W.F64_LOAD || n.w == W.F32_LOAD ? Type.F64 : Type.I64;
}

/** Where the access lies, from its base's span local. */
// @ts-ignore: decorator
@inline function span_offset(t: Dbt, n: Node, span: Span): u32 {
  const offset = <u32>(<i32>n.imm - span.lo);
  return t.mode & Mode.FLAT ? t.ramMa + offset : offset;
}

/** Checks that the span lies in RAM, and sets the base's span local; otherwise the interpreter does the instruction. */
function check_window(t: Dbt, b: Block, n: Node, span: Span, dirty: u64): void {
  const w = writer(t);
  leave_begin(t, b.pc + n.offset, true, uncharged_before(b, n));
  value(t, n.a);
  i64c(w, <i64>span.lo - <i64>t.ramPa);
  byte(w, W.I64_ADD);
  tee(w, A64);
  i64c(w, <i64>t.ramSize - (span.hi - span.lo));
  byte(w, W.I64_GT_U);
  leave_if(t, dirty);
  get(w, A64);
  byte(w, W.I32_WRAP_I64);
  set(w, n.a ? SPAN + n.a : A32);
}

/** Checks that the span lies in pages that may be reached, and sets the base's span local. */
function check_pages(t: Dbt, b: Block, n: Node, span: Span, dirty: u64): void {
  const pc = b.pc + n.offset;
  address(t, n, span.lo);
  if (may(t, Translate.MICRO_TLB) && stays_in_page(t, pc)) check_micro(t, b, n, span, dirty, micro_entry(pc, span));
  else check_tlb(t, b, n, span, dirty);
  set(writer(t), SPAN + n.a);
}

/** Where the micro-TLB's entry of the access at `pc` lies, from the TLB's load set. */
function micro_entry(pc: u64, span: Span): u32 {
  const site = <u32>(pc >> 1) & Tlb.MICRO_MASK;
  return Tlb.MICRO_DELTA + (site << Tlb.MICRO_SHIFT) + (span.stored ? 16 : 0);
}

/**
 * The address on the stack becomes the span's machine address: by the micro-TLB's entry at `micro` when it has the page. Its place is a
 * constant, so the processor need not wait for the address; the TLB comes behind.
 */
function check_micro(t: Dbt, b: Block, n: Node, span: Span, dirty: u64, micro: u32): void {
  const w = writer(t);
  const last = <i32>(span.hi - span.lo) - 1;
  const aligned = last < 8 && popcnt(last + 1) == 1;
  i64c(w, aligned ? ~0xfff | <i64>last : ~0xfff);
  byte(w, W.I64_AND);
  get(w, TLB);
  mem(w, W.I64_LOAD, micro);
  byte(w, W.I64_EQ);
  if (!aligned) ends_in_page(t, last);
  likely(t);
  open(w, W.IF, Type.I32);
  t.depth += 1;
  get(w, A64);
  byte(w, W.I32_WRAP_I64);
  get(w, TLB);
  mem(w, W.I32_LOAD, micro + 8);
  byte(w, W.I32_ADD);
  byte(w, W.ELSE);
  check_page(t, b, n, span, dirty, micro, PAGE_FUNCTION);
  byte(w, W.END);
  t.depth -= 1;
}

/** The condition on the stack, and that the byte `last` after A64 is in its page. */
function ends_in_page(t: Dbt, last: i32): void {
  const w = writer(t);
  i32c(w, 0xfff - last);
  get(w, A64);
  byte(w, W.I32_WRAP_I64);
  i32c(w, 0xfff);
  byte(w, W.I32_AND);
  byte(w, W.I32_GE_U);
  byte(w, W.I32_AND);
}

/**
 * The address on the stack becomes the span's machine address. A TLB entry is chosen by the span's first byte and compared with the page
 * of its last: no entry can hold the next page. The core decides what that does not.
 */
function check_tlb(t: Dbt, b: Block, n: Node, span: Span, dirty: u64): void {
  const w = writer(t);
  const set_offset: u32 = span.stored ? Tlb.STORE_DELTA : 0;
  const last = <i64>(span.hi - span.lo - 1);
  tlb_entry(t);
  mem(w, W.I64_LOAD, set_offset);
  get(w, A64);
  if (last) {
    i64c(w, last);
    byte(w, W.I64_ADD);
  }
  i64c(w, ~0xfff);
  byte(w, W.I64_AND);
  byte(w, W.I64_EQ);
  likely(t);
  open(w, W.IF, Type.I32);
  t.depth += 1;
  hit_address(t, set_offset);
  byte(w, W.ELSE);
  check_page(t, b, n, span, dirty, 0, Import.SPAN);
  byte(w, W.END);
  t.depth -= 1;
}

/** Pushes the machine address of the span at A64 as function `which` finds it, or leaves to the interpreter. */
function check_page(t: Dbt, b: Block, n: Node, span: Span, dirty: u64, micro: u32, which: u32): void {
  const w = writer(t);
  leave_begin(t, b.pc + n.offset, true, uncharged_before(b, n));
  get(w, HART);
  i32c(w, (span.hi - span.lo) | (i32(span.stored) << 16) | ((<i32>micro) << 13));
  get(w, A64);
  import_call(t, which);
  tee(w, A32);
  byte(w, W.I32_EQZ);
  leave_if(t, dirty);
  get(w, A32);
}

/** Pushes a + `offset`, and keeps it in A64. */
function address(t: Dbt, n: Node, offset: i64): void {
  const w = writer(t);
  value(t, n.a);
  if (offset) {
    i64c(w, offset);
    byte(w, W.I64_ADD);
  }
  tee(w, A64);
}

/** The va on the stack becomes the address of its TLB entry, kept in A32. */
function tlb_entry(t: Dbt): void {
  const w = writer(t);
  entry_distance(w);
  get(w, TLB);
  byte(w, W.I32_ADD);
  tee(w, A32);
}

/**
 * Opens the `if` of an access that is checked by itself: pushes whether it can be done inline. In the window the place in RAM is kept
 * in A64, else the va, and the TLB's entry in A32; there misaligned accesses go to the core.
 */
function lone_hit(t: Dbt, n: Node, set_offset: u32): void {
  const w = writer(t);
  if (t.mode & Mode.FLAT) {
    address(t, n, n.imm - <i64>t.ramPa);
    i64c(w, <i64>t.ramSize - n.size);
    byte(w, W.I64_LE_U);
    return;
  }
  page_hit(t, n, n.imm, set_offset);
}

/** Pushes whether the TLB has the page of a + `offset`, aligned to the access: leaves the va in A64, and the entry in A32. */
export function page_hit(t: Dbt, n: Node, offset: i64, set_offset: u32): void {
  const w = writer(t);
  address(t, n, offset);
  tlb_entry(t);
  mem(w, W.I64_LOAD, set_offset);
  get(w, A64);
  i64c(w, ~0xfff | <i64>(n.size - 1));
  byte(w, W.I64_AND);
  byte(w, W.I64_EQ);
}

/** Pushes the machine address after a hit. */
export function hit_address(t: Dbt, set_offset: u32): void {
  const w = writer(t);
  get(w, A64);
  byte(w, W.I32_WRAP_I64);
  get(w, A32);
  mem(w, W.I32_LOAD, set_offset + 8);
  byte(w, W.I32_ADD);
}

/** Pushes where a lone access lies, and returns the constant offset from there. */
function lone_place(t: Dbt, set_offset: u32): u32 {
  if (!(t.mode & Mode.FLAT)) {
    hit_address(t, set_offset);
    return 0;
  }
  get(writer(t), A64);
  byte(writer(t), W.I32_WRAP_I64);
  return t.ramMa;
}

/** Pushes the va of a lone access that cannot be done inline. */
function lone_va(t: Dbt): void {
  const w = writer(t);
  get(w, A64);
  if (!(t.mode & Mode.FLAT)) return;
  i64c(w, <i64>t.ramPa);
  byte(w, W.I64_ADD);
}

function lone_load(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  lone_hit(t, n, 0);
  likely(t);
  open(w, W.IF, loaded_type(t, n));
  t.depth += 1;
  load_op(t, n, lone_place(t, 0));
  byte(w, W.ELSE);
  leave_begin(t, b.pc + n.offset, true, uncharged_before(b, n));
  get(w, HART);
  i32c(w, n.size);
  lone_va(t);
  import_call(t, Import.LOAD);
  leave_if(t, dirty);
  get(w, HART);
  load_op(t, n, HartField.mmioData);
  byte(w, W.END);
  t.depth -= 1;
}

function lone_store(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  lone_hit(t, n, Tlb.STORE_DELTA);
  likely(t);
  open(w, W.IF, Type.EMPTY);
  t.depth += 1;
  const offset = lone_place(t, Tlb.STORE_DELTA);
  stored(t, n);
  mem(w, store_op(t, n), offset);
  byte(w, W.ELSE);
  leave_begin(t, b.pc + n.offset, true, uncharged_before(b, n));
  get(w, HART);
  if (n.b >= 32 && n.b < 64) push_bits(t, n.b);
  else value(t, n.b);
  mem(w, W.I64_STORE, HartField.mmioData);
  get(w, HART);
  i32c(w, n.size);
  lone_va(t);
  import_call(t, Import.STORE);
  leave_if(t, dirty);
  byte(w, W.END);
  t.depth -= 1;
}
