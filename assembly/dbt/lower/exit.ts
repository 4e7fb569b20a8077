/**
 * Leaving a region. There is one exit label for each set of dirty registers, and an i32 on the stack says which exit it was: `ExitValue`.
 */

import { Translate } from "../../shared/constants";
import { ExitValue } from "../../shared/emitted";
import { Dbt, may, writer } from "../ir/dbt";
import { unlikely } from "./hint";
import { W } from "../wasm/opcode";
import { byte, i32c, op1 } from "../wasm/writer";

export const MAX_GROUPS: u32 = 96;
/** Jumps out of the region share exit labels as long as so many are left for what has no other way out. */
const SPARE_GROUPS: u32 = 32;

/** Pushes the i32 that says which exit it is. */
function exit_value(t: Dbt, pc: u64, interpret: bool, uncharged: u32): void {
  i32c(writer(t), ((<i32>(pc - t.entryPc) | i32(interpret)) << ExitValue.DISTANCE_SHIFT) | <i32>uncharged);
}

/** The group of exits with dirty registers `mask`, or how many groups there are. */
function group_of(t: Dbt, mask: u64): u32 {
  let group: u32 = 0;
  while (group < t.groupCount && load<u64>(<usize>t.groups + (group << 3)) != mask) group++;
  return group;
}

/** The exit label for dirty registers `mask`, as a distance from the point of emission. */
function exit_label(t: Dbt, mask: u64): u32 {
  const group = group_of(t, mask);
  if (group == t.groupCount) {
    if (group < MAX_GROUPS) store<u64>(<usize>t.groups + (group << 3), mask);
    t.groupCount = group + 1;
  }
  return t.depth + group;
}

/** Leaves at `pc` unconditionally. */
export function leave(t: Dbt, pc: u64, interpret: bool, uncharged: u32, dirty: u64): void {
  exit_value(t, pc, interpret, uncharged);
  op1(writer(t), W.BR, exit_label(t, dirty));
}

/** Jumps to `pc`, which is not in the region. False if that can be none of the exits that say so by an i32. */
export function leave_chained(t: Dbt, pc: u64, uncharged: u32, dirty: u64): bool {
  const distance = <i64>(pc - t.entryPc);
  if (<i64>(((<i32>distance) << ExitValue.DISTANCE_SHIFT) >> ExitValue.DISTANCE_SHIFT) != distance) return false;
  if (group_of(t, dirty) == t.groupCount && t.groupCount + SPARE_GROUPS >= MAX_GROUPS) return false;
  const chain: u32 = may(t, Translate.CHAINING) ? ExitValue.CHAIN : 0;
  if (chain) t.chained = 1;
  exit_value(t, pc, false, uncharged | chain);
  op1(writer(t), W.BR, exit_label(t, dirty));
  return true;
}

/** Opens the conditional exit: the condition is pushed between `leave_begin` and `leave_if`. */
export function leave_begin(t: Dbt, pc: u64, interpret: bool, uncharged: u32): void {
  exit_value(t, pc, interpret, uncharged);
}

export function leave_if(t: Dbt, dirty: u64): void {
  const w = writer(t);
  unlikely(t);
  op1(w, W.BR_IF, exit_label(t, dirty));
  byte(w, W.DROP);
}
