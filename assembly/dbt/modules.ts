/**
 * The translation cache's budget: modules in the order of their making, and which of them go when there are too many.
 *
 *  +0        ring of `codeModulesMax` modules of Translation.MODULE_BYTES
 *
 * An engine gives back the memory of a module when none of its functions can be reached, so modules are the unit: their functions leave
 * the table together. The oldest go first, an eighth of the budget at a time; but modules none of whose regions is met any more, because
 * the guest has overwritten its code, go before them. Nothing here runs while emitted code is on the stack.
 */

import { code_install, code_release, host_ns } from "../env";
import { VmField } from "../gen/layout";
import { Hart, Vm } from "../gen/state";
import { jump_flush } from "../mem/jump";
import { Install, Translation } from "../shared/constants";
import {
  Region,
  region_free,
  region_is_current,
  region_is_linked,
  region_link,
  region_refused,
  region_unlink,
} from "./region";

enum State {
  FREE = 0,
  /** The host is compiling it. */
  WAITING = 1,
  LINKED = 2,
}

// @ts-ignore: decorator
@unmanaged
export class Module {
  state: u32;
  /** Which installation it is, so that a late answer of the host is told from one that is waited for. */
  ticket: u32;
  /** First index in the core's table. */
  first: u32;
  /** How many functions. */
  count: u32;
  /** Size of the Wasm module. */
  bytes: u32;
  /** Its first region; they are in the order of their functions. */
  regions: u32;
}

// @ts-ignore: decorator
@inline function module_at(vm: Vm, index: u32): Module {
  return changetype<Module>(<usize>vm.modules + <usize>index * Translation.MODULE_BYTES);
}

// @ts-ignore: decorator
@inline function after(vm: Vm, index: u32): u32 {
  return index + 1 == vm.codeModulesMax ? 0 : index + 1;
}

/** True when the budget has room for `regions` more and a module of `bytes`. */
function has_room(vm: Vm, regions: u32, bytes: u32): bool {
  return vm.regionCount + regions <= vm.regionMax && vm.codeBytes + bytes <= vm.codeBytesMax;
}

/** Makes room for `regions` more regions in a module of `bytes`. False when the budget is smaller than that. */
export function make_room(vm: Vm, regions: u32, bytes: u32): bool {
  if (has_room(vm, regions, bytes) && vm.moduleSpan < vm.codeModulesMax) return true;
  if (regions > vm.regionMax || bytes > vm.codeBytesMax) return false;
  // More than is needed now, because emptying the jump caches and looking through the modules costs the same for one as for many.
  const spareRegions = max(regions, vm.regionMax >> 3);
  const spareModules = vm.codeModulesMax - max(1, vm.codeModulesMax >> 3);
  const spareBytes = max(bytes, vm.codeBytesMax >> 3);
  for (let i: u32 = 0, at = vm.moduleFirst; i < vm.moduleSpan; i++, at = after(vm, at)) {
    const m = module_at(vm, at);
    if (m.state == State.LINKED && is_stale(m)) drop(vm, m);
  }
  while (vm.moduleSpan && (!has_room(vm, spareRegions, spareBytes) || vm.moduleSpan > spareModules)) {
    const m = module_at(vm, vm.moduleFirst);
    if (m.state != State.FREE) drop(vm, m);
    vm.moduleFirst = after(vm, vm.moduleFirst);
    vm.moduleSpan -= 1;
  }
  flush_jumps(vm);
  return true;
}

function flush_jumps(vm: Vm): void {
  for (let i: usize = 0; i < <usize>vm.hartCount; i++) {
    jump_flush(changetype<Hart>(<usize>load<u32>(changetype<usize>(vm) + VmField.harts + (i << 2))));
  }
}

/** True when none of its regions is met any more. */
function is_stale(m: Module): bool {
  for (let at = m.regions; at;) {
    const region = changetype<Region>(<usize>at);
    if (region_is_linked(region) && region_is_current(region)) return false;
    at = region.next;
  }
  return true;
}

function drop(vm: Vm, m: Module): void {
  for (let at = m.regions; at;) {
    const region = changetype<Region>(<usize>at);
    at = region.next;
    region_unlink(region);
    region_free(vm, region);
    vm.countEvicted += 1;
  }
  if (m.state == State.LINKED) code_release(<u32>changetype<usize>(vm), m.first, m.count);
  free(vm, m);
}

function refuse(vm: Vm, m: Module): void {
  for (let at = m.regions; at;) {
    const region = changetype<Region>(<usize>at);
    at = region.next;
    region_refused(vm, region);
  }
  free(vm, m);
}

function free(vm: Vm, m: Module): void {
  m.state = State.FREE;
  vm.codeBytes -= m.bytes;
  vm.moduleCount -= 1;
}

/** Forgets all translated code. */
export function modules_clear(vm: Vm): void {
  while (vm.moduleSpan) {
    const m = module_at(vm, vm.moduleFirst);
    if (m.state != State.FREE) drop(vm, m);
    vm.moduleFirst = after(vm, vm.moduleFirst);
    vm.moduleSpan -= 1;
  }
  flush_jumps(vm);
}

/**
 * Has the host compile the module of `bytes` at `ma`, with the functions of the `count` regions that are listed from `regions`, for
 * which `make_room` has made room.
 */
export function module_add(vm: Vm, ma: u32, bytes: u32, regions: u32, count: u32): void {
  let index = vm.moduleFirst + vm.moduleSpan;
  if (index >= vm.codeModulesMax) index -= vm.codeModulesMax;
  const m = module_at(vm, index);
  vm.moduleTicket += 1;
  vm.moduleSpan += 1;
  vm.moduleCount += 1;
  vm.codeBytes += bytes;
  vm.countCodeBytes += bytes;
  m.state = State.WAITING;
  m.ticket = vm.moduleTicket;
  m.count = count;
  m.bytes = bytes;
  m.regions = regions;
  const start = host_ns();
  const first = code_install(<u32>changetype<usize>(vm), m.ticket, ma, bytes, count);
  vm.compileNs += <u64>(host_ns() - start);
  if (first != Install.LATER) settle(vm, m, first);
}

/** The host has answered. */
function settle(vm: Vm, m: Module, first: i32): void {
  if (first == Install.REFUSED) refuse(vm, m);
  else link(vm, m, first);
}

function link(vm: Vm, m: Module, first: u32): void {
  m.state = State.LINKED;
  m.first = first;
  vm.countRegion += m.count;
  let index = first;
  for (let at = m.regions; at;) {
    const region = changetype<Region>(<usize>at);
    at = region.next;
    region_link(region, index);
    index += 1;
  }
}

/**
 * The host has compiled the module it was given with `ticket`, and its functions are in the table from `first`; or has failed to
 * (`Install.REFUSED`). False when nobody waits for it any more: the functions are the host's to remove.
 */
export function module_ready(vm: Vm, ticket: u32, first: i32): bool {
  for (let i: u32 = 0, at = vm.moduleFirst; i < vm.moduleSpan; i++, at = after(vm, at)) {
    const m = module_at(vm, at);
    if (m.state != State.WAITING || m.ticket != ticket) continue;
    settle(vm, m, first);
    return true;
  }
  return false;
}
