/**
 * Counters. (Privileged ISA, "Hardware Performance Monitor"; Unprivileged ISA, "Zicntr", "Zihpm")
 *
 * mcycle counts retired instructions, like minstret. Both read `instret` plus an offset while running and the offset alone
 * while inhibited, so that nothing needs counting twice.
 */

import { mtime } from "../state/env";
import { Hart } from "../state/state";
import { Priv } from "../shared/constants";
import { Counter } from "../shared/csr";
import { base } from "../state/regs";

/** What counter `index` (cycle, time or instret) reads. */
export function counter_read(hart: Hart, index: u32): u64 {
  if (index == Counter.TM) return mtime(<u32>base(hart));
  if (index == Counter.CY) return running(hart, Counter.CY) + hart.mcycleOffset;
  return running(hart, Counter.IR) + hart.minstretOffset;
}

/** The part of counter `index` that grows by itself. */
// @ts-ignore: decorator
@inline function running(hart: Hart, index: u32): u64 {
  return (hart.mcountinhibit >> index) & 1 ? 0 : hart.instret;
}

/**
 * Writes mcycle or minstret. The instruction after the writing one reads `value`; `hart.instret` does not
 * count the writing one yet. (Unprivileged ISA, "Zicsr": a write to instret takes effect after the increment)
 */
export function counter_write(hart: Hart, index: u32, value: u64): void {
  const offset = (hart.mcountinhibit >> index) & 1 ? value : value - (hart.instret + 1);
  if (index == Counter.CY) hart.mcycleOffset = offset;
  else hart.minstretOffset = offset;
}

/** The bits `changed` of mcountinhibit have just been written. The writing instruction is counted under the old setting. */
export function counters_switched(hart: Hart, changed: u64): void {
  const next = hart.instret + 1;
  hart.mcycleOffset += shift_of(hart, changed, Counter.CY, next);
  hart.minstretOffset += shift_of(hart, changed, Counter.IR, next);
}

/** What an offset gains when its counter stops, and loses when it starts. */
// @ts-ignore: decorator
@inline function shift_of(hart: Hart, changed: u64, index: u64, next: u64): u64 {
  if (!((changed >> index) & 1)) return 0;
  return (hart.mcountinhibit >> index) & 1 ? next : 0 - next;
}

/** Whether the user-mode view of counter `index` may be read at the present privilege. ("Machine Counter-Enable") */
export function counter_allowed(hart: Hart, index: u32): bool {
  if (hart.priv == Priv.M) return true;
  if (!((hart.mcounteren >> index) & 1)) return false;
  return hart.priv == Priv.S || ((hart.scounteren >> index) & 1) != 0;
}
