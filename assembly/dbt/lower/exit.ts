/**
 * Leaving a region. There is one exit label for each set of dirty registers, and an i32 on the stack says which exit it was: (distance of
 * its pc from the entry, in bytes, bit 0: the interpreter does the instruction there) << 12 | instructions that were executed and not charged.
 */

import { Dbt, writer } from "../ir/dbt";
import { W } from "../wasm/opcode";
import { byte, i32c, op1 } from "../wasm/writer";

export const MAX_GROUPS: u32 = 96;

/** Pushes the i32 that says which exit it is. */
function exit_value(t: Dbt, pc: u64, interpret: bool, uncharged: u32): void {
  i32c(writer(t), ((<i32>(pc - t.entryPc) | i32(interpret)) << 12) | <i32>uncharged);
}

/** The exit label for dirty registers `mask`, as a distance from the point of emission. */
function exit_label(t: Dbt, mask: u64): u32 {
  let group: u32 = 0;
  while (group < t.groupCount && load<u64>(<usize>t.groups + (group << 3)) != mask) group++;
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

/** Opens the conditional exit: the condition is pushed between `leave_begin` and `leave_if`. */
export function leave_begin(t: Dbt, pc: u64, interpret: bool, uncharged: u32): void {
  exit_value(t, pc, interpret, uncharged);
}

export function leave_if(t: Dbt, dirty: u64): void {
  const w = writer(t);
  op1(w, W.BR_IF, exit_label(t, dirty));
  byte(w, W.DROP);
}
