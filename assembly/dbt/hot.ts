/**
 * What is translated when: interpreted steps are charged to an address, and one with enough of them is hot. Costs the interpreter
 * nothing between its stops, and depends on instruction counts alone.
 */

import { code_install } from "../env";
import { Hart, Vm } from "../gen/state";
import { current_mode, region_add, region_link } from "./cache";
import { flow } from "./opt/flow";
import { form } from "./form";
import { lift } from "./lift/lift";
import { liveness } from "./opt/live";
import { lower } from "./lower";
import { module_close, module_open } from "./module";
import { spans } from "./opt/spans";
import { Dbt, Float } from "./state";
import { Translate } from "../shared/constants";

const SLOTS: u32 = 4096;

/** Charges `steps` interpreted steps to `pc`; true when that has just made it hot. */
export function heat(vm: Vm, pc: u64, steps: u32): bool {
  const slot = <usize>vm.hot + (((<u32>(pc >> 1) * 0x9e3779b1) >> 20) & (SLOTS - 1)) * 16;
  if (load<u64>(slot) != pc) {
    store<u64>(slot, pc);
    store<u32>(slot, 0, 8);
  }
  const before = load<u32>(slot, 8);
  store<u32>(slot, before + steps, 8);
  return before < vm.hotThreshold && before + steps >= vm.hotThreshold;
}

/** Translates the region at `pc` and links it. False when it cannot be had. */
export function translate(hart: Hart, pc: u64): bool {
  const vm = changetype<Vm>(<usize>hart.vm);
  const t = changetype<Dbt>(<usize>vm.dbt);
  if (vm.regionCount == vm.regionMax) return false;
  t.hart = <u32>changetype<usize>(hart);
  t.ramPa = vm.ramPa;
  t.ramSize = vm.ramSize;
  t.ramMa = vm.ramMa;
  t.mode = current_mode(hart);
  t.switches = vm.translate;
  t.float = vm.translate & Translate.INLINE_FP ? (hart.frm ? Float.INLINE : Float.INLINE | Float.NEAREST) : 0;
  if (!form(t, hart, pc)) return false;
  lift(t, hart);
  flow(t);
  liveness(t);
  spans(t, t.scratch);
  module_open(t);
  if (!lower(t, t.scratch)) return false;
  t.functions = 1;
  const index = vm.tableBase + vm.regionCount;
  const module = module_close(t);
  if (!module) return false;
  const region = region_add(t, hart, vm, index);
  if (!region || !code_install(module, t.at - module, index, 1)) return false;
  region_link(hart, region);
  return true;
}
