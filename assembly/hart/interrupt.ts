/** Which interrupts a hart sees, and which of them it takes next. (Privileged ISA, "Machine Interrupt Registers") */

import { Hart } from "../state/state";
import { Irq, Priv } from "../shared/constants";
import { Status } from "../shared/csr";
import { MENVCFG_STCE } from "./csr_field";

/** mip as it reads. With Sstc on, STIP shows the timer comparison alone. */
// @ts-ignore: decorator
@inline export function interrupts(hart: Hart): u64 {
  const software = hart.menvcfg & MENVCFG_STCE ? hart.mip & ~(1 << Irq.STI) : hart.mip;
  return software | hart.lines;
}

/** The interrupt to take before the next instruction, or -1. `hart.pending` is up to date. */
export function interrupt_pending(hart: Hart): i32 {
  const pending = hart.pending;
  if (!pending) return -1;
  const priv = hart.priv;
  if (priv != Priv.M || hart.mstatus & Status.MIE) {
    const machine = pending & ~hart.mideleg;
    if (machine) return highest(machine);
  }
  if (priv == Priv.U || (priv == Priv.S && hart.mstatus & Status.SIE)) {
    const supervisor = pending & hart.mideleg;
    if (supervisor) return highest(supervisor);
  }
  return -1;
}

/** The first of a non-empty set in the order of priority: MEI MSI MTI SEI SSI STI. */
function highest(set: u64): i32 {
  if (set & (1 << Irq.MEI)) return Irq.MEI;
  if (set & (1 << Irq.MSI)) return Irq.MSI;
  if (set & (1 << Irq.MTI)) return Irq.MTI;
  if (set & (1 << Irq.SEI)) return Irq.SEI;
  if (set & (1 << Irq.SSI)) return Irq.SSI;
  return Irq.STI;
}

/** Whether WFI completes: an enabled interrupt is pending, whether or not it could be taken. ("Wait for Interrupt") */
// @ts-ignore: decorator
@inline export function interrupt_wakes(hart: Hart): bool {
  return hart.pending != 0;
}

/** Whether the hart is stalled in WFI, with nothing pending that ends it. */
export function interrupt_waits(hart: Hart): bool {
  return hart.wfi != 0 && !interrupt_wakes(hart);
}

/**
 * The hart's time is `now`, or the guest is about to see that it is: brings the timer line that Sstc drives up to date, so that nobody
 * sees a deadline's time before its interrupt. Returns the mtime at which the line next changes by itself, all ones for never: a
 * deadline that has passed is none any more, whether or not its interrupt is enabled. ("Sstc")
 */
export function timer_update(hart: Hart, now: u64): u64 {
  const on = (hart.menvcfg & MENVCFG_STCE) != 0;
  const line: u64 = on && hart.stimecmp <= now ? 1 << Irq.STI : 0;
  if ((hart.lines & (1 << Irq.STI)) != line) {
    hart.lines ^= 1 << Irq.STI;
    interrupts_noted(hart);
    hart.attention = 1;
  }
  return on && !line ? hart.stimecmp : -1;
}

/**
 * Computes which interrupts are both pending and enabled in mie: the one place that does, for the run loop, WFI and translated code. Call it
 * after any change of mip, the lines, mie or menvcfg.STCE; the run loop calls it, too, when attention is asked for.
 */
export function interrupts_noted(hart: Hart): void {
  hart.pending = interrupts(hart) & hart.mie;
}

/** Call after anything that may have let an interrupt through: has the run loop look when one can be taken. */
export function interrupts_changed(hart: Hart): void {
  interrupts_noted(hart);
  if (interrupt_pending(hart) >= 0) hart.attention = 1;
}
