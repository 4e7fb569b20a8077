/**
 * A function that each module has: the check of a span of bytes that a region's own test of the micro-TLB has not decided. It is the same for
 * all, and long; in each place it would be most of a region's code.
 *
 *   (hart, length | store << 16 | micro << 13, va) -> ma, or 0        as `Import.SPAN`, which decides what the TLB does not
 *
 * A TLB entry is chosen by the span's first byte and compared with the page of its last: no entry can hold the next page. What it has is copied
 * to the micro-TLB's entry that `micro` names, if that is not 0.
 */

import { HartField } from "../../state/layout";
import { Tlb } from "../../shared/constants";
import { Type, W } from "../wasm/opcode";
import { byte, get, i32c, i64c, mem, op1, open, patch, reserve, tee, unsigned, Writer } from "../wasm/writer";
import { Import } from "./locals";

const HART: u32 = 0;
const INFO: u32 = 1;
const VA: u32 = 2;
const ENTRY: u32 = 3;

/** Appends its body. */
export function page_function(w: Writer): void {
  const size = reserve(w);
  const first = w.at;
  unsigned(w, 1);
  unsigned(w, 1);
  byte(w, Type.I32);
  find_entry(w);
  mem(w, W.I64_LOAD, 0);
  get(w, VA);
  get(w, INFO);
  i32c(w, 0xffff);
  byte(w, W.I32_AND);
  i32c(w, 1);
  byte(w, W.I32_SUB);
  byte(w, W.I64_EXTEND_I32_U);
  byte(w, W.I64_ADD);
  i64c(w, ~0xfff);
  byte(w, W.I64_AND);
  byte(w, W.I64_EQ);
  open(w, W.IF, Type.EMPTY);
  fill_micro(w);
  get(w, VA);
  byte(w, W.I32_WRAP_I64);
  get(w, ENTRY);
  mem(w, W.I32_LOAD, 8);
  byte(w, W.I32_ADD);
  byte(w, W.I64_EXTEND_I32_U);
  byte(w, W.RETURN);
  byte(w, W.END);
  get(w, HART);
  get(w, INFO);
  get(w, VA);
  op1(w, W.CALL, Import.SPAN);
  byte(w, W.END);
  patch(w, size, w.at - first);
}

/** The va on the stack becomes the distance of its TLB entry from the set. */
export function entry_distance(w: Writer): void {
  i64c(w, 12 - Tlb.ENTRY_SHIFT);
  byte(w, W.I64_SHR_U);
  byte(w, W.I32_WRAP_I64);
  i32c(w, Tlb.INDEX_MASK << Tlb.ENTRY_SHIFT);
  byte(w, W.I32_AND);
}

/** Pushes the address of the TLB's entry, and keeps it. */
function find_entry(w: Writer): void {
  get(w, VA);
  entry_distance(w);
  get(w, HART);
  mem(w, W.I32_LOAD, HartField.tlbLoad);
  byte(w, W.I32_ADD);
  // Bit 16 becomes the distance of the store set.
  get(w, INFO);
  i32c(w, 1);
  byte(w, W.I32_SHR_U);
  i32c(w, Tlb.STORE_DELTA);
  byte(w, W.I32_AND);
  byte(w, W.I32_ADD);
  tee(w, ENTRY);
}

if (<i32>Tlb.STORE_DELTA != 1 << 15) ERROR("The store set is not where bit 16 of the span's description says");

/** Copies the entry to the micro-TLB. */
function fill_micro(w: Writer): void {
  get(w, INFO);
  i32c(w, 17);
  byte(w, W.I32_SHR_U);
  open(w, W.IF, Type.EMPTY);
  get(w, INFO);
  i32c(w, 17);
  byte(w, W.I32_SHR_U);
  i32c(w, 4);
  byte(w, W.I32_SHL);
  get(w, HART);
  mem(w, W.I32_LOAD, HartField.tlbLoad);
  byte(w, W.I32_ADD);
  tee(w, INFO);
  get(w, ENTRY);
  mem(w, W.I64_LOAD, 0);
  mem(w, W.I64_STORE, 0);
  get(w, INFO);
  get(w, ENTRY);
  mem(w, W.I64_LOAD, 8);
  mem(w, W.I64_STORE, 8);
  byte(w, W.END);
}
