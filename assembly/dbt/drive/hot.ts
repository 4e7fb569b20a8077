/** Translates what is hot, and in the same module what is warm: an engine's price for a module hardly depends on its size. */

import { host_ns } from "../../state/env";
import { Hart, Vm } from "../../state/state";
import { code_of } from "../../state/regs";
import { ask_exit } from "../../state/raise";
import { current_mode, region_at } from "../cache/cache";
import {
  counter_pc,
  heat_ban,
  heat_reset,
  LAST_COUNTER,
  next_warm,
  region_room,
  warm_threshold,
} from "../profile/heat";
import { is_stale } from "../region/form";
import { lift } from "../front/riscv/lift";
import { lower } from "../lower/lower";
import { module_close, module_open } from "../lower/module";
import { make_room, module_add, regions_refused } from "../cache/modules";
import { liveness } from "../analysis/live";
import { narrow } from "../opt/narrow";
import { spans } from "../analysis/spans";
import { lower_entry } from "../lower/entry";
import { region_at_index, region_make } from "../cache/region";
import { shape } from "./shape";
import { Exit, Translate } from "../../shared/constants";
import { table, target } from "../ir/block";
import { Dbt, Float, MAX_INSNS, Shape } from "../ir/dbt";
import { Mode } from "../../shared/ir";

/** Functions in a module at most. */
const BATCH: u32 = 96;

/** No more regions are added to a module of this many bytes: compiling it is a pause. */
const BATCH_BYTES: u32 = 32 << 10;

/** A region may have this many times the instructions that it may have at first, when one long block has that many. */
const WHOLE_ROOM: u32 = 4;

/** How often the translator is rehearsed while the first address becomes hot. */
const REHEARSALS: u32 = 4;

// @ts-ignore: decorator
@inline function batch(vm: Vm): u32 {
  return min(BATCH, max(1, vm.regionMax >> 3));
}

/** Translates the region at `pc`, which is hot, and others that are warm, and links them. */
export function translate(hart: Hart, pc: u64): void {
  const vm = changetype<Vm>(<usize>hart.vm);
  const t = changetype<Dbt>(<usize>vm.dbt);
  const start = host_ns();
  t.functions = 0;
  translate_batch(t, hart, vm, pc);
  note_pause(vm, start);
  vm.translations += max(1, t.functions);
  if (vm.translationsMax && vm.translations >= vm.translationsMax && !hart.exitReason) ask_exit(hart, Exit.PAUSE);
}

function note_pause(vm: Vm, start: f64): void {
  const ns = <u64>(host_ns() - start);
  vm.translateNs += ns;
  if (ns > vm.pauseNs) vm.pauseNs = ns;
}

/**
 * Translates the region at `pc` for nothing, a few times before there is the first that is hot: engines compile the translator itself
 * only when it is run, and well only when it has been run for some time. Not all of that is to fall into one pause.
 */
export function rehearse(hart: Hart, pc: u64, steps: u32): void {
  const vm = changetype<Vm>(<usize>hart.vm);
  const part = max(1, vm.hotThreshold / REHEARSALS);
  const code = code_of(vm);
  if (code.regionsMade || code.heatSteps > vm.hotThreshold || code.heatSteps % part >= steps) return;
  const t = changetype<Dbt>(<usize>vm.dbt);
  const start = host_ns();
  begin(t, hart, vm);
  compile(t, hart, pc);
  note_pause(vm, start);
}

function translate_batch(t: Dbt, hart: Hart, vm: Vm, pc: u64): void {
  if (!make_room(vm, batch(vm), 0)) return;
  begin(t, hart, vm);
  const start = t.at;
  if (!add(t, hart, vm, pc)) {
    vm.countRefused += 1;
    heat_ban(vm, pc);
    return;
  }
  heat_reset(vm, pc);
  add_warm(t, hart, vm, start);
  const module = module_close(t);
  const bytes = t.at - module;
  if (!module || code_of(vm).codeBytes + bytes > vm.codeBytesMax) discard(vm, bytes, t.functions);
  else module_add(vm, module, bytes, t.functions);
}

/** Begins a module for regions of `hart` as it is now. */
export function begin(t: Dbt, hart: Hart, vm: Vm): void {
  t.ramPa = vm.ramPa;
  t.ramSize = vm.ramSize;
  t.ramMa = vm.ramMa;
  t.switches = vm.translate;
  t.maxInsns = min(region_room(vm), MAX_INSNS);
  t.wholeInsns = min(WHOLE_ROOM * vm.maxInsns, MAX_INSNS);
  t.float = vm.translate & Translate.INLINE_FP ? (hart.frm ? Float.INLINE : Float.INLINE | Float.NEAREST) : 0;
  t.sensitive = vm.sensitive;
  module_open(t);
}

/** There is no room for the module: next time there will be, when it is not larger than the whole budget. */
function discard(vm: Vm, bytes: u32, count: u32): void {
  if (bytes > vm.codeBytesMax) regions_refused(vm, count);
  else make_room(vm, 0, vm.codeBytesMax);
}

/** Adds what is nearly hot too, as long as the module, whose functions begin at `start`, is small. */
function add_warm(t: Dbt, hart: Hart, vm: Vm, start: u32): void {
  const limit = batch(vm);
  const steps = <i32>warm_threshold(vm);
  for (let i = next_warm(hart, vm, 0, steps); i < LAST_COUNTER; i = next_warm(hart, vm, i + 1, steps)) {
    if (t.functions == limit || t.at - start > BATCH_BYTES) return;
    const pc = counter_pc(vm, i);
    if (!region_at(hart, pc) && !is_entry(t, vm, pc)) add(t, hart, vm, pc);
    heat_reset(vm, pc);
  }
}

/** Appends a function for each other entry of the rooted region just made: it calls the region's with the distance of the entry. */
function entries(t: Dbt, hart: Hart, vm: Vm): void {
  const main = t.functions - 1;
  const tab = table(t, 0);
  const limit = batch(vm);
  for (let i: u32 = 0; i < tab.count && t.functions < limit; i++) {
    const to = target(tab, i);
    if (!to.block || to.pc == t.entryPc || !region_make(t, hart, vm, to.pc)) continue;
    lower_entry(t, main, <i32>(to.pc - t.entryPc));
    t.functions += 1;
  }
}

/** True when the module in the making has an entry at `pc` already. */
function is_entry(t: Dbt, vm: Vm, pc: u64): bool {
  const code = code_of(vm);
  for (let i = code.regionCount - t.functions; i < code.regionCount; i++) {
    if (region_at_index(code, i).va == pc) return true;
  }
  return false;
}

/** Appends the function of the region at `pc` to the module in the making. False when it cannot be had. */
function add(t: Dbt, hart: Hart, vm: Vm, pc: u64): bool {
  const start = t.at;
  if ((compile(t, hart, pc) || compile_open(t, hart, pc, start)) && region_make(t, hart, vm, pc)) {
    t.functions += 1;
    if (t.shape == Shape.ROOTED) entries(t, hart, vm);
    return true;
  }
  t.at = start;
  t.full = 0;
  return false;
}

/** Tries again without dispatch tables when it was with them that the region was too much. */
function compile_open(t: Dbt, hart: Hart, pc: u64, start: u32): bool {
  if (t.shape == Shape.OPEN) return false;
  const switches = t.switches;
  t.at = start;
  t.full = 0;
  t.switches = switches & ~Translate.JUMP_TABLES;
  const done = compile(t, hart, pc);
  t.switches = switches;
  return done;
}

/** All stages that look at the guest's code. */
function read(t: Dbt, hart: Hart, pc: u64): bool {
  return shape(t, hart, pc) && lift(t, hart);
}

/** Appends the region's function, and does nothing else: all stages of the translator, one after another. */
export function compile(t: Dbt, hart: Hart, pc: u64): bool {
  t.mode = current_mode(hart);
  // Once more when that has had code read that is new: it is known now. Not when there are too few decoded pages for the region.
  if (!read(t, hart, pc) && !(is_stale(t) && read(t, hart, pc))) return false;
  if (!t.floats) t.mode &= ~Mode.FLOAT;
  liveness(t);
  narrow(t);
  spans(t, t.scratch);
  return lower(t, t.scratch);
}
