/**
 * What a region's caller tells it beside its fuel, in the depth parameter:
 *
 *  bits 0..5   how many nested calls of regions are still allowed
 *  bit  6      of position-independent regions: the hart's `entryDistance` counts
 *  bits 7..63  of position-independent regions: the entry's address, which has at most 57 significant bits where there is code;
 *              of others that may be entered at several addresses, the entry's distance from the first
 */

import { HartField } from "../../state/layout";
import { address } from "./emit";
import { JUMP_TARGET } from "../ir/node";
import { DEPTH, ENTRY, FIRST_REGION, FUEL, HART, local_of } from "./locals";
import { Dbt, is_position_independent, Shape, writer } from "../ir/dbt";
import { Type, W } from "../wasm/opcode";
import { byte, get, i64c, mem, op1, open, patch, reserve, set, unsigned } from "../wasm/writer";

/** How deep regions may call regions. */
export const CALL_DEPTH: u32 = 63;
const DISTANCE_COUNTS: u64 = 64;
export const PC_SHIFT: u64 = 7;

/** The depth parameter with which a dispatcher enters a region at `pc`, below which `depth` nested calls are allowed. */
// @ts-ignore: decorator
@inline export function depth_at(pc: u64, depth: u32, positionIndependent: bool): u64 {
  return positionIndependent ? (pc << PC_SHIFT) | depth : depth;
}

/** Takes the depth parameter apart: where the region is, and for one with several entries, at which it is entered. */
export function prologue(t: Dbt): void {
  const rooted = t.shape == Shape.ROOTED;
  if (!rooted && !is_position_independent(t)) return;
  const w = writer(t);
  get(w, DEPTH);
  i64c(w, PC_SHIFT);
  byte(w, W.I64_SHR_S);
  if (!is_position_independent(t)) address_from(t);
  else {
    set(w, ENTRY);
    if (rooted) first_entry(t);
  }
  get(w, DEPTH);
  i64c(w, CALL_DEPTH);
  byte(w, W.I64_AND);
  set(w, DEPTH);
}

/** Makes of the distance on the stack the address at which the region is entered. */
function address_from(t: Dbt): void {
  const w = writer(t);
  address(t, t.entryPc);
  byte(w, W.I64_ADD);
  set(w, local_of(JUMP_TARGET));
}

/** The region has been entered at `ENTRY`; its first entry may be another. */
function first_entry(t: Dbt): void {
  const w = writer(t);
  get(w, ENTRY);
  set(w, local_of(JUMP_TARGET));
  get(w, DEPTH);
  i64c(w, DISTANCE_COUNTS);
  byte(w, W.I64_AND);
  byte(w, W.I64_EQZ);
  byte(w, W.I32_EQZ);
  open(w, W.IF, Type.EMPTY);
  get(w, ENTRY);
  get(w, HART);
  mem(w, W.I64_LOAD32_S, HartField.entryDistance);
  byte(w, W.I64_SUB);
  set(w, ENTRY);
  byte(w, W.END);
}

/** Appends a function that enters the region of function `main` at `by` bytes from its first entry. */
export function lower_entry(t: Dbt, main: u32, by: i32): void {
  const w = writer(t);
  const size = reserve(w);
  const first = t.at;
  unsigned(w, 0);
  if (is_position_independent(t)) {
    get(w, HART);
    i64c(w, by);
    mem(w, W.I64_STORE32, HartField.entryDistance);
  }
  get(w, HART);
  get(w, FUEL);
  get(w, DEPTH);
  i64c(w, is_position_independent(t) ? DISTANCE_COUNTS : (<i64>by) << PC_SHIFT);
  byte(w, W.I64_OR);
  op1(w, W.RETURN_CALL, FIRST_REGION + main);
  byte(w, W.END);
  patch(w, size, t.at - first);
}

/** Makes of the depth on the stack the depth parameter for the region at the jump-target temp. */
export function tell_entry(t: Dbt): void {
  if (!is_position_independent(t)) return;
  const w = writer(t);
  get(w, local_of(JUMP_TARGET));
  i64c(w, PC_SHIFT);
  byte(w, W.I64_SHL);
  byte(w, W.I64_OR);
}
