/**
 * The translation cache's budget. When it is used up, everything is thrown away: engines (V8 in node 20, for one) keep an instance as long as
 * a table that it imports, so functions that call each other through one table can only be given back together.
 *
 * Nothing here runs while emitted code is on the stack.
 */

import { code_flush, code_install, host_ns } from "../../state/env";
import { Vm } from "../../state/state";
import { heat_ban, heat_clear, heat_reset } from "../profile/heat";
import { jump_flush_all } from "../../mem/jump";
import { Engine, Install } from "../../shared/constants";
import { region_at_index, region_link, region_unlink, region_untake } from "./region";

/** They are not counted any further. */
const MOST_OVERFLOWS: u32 = 16;

/** Makes room for `regions` more regions in a module of `bytes`. False when the whole budget is smaller than that. */
export function make_room(vm: Vm, regions: u32, bytes: u32): bool {
  if (has_room(vm, regions, bytes)) return true;
  if (regions > vm.regionMax || bytes > vm.codeBytesMax) return false;
  modules_clear(vm);
  overflow(vm);
  return true;
}

/** From now on the engine that translates everything chooses what to translate: by heat, for which its counters serve no longer. */
function overflow(vm: Vm): void {
  if (vm.overflows < MOST_OVERFLOWS) vm.overflows += 1;
  if (vm.engine == Engine.TRANSLATE && vm.overflows == 1) heat_clear(vm);
}

function has_room(vm: Vm, regions: u32, bytes: u32): bool {
  if (vm.regionCount + regions > vm.regionMax || vm.moduleCount == vm.codeModulesMax) return false;
  return vm.codeBytes + bytes <= vm.codeBytesMax;
}

/** Forgets all translated code. */
export function modules_clear(vm: Vm): void {
  for (let i: u32 = 0; i < vm.regionCount; i++) region_unlink(region_at_index(vm, i));
  vm.countEvicted += vm.regionCount;
  vm.regionCount = 0;
  vm.moduleCount = 0;
  vm.codeBytes = 0;
  jump_flush_all(vm);
  code_flush(<u32>changetype<usize>(vm));
}

/** Has the host compile the module of `bytes` at `ma`, with the functions of the last `count` regions, for which there is room. */
export function module_add(vm: Vm, ma: u32, bytes: u32, count: u32): void {
  const first = vm.regionCount - count;
  vm.moduleCount += 1;
  vm.codeBytes += bytes;
  vm.countCodeBytes += bytes;
  const start = host_ns();
  const answer = code_install(<u32>changetype<usize>(vm), first, ma, bytes, count);
  vm.compileNs += <u64>(host_ns() - start);
  if (answer == Install.LATER) ban(vm, first, count);
  else module_ready(vm, first, count, answer);
}

/** The regions are interpreted until the host has answered, or for some time when it has refused: that must not make them hot again. */
function ban(vm: Vm, first: u32, count: u32): void {
  for (let i = first; i < first + count; i++) heat_ban(vm, region_at_index(vm, i).va);
}

/** The last `count` regions cannot be had. */
export function regions_refused(vm: Vm, count: u32): void {
  vm.countRefused += count;
  ban(vm, vm.regionCount - count, count);
  region_untake(vm, count);
}

/**
 * The host has put the functions of `count` regions, the first of which is number `first`, into the table, or has refused them. When
 * everything has been thrown away since it was asked, it must not call this.
 */
export function module_ready(vm: Vm, first: u32, count: u32, answer: Install): void {
  if (answer == Install.REFUSED) {
    vm.countRefused += count;
    ban(vm, first, count);
    if (first + count == vm.regionCount) region_untake(vm, count);
    return;
  }
  vm.countRegion += count;
  for (let i: u32 = 0; i < count; i++) {
    const region = region_at_index(vm, first + i);
    region_link(region, first + i);
    heat_reset(vm, region.va);
  }
}
