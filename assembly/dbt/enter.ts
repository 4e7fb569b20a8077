/** The dispatcher: finds the region for a pc and calls it; and what emitted code calls back. */

import { execute } from "../gen/execute";
import { Hart, Vm } from "../gen/state";
import { base } from "../hart/regs";
import { run_predecoded, step } from "../interp/step";
import { load_ram, store_ram } from "../mem/vmem";
import { Cause } from "../shared/constants";
import { jump_entry, jump_fill, region_at, sync_mode } from "./cache";
import { is_untranslatable } from "./form";
import { heat } from "./heat";
import { translate } from "./hot";
import { Region } from "./region";

/** How deep regions may call regions. */
const CALL_DEPTH: u32 = 64;

/** Runs translated code where there is some, and interprets the rest, until `floor` steps are left or attention is asked for. */
export function run_translated(hart: Hart, floor: u32): void {
  const vm = changetype<Vm>(<usize>hart.vm);
  sync_mode(hart);
  while (hart.fuel > floor && !hart.attention) {
    const pc = hart.pc;
    const entry = jump_entry(hart, pc);
    if (load<u64>(entry) != pc && !find(hart, pc)) {
      interpret_cold(hart, vm, floor);
      sync_mode(hart);
      continue;
    }
    if (hart.fuel < load<u32>(entry, 12)) return;
    hart.fuelBase = hart.instret + hart.fuel;
    const next = call_indirect<u64>(load<u32>(entry, 8), <u32>base(hart), hart.fuel, CALL_DEPTH);
    hart.instret = hart.fuelBase - hart.fuel;
    hart.pc = next & ~1;
    if (next & 1) {
      step(hart);
      sync_mode(hart);
    }
  }
}

function find(hart: Hart, pc: u64): bool {
  const region = region_at(hart, pc);
  if (!region) return false;
  jump_fill(hart, pc, changetype<Region>(region));
  return true;
}

/**
 * Interprets until a region is met or a period is over. The steps are charged to where interpretation began after leaving translated
 * code, or, when all of the period went by, to the jump target it ended at.
 */
function interpret_cold(hart: Hart, vm: Vm, floor: u32): void {
  const entry = hart.pc;
  if (is_untranslatable(hart, entry)) {
    step(hart);
    return;
  }
  const priv = hart.priv;
  const before = hart.fuel;
  const period = min(before - floor, vm.samplePeriod);
  run_predecoded(hart, period, false, true);
  const done = before - hart.fuel;
  const pc = done < period ? entry : hart.pc;
  // A mode that has changed meanwhile changes what the address means.
  if (priv != hart.priv) return;
  if (heat(hart, vm, pc, done) && !hart.attention) translate(hart, pc);
}

/** Emitted code's TLB miss on a load. The value is left in `mmioData`; 1 when the interpreter must do the instruction. */
export function dbt_load(hartMa: usize, va: u64, size: u32): u32 {
  const hart = changetype<Hart>(hartMa);
  return u32(!load_ram(hart, va, size));
}

/** Emitted code's TLB miss on a store; 1 when the interpreter must do the instruction. */
export function dbt_store(hartMa: usize, va: u64, value: u64, size: u32): u32 {
  const hart = changetype<Hart>(hartMa);
  return u32(!store_ram(hart, va, value, size));
}

/** Executes record `r` for emitted code, its operands being in the hart. 1 when it raised: the interpreter does it again. */
export function dbt_callout(hartMa: usize, r: u64, fuel: u32): u32 {
  const hart = changetype<Hart>(hartMa);
  hart.instret = hart.fuelBase - fuel;
  execute(hart, r);
  if (hart.trapCause == Cause.NONE) return 0;
  hart.trapCause = Cause.NONE;
  return 1;
}
