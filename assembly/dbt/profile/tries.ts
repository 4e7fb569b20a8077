/**
 * How often the engine that translates everything has tried to translate an address. It needs no heat, so the counters' memory is its:
 *
 *  4096 entries (pc_table.ts)   +0 u64 pc | +8 u32 tries | +12 u32 `vm.codeEpoch` of them
 */

import { Vm } from "../../state/state";
import { Translate, Translation } from "../../shared/constants";
import { PcEntry, pc_take } from "./pc_table";

const ENTRY_BYTES: usize = 16;
const ENTRY_BITS: u32 = 12;
const TRIES: usize = PcEntry.WEIGHT;
const EPOCH: usize = PcEntry.OWN;

if (ENTRY_BYTES << ENTRY_BITS != Translation.HEAT_BYTES) ERROR("HEAT_BYTES is wrong");

/** How often an address is translated at most between two changes of code: it may be reached in ways that exclude each other. */
const MAX_TRIES: u32 = 8;

/** The entry of `pc`: emptied when it was another address's, or when code has changed. */
function entry_of(vm: Vm, pc: u64): usize {
  const at = pc_take(<usize>vm.hot, ENTRY_BITS, ENTRY_BYTES, pc);
  if (load<u32>(at, EPOCH) != vm.codeEpoch) {
    store<u32>(at, 0, TRIES);
    store<u32>(at, vm.codeEpoch, EPOCH);
  }
  return at;
}

/** Whether to translate at `pc`, which has been reached; counts the times unless nothing is kept. */
export function may_try(vm: Vm, pc: u64): bool {
  const at = entry_of(vm, pc);
  const tries = load<u32>(at, TRIES);
  if (tries == MAX_TRIES) return false;
  if (vm.translate & Translate.CACHE) store<u32>(at, tries + 1, TRIES);
  return true;
}

/** There is no region at `pc`, or not now: it is not tried again until code changes. */
export function give_up_on(vm: Vm, pc: u64): void {
  store<u32>(entry_of(vm, pc), MAX_TRIES, TRIES);
}
