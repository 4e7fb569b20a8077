/** One slice of one hart: interrupts first, then instructions until the budget, an exit or a request for attention. */

import { run_translated } from "./dbt/drive/enter";
import { Hart, Vm } from "./state/state";
import { NO_PC } from "./hart/illegal";
import { interrupt_pending, interrupt_wakes, interrupts_noted } from "./hart/interrupt";
import { interrupt_take } from "./hart/trap";
import { interpret, OVERSHOOT, run_predecoded, step } from "./interp/step";
import { code_changed, tlb_flush_fetch } from "./mem/tlb";
import { Engine, Exit } from "./shared/constants";

/** Stores reach instruction fetch without FENCE.I after at most this many instructions (a power of two), and a run. */
const CODE_AGE_SHIFT: u64 = 24;

/**
 * Runs `hart` for exactly `budget` steps (retired instructions and traps) unless something asks for an earlier exit.
 * Returns an `Exit`; `hart.pc` and `hart.instret` are exact.
 */
export function hart_run(hartMa: usize, budget: u32): u32 {
  const hart = changetype<Hart>(hartMa);
  hart.fuel = budget;
  return run_slice_aging(hart);
}

/** Executes the sensitive instruction that `hart_run` has returned for, and goes on with what is left of its budget. */
export function hart_emulate(hartMa: usize): u32 {
  const hart = changetype<Hart>(hartMa);
  if (hart.fuel) step(hart);
  return run_slice_aging(hart);
}

function run_slice_aging(hart: Hart): u32 {
  const vm = changetype<Vm>(<usize>hart.vm);
  vm.translations = 0;
  hart.work = vm.workMax;
  hart.stopPc = NO_PC;
  hart.wanted = NO_PC;
  const age = hart.instret >> CODE_AGE_SHIFT;
  const exit = run_slice(hart);
  // Ziccid asks for "finite time"; verifying decoded pages this seldom costs nothing that can be measured.
  if (hart.instret >> CODE_AGE_SHIFT != age) expire_code(hart);
  return exit;
}

/** Has decoded code compared with memory when this hart next enters it, as FENCE.I does. */
function expire_code(hart: Hart): void {
  code_changed(changetype<Vm>(<usize>hart.vm));
  tlb_flush_fetch(hart);
}

function run_slice(hart: Hart): u32 {
  const vm = changetype<Vm>(<usize>hart.vm);
  while (true) {
    const exit = take_attention(hart);
    if (exit) return exit;
    const fuel = hart.fuel;
    if (!fuel) return Exit.BUDGET;
    if (vm.engine == Engine.INTERPRET) interpret(hart, fuel);
    else if (vm.engine != Engine.PREDECODE) run_translated(hart);
    else if (fuel <= OVERSHOOT) run_predecoded(hart, fuel, true, false);
    else run_predecoded(hart, fuel - OVERSHOOT, false, false);
  }
}

/** Hands over what was asked for, and takes a pending interrupt. Returns an `Exit`, or NONE to go on. */
function take_attention(hart: Hart): u32 {
  hart.attention = 0;
  interrupts_noted(hart);
  const irq = interrupt_pending(hart);
  if (irq >= 0) {
    hart.wfi = 0;
    interrupt_take(hart, irq);
  }
  // WFI also ends for an interrupt that is enabled in mie and cannot be taken now.
  if (hart.wfi && interrupt_wakes(hart)) hart.wfi = 0;
  const exit = hart.exitReason;
  hart.exitReason = Exit.NONE;
  if (exit == Exit.WFI && !hart.wfi) return Exit.NONE;
  if (exit) return exit;
  return hart.wfi ? Exit.WFI : Exit.NONE;
}
