/**
 * Counters. (Privileged ISA, "Hardware Performance Monitor"; Unprivileged ISA, "Zicntr", "Zihpm")
 *
 * mcycle counts retired instructions, like minstret. Both read `instret` plus an offset while running and the offset alone
 * while inhibited, so that nothing needs counting twice. An hpmcounter holds what was written: no event ever occurs.
 */

import { mtime } from "../env";
import { HartField } from "../gen/layout";
import { Hart } from "../gen/state";
import { Priv } from "../shared/constants";
import { Counter } from "../shared/csr";
import { base } from "./regs";

/** Which counters mcountinhibit can stop: all but time. */
const INHIBITABLE: u64 = Counter.MASK & ~(1 << Counter.TM);

// @ts-ignore: decorator
@inline function element(hart: Hart, index: u32): usize {
  return base(hart) + (index << 3);
}

/** What counter `index` (cycle, time, instret, hpmcounter3 to 18) reads. */
export function counter_read(hart: Hart, index: u32): u64 {
  if (index == Counter.TM) return mtime(<u32>base(hart));
  if (index == Counter.CY) return running(hart, Counter.CY) + hart.mcycleOffset;
  if (index == Counter.IR) return running(hart, Counter.IR) + hart.minstretOffset;
  return load<u64>(element(hart, index), HartField.mhpmcounter);
}

/** The part of counter `index` that grows by itself. */
// @ts-ignore: decorator
@inline function running(hart: Hart, index: u32): u64 {
  return (hart.mcountinhibit >> index) & 1 ? 0 : hart.instret;
}

/**
 * Writes mcycle, minstret or an mhpmcounter. The instruction after the writing one reads `value`; `hart.instret` does not
 * count the writing one yet. (Unprivileged ISA, "Zicsr": a write to instret takes effect after the increment)
 */
export function counter_write(hart: Hart, index: u32, value: u64): void {
  const offset = (hart.mcountinhibit >> index) & 1 ? value : value - (hart.instret + 1);
  if (index == Counter.CY) hart.mcycleOffset = offset;
  else if (index == Counter.IR) hart.minstretOffset = offset;
  else store<u64>(element(hart, index), value, HartField.mhpmcounter);
}

/** The writing instruction is counted under the old setting. */
export function mcountinhibit_write(hart: Hart, value: u64): void {
  const old = hart.mcountinhibit;
  const now = value & INHIBITABLE;
  const next = hart.instret + 1;
  hart.mcountinhibit = now;
  hart.mcycleOffset += shift_of(old, now, Counter.CY, next);
  hart.minstretOffset += shift_of(old, now, Counter.IR, next);
}

/** What an offset gains when its counter stops, and loses when it starts. */
// @ts-ignore: decorator
@inline function shift_of(old: u64, now: u64, index: u64, next: u64): u64 {
  return (((now >> index) & 1) - ((old >> index) & 1)) * next;
}

/** Whether the user-mode view of counter `index` may be read at the present privilege. ("Machine Counter-Enable") */
export function counter_allowed(hart: Hart, index: u32): bool {
  if (hart.priv == Priv.M) return true;
  if (!((hart.mcounteren >> index) & 1)) return false;
  return hart.priv == Priv.S || ((hart.scounteren >> index) & 1) != 0;
}

export function mhpmevent_read(hart: Hart, index: u32): u64 {
  return load<u64>(element(hart, index), HartField.mhpmevent);
}

export function mhpmevent_write(hart: Hart, index: u32, value: u64): void {
  store<u64>(element(hart, index), value, HartField.mhpmevent);
}
