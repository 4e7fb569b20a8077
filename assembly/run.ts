/** One slice of one hart: interrupts first, then instructions until the budget, an exit or a request for attention. */

import { Hart, Vm } from "./gen/state";
import { interrupt_pending } from "./hart/interrupt";
import { interrupt_take } from "./hart/trap";
import { interpret, run_predecoded } from "./interp/step";
import { Engine, Exit } from "./shared/constants";

/** A straight line through a code page is this long at most: the fast loop may overshoot its limit by that. */
const OVERSHOOT: u32 = 2048;

/**
 * Runs `hart` for exactly `budget` steps (retired instructions and traps) unless something asks for an earlier exit.
 * Returns an `Exit`; `hart.pc` and `hart.instret` are exact.
 */
export function hart_run(hart: Hart, budget: u32): u32 {
  const vm = changetype<Vm>(<usize>hart.vm);
  hart.fuel = budget;
  while (true) {
    const exit = take_attention(hart);
    if (exit) return exit;
    const fuel = hart.fuel;
    if (!fuel) return Exit.BUDGET;
    if (vm.engine == Engine.INTERPRET) interpret(hart, fuel);
    else if (fuel > OVERSHOOT) run_predecoded(hart, fuel - OVERSHOOT, false);
    else run_predecoded(hart, fuel, true);
  }
}

/** Hands over what was asked for, and takes a pending interrupt. Returns an `Exit`, or NONE to go on. */
function take_attention(hart: Hart): u32 {
  hart.attention = 0;
  const irq = interrupt_pending(hart);
  if (irq >= 0) {
    hart.wfi = 0;
    interrupt_take(hart, irq);
  }
  const exit = hart.exitReason;
  hart.exitReason = Exit.NONE;
  if (exit == Exit.WFI && !hart.wfi) return Exit.NONE;
  if (exit) return exit;
  return hart.wfi ? Exit.WFI : Exit.NONE;
}
