/**
 * The translation cache's budget. When it is used up, everything is thrown away: engines (V8 in node 20, for one) keep an instance as long as
 * a table that it imports, so functions that call each other through one table can only be given back together.
 *
 * Nothing here runs while emitted code is on the stack.
 */

import { code_flush, code_install, host_ns } from "../../state/env";
import { CodeSpace, Vm } from "../../state/state";
import { code_of } from "../../state/regs";
import { heat_ban, heat_clear, heat_reset } from "../profile/heat";
import { jump_flush_all } from "../../mem/jump";
import { CodePool, Engine, Install } from "../../shared/constants";
import { region_at_index, region_link, region_unlink } from "./region";

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
  const code = code_of(vm);
  if (code.overflows < MOST_OVERFLOWS) code.overflows += 1;
  if (vm.engine == Engine.TRANSLATE && code.overflows == 1) heat_clear(vm);
}

function has_room(vm: Vm, regions: u32, bytes: u32): bool {
  const code = code_of(vm);
  if (code.regionCount + regions > vm.regionMax || code.moduleCount == vm.codeModulesMax) return false;
  return code.codeBytes + bytes <= vm.codeBytesMax;
}

/** Forgets all translated code that the VM has, alone or with others. */
export function modules_clear(vm: Vm): void {
  const code = code_of(vm);
  vm.countEvicted += code.regionCount;
  regions_unlink(code);
  code.regionCount = 0;
  code.moduleCount = 0;
  code.codeBytes = 0;
  let at = load<u32>(<usize>vm.codePages, CodePool.VMS);
  for (; at; at = changetype<Vm>(<usize>at).nextVm) {
    if (changetype<Vm>(<usize>at).code == vm.code) jump_flush_all(changetype<Vm>(<usize>at));
  }
  code_flush(vm.code);
}

/** Nothing leads to the regions any more. */
export function regions_unlink(code: CodeSpace): void {
  for (let i: u32 = 0; i < code.regionCount; i++) region_unlink(region_at_index(code, i));
}

/** Has the host compile the module of `bytes` at `ma`, with the functions of the last `count` regions, for which there is room. */
export function module_add(vm: Vm, ma: u32, bytes: u32, count: u32): void {
  const code = code_of(vm);
  const first = code.regionCount - count;
  code.moduleCount += 1;
  code.codeBytes += bytes;
  vm.countCodeBytes += bytes;
  const start = host_ns();
  const answer = code_install(vm.code, first, ma, bytes, count);
  vm.compileNs += <u64>(host_ns() - start);
  if (answer == Install.LATER) ban(vm, first, count);
  else module_ready(vm, first, count, answer);
}

/** The regions are interpreted until the host has answered, or for some time when it has refused: that must not make them hot again. */
function ban(vm: Vm, first: u32, count: u32): void {
  for (let i = first; i < first + count; i++) heat_ban(vm, region_at_index(code_of(vm), i).va);
}

/** The last `count` regions cannot be had. */
export function regions_refused(vm: Vm, count: u32): void {
  vm.countRefused += count;
  const code = code_of(vm);
  ban(vm, code.regionCount - count, count);
  code.regionCount -= count;
}

/**
 * The host has put the functions of `count` regions, the first of which is number `first`, into the table, or has refused them. When
 * everything has been thrown away since it was asked, it must not call this.
 */
export function module_ready(vm: Vm, first: u32, count: u32, answer: Install): void {
  const code = code_of(vm);
  if (answer == Install.REFUSED) {
    vm.countRefused += count;
    ban(vm, first, count);
    if (first + count == code.regionCount) code.regionCount -= count;
    return;
  }
  vm.countRegion += count;
  code.regionsMade += count;
  for (let i: u32 = 0; i < count; i++) {
    const region = region_at_index(code, first + i);
    region_link(region, first + i);
    heat_reset(vm, region.va);
  }
}
