/**
 * A function that each module has: the call of a region that may lie at several addresses, by the jump cache. Its callers have it called
 * instead of looking there themselves, which would be a good part of their code.
 *
 *   (hart, fuel, depth parameter as entry.ts has it: the callee's address, and how many nested calls the caller allows) -> pc
 *
 * It leaves no frame: the callee comes back to the caller. When there is none, or no more calls may nest, the callee's address comes back.
 * Where jumps are counted, bit 6 says that the address was computed.
 */

import { HartField, VmField } from "../../state/layout";
import { HartBlock, Priv, Translate } from "../../shared/constants";
import { Dbt, may, writer } from "../ir/dbt";
import { Type, W } from "../wasm/opcode";
import { byte, get, i32c, i64c, mem, open, patch, reserve, tee, unsigned, Writer } from "../wasm/writer";
import { count } from "./emit";
import { CALL_DEPTH, PC_SHIFT } from "./entry";
import { FUEL, FUNCTION_TYPE, HART } from "./locals";

const CALLEE: u32 = 2;
const ENTRY: u32 = 3;

/** Position-independent regions are those of user mode. */
const JUMP: u32 = HartBlock.JUMP + Priv.U * HartBlock.JUMP_MODE_BYTES;
/** An entry has 16 bytes for each halfword of code. */
const ENTRY_SHIFT: u64 = 3;
export const COMPUTED: u64 = 64;

/** Appends its body. */
export function callee_function(t: Dbt): void {
  const w = writer(t);
  const size = reserve(w);
  const first = t.at;
  unsigned(w, 1);
  unsigned(w, 1);
  byte(w, Type.I32);
  find_entry(w);
  mem(w, W.I64_LOAD, JUMP);
  callee_pc(w);
  byte(w, W.I64_EQ);
  get(w, CALLEE);
  i64c(w, CALL_DEPTH);
  byte(w, W.I64_AND);
  byte(w, W.I64_EQZ);
  byte(w, W.I32_EQZ);
  byte(w, W.I32_AND);
  open(w, W.IF, Type.EMPTY);
  count_if_computed(t, VmField.countIndirect, VmField.countChain);
  call_it(t);
  byte(w, W.END);
  count_if_computed(t, VmField.countIndirectMiss, 0);
  get(w, HART);
  get(w, FUEL);
  mem(w, W.I32_STORE, HartField.fuel);
  callee_pc(w);
  byte(w, W.END);
  patch(w, size, t.at - first);
}

function callee_pc(w: Writer): void {
  get(w, CALLEE);
  i64c(w, PC_SHIFT);
  byte(w, W.I64_SHR_S);
}

/** Pushes what the jump cache's entry for the callee is counted from, and keeps it. */
function find_entry(w: Writer): void {
  get(w, CALLEE);
  i64c(w, PC_SHIFT - ENTRY_SHIFT);
  byte(w, W.I64_SHR_U);
  byte(w, W.I32_WRAP_I64);
  i32c(w, HartBlock.JUMP_MASK);
  byte(w, W.I32_AND);
  get(w, HART);
  byte(w, W.I32_ADD);
  tee(w, ENTRY);
}

function call_it(t: Dbt): void {
  const w = writer(t);
  get(w, HART);
  get(w, FUEL);
  get(w, CALLEE);
  i64c(w, 1);
  byte(w, W.I64_SUB);
  if (may(t, Translate.COUNT)) {
    i64c(w, ~COMPUTED);
    byte(w, W.I64_AND);
  }
  get(w, ENTRY);
  mem(w, W.I32_LOAD, JUMP + 8);
  byte(w, W.RETURN_CALL_INDIRECT);
  unsigned(w, FUNCTION_TYPE);
  byte(w, 0);
}

/** Counts a jump to an address that was computed, or another (0: those are not counted). */
function count_if_computed(t: Dbt, computed: u32, other: u32): void {
  if (!may(t, Translate.COUNT)) return;
  const w = writer(t);
  get(w, CALLEE);
  i64c(w, COMPUTED);
  byte(w, W.I64_AND);
  byte(w, W.I64_EQZ);
  byte(w, W.I32_EQZ);
  open(w, W.IF, Type.EMPTY);
  count(t, computed);
  if (other) {
    byte(w, W.ELSE);
    count(t, other);
  }
  byte(w, W.END);
}
