/** The dispatcher below translated code: what runs while a region waits for a callee that is not translated, or not all of it. */

import { code_of } from "../../state/regs";
import { NO_PC } from "../../hart/illegal";
import { Hart, Vm } from "../../state/state";
import { jump_entry } from "../cache/cache";
import { OVERSHOOT } from "../../interp/step";
import { work_done } from "../../hart/pace";
import { Engine, Sensitive } from "../../shared/constants";
import { as_entered, leave_all } from "./entered";
import { call_region, find, interpret_charged, interpret_for_region } from "./enter";

/**
 * Emitted code has called a function and has not come back to `expected`: `hart.pc` is where it is instead, with bit 0 set when the
 * interpreter must do the instruction there. Goes on from there until `expected` is come to, and returns that; or something else, when all
 * regions that wait must be left: then the hart is where the pc returned says. `depth`: how many nested calls are still allowed.
 */
export function dbt_await(hartMa: usize, depth: u32, expected: u64): u64 {
  const hart = changetype<Hart>(hartMa);
  const vm = changetype<Vm>(<usize>hart.vm);
  // Where calls are nested too deep, all are left, so that there is room again.
  if (depth <= 1) leave_all(hart);
  hart.instret = hart.fuelBase - hart.fuel;
  const next = await_pc(hart, vm, depth - 1, expected);
  hart.fuelBase = hart.instret + hart.fuel;
  return next;
}

/** With exact `instret`, before and after. */
function await_pc(hart: Hart, vm: Vm, depth: u32, expected: u64): u64 {
  let next = hart.pc;
  // Whether there may be a region: where one has come back there probably is none, and the interpreter finds out itself.
  let met = true;
  while (!hart.attention && as_entered(hart)) {
    if (next & 1) {
      if (vm.sensitive == Sensitive.EXIT) return next;
      hart.pc = next & ~1;
      const before = hart.fuel;
      interpret_for_region(hart, vm);
      vm.countTranslated -= before - hart.fuel;
      next = hart.pc;
      continue;
    }
    hart.pc = next;
    if (next == expected) {
      vm.countKept += 1;
      return next;
    }
    if (work_done(hart)) break;
    const entry = jump_entry(hart, next);
    if (load<u64>(entry) == next || (met && find(hart, next))) {
      met = vm.engine == Engine.TRANSLATE;
      if (hart.fuel < load<u32>(entry, 12)) return next;
      next = call_region(hart, vm, load<u32>(entry, 8), depth);
      continue;
    }
    // The engine that translates everything does so where nobody waits.
    if (hart.fuel <= OVERSHOOT || (vm.engine == Engine.TRANSLATE && !code_of(vm).overflows)) return next;
    interpret_below(hart, vm, expected);
    next = hart.pc;
    met = true;
  }
  // No region's return address, not even by chance: none may go on.
  return next | 1;
}

/** Interprets what is not translated at `hart.pc`. When it has become hot, all is to be left, so that it can be translated. */
function interpret_below(hart: Hart, vm: Vm, expected: u64): void {
  const before = hart.fuel;
  hart.stopPc = expected;
  const hot = interpret_charged(hart, vm, 0);
  hart.stopPc = NO_PC;
  vm.countTranslated -= before - hart.fuel;
  if (hot == NO_PC) return;
  hart.wanted = hot;
  leave_all(hart);
}
