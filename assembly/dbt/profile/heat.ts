/**
 * How hot addresses are: interpreted steps are charged to an address, and one with enough of them is worth translating.
 *
 *  4096 counters (pc_table.ts)   +0 u64 pc | +8 i32 steps | +12 u32 privilege mode
 *
 * Costs the interpreter nothing between its stops, and depends on instruction counts alone. A new address takes the place of the colder
 * one of its set when it has outweighed it. All counters are halved from time to time, so that heat means "lately". A negative count is
 * an address that could not be translated: it is not tried again until it has been charged that many steps.
 */

import { Hart, Vm } from "../../state/state";
import { code_of } from "../../state/regs";
import { Engine, Translation } from "../../shared/constants";
import { pc_entry, pc_find } from "./pc_table";

const COUNTER_BYTES: usize = 16;
const COUNTER_BITS: u32 = 12;
const COUNTERS: u32 = 1 << COUNTER_BITS;

if (COUNTER_BYTES << COUNTER_BITS != Translation.HEAT_BYTES) ERROR("HEAT_BYTES is wrong");

/** Counters are halved whenever this many steps have been charged. */
const HALF_LIFE: u32 = 1 << 26;

/** Steps that are charged to an address that cannot be translated before it is tried again. */
const BAN: i32 = 1 << 22;

/** A quarter of the steps that make an address hot for the engine that translates everything when its budget has been used up once. */
const CHOOSY: u32 = 1024;

/**
 * Regions with which the threshold of tiered execution has doubled, and has grown by as much again with each further so many. A program has
 * its loops translated soon; of what comes after hundreds of regions most is executed seldom, and engines need as long for
 * one region as the interpreter for a million steps.
 */
const RISE: u64 = 64;
/** It stops at this many times what it was. */
const RISEN: u64 = 8;

/** Regions become smaller up to this many times. */
const SMALLEST: u64 = 4;

/** Steps stop counting here. */
const HOTTEST: i32 = 1 << 30;

// @ts-ignore: decorator
@unmanaged
export class Counter {
  pc: u64;
  steps: i32;
  priv: u32;
}

// @ts-ignore: decorator
@inline function counter(vm: Vm, index: u32): Counter {
  return changetype<Counter>(<usize>vm.hot + <usize>index * COUNTER_BYTES);
}

// @ts-ignore: decorator
@inline function magnitude(c: Counter): i32 {
  return c.steps < 0 ? -c.steps : c.steps;
}

/** The counter of `pc`; or of another one, which would have to give way to it. */
function counter_of(vm: Vm, pc: u64): Counter {
  return changetype<Counter>(pc_entry(<usize>vm.hot, COUNTER_BITS, COUNTER_BYTES, pc));
}

/** Charges `steps` interpreted steps to `pc`; true when it is hot now. */
export function heat(hart: Hart, vm: Vm, pc: u64, steps: u32): bool {
  const code = code_of(vm);
  code.heatSteps += steps;
  if (code.heatSteps >= HALF_LIFE) cool(vm);
  const c = counter_of(vm, pc);
  if (c.pc != pc) {
    const rest = magnitude(c) - <i32>steps;
    if (rest > 0) {
      c.steps = c.steps < 0 ? -rest : rest;
      return false;
    }
    c.pc = pc;
    c.steps = 0;
  }
  c.steps = min(c.steps + <i32>steps, HOTTEST);
  c.priv = hart.priv;
  return c.steps >= <i32>hot_threshold(vm);
}

/**
 * Steps that make an address hot. The engine that translates everything does so until its budget is used up. It is a little choosy then,
 * and four times more so after each further time: what does not fit would be translated and thrown away again and again.
 */
export function hot_threshold(vm: Vm): u32 {
  if (vm.engine != Engine.TRANSLATE) return risen(vm, vm.hotThreshold);
  return min(vm.hotThreshold, CHOOSY << min(16, 2 * code_of(vm).overflows));
}

/** Steps with which an address is translated along with a hot one. */
export function warm_threshold(vm: Vm): u32 {
  return vm.engine == Engine.TRANSLATE ? hot_threshold(vm) >> 1 : risen(vm, vm.warmThreshold);
}

// @ts-ignore: decorator
@inline function risen(vm: Vm, threshold: u32): u32 {
  return <u32>min(<u64>HOTTEST, threshold * rise(vm));
}

/** How many times hotter than the first an address must be. */
// @ts-ignore: decorator
@inline function rise(vm: Vm): u64 {
  return min(RISEN, 1 + code_of(vm).regionsMade / RISE);
}

/** Instructions that a region may have: the more regions there are, the fewer, for engines optimize small functions sooner. */
export function region_room(vm: Vm): u32 {
  return vm.engine == Engine.TRANSLATE ? vm.maxInsns : max(1, vm.maxInsns / <u32>min(SMALLEST, rise(vm)));
}

/** Halves all counters. */
function cool(vm: Vm): void {
  code_of(vm).heatSteps = 0;
  for (let i: u32 = 0; i < COUNTERS; i++) {
    const c = counter(vm, i);
    c.steps /= 2;
  }
}

/** `pc` has been translated: it starts anew, should its translation be lost. */
export function heat_reset(vm: Vm, pc: u64): void {
  const c = changetype<Counter>(pc_find(<usize>vm.hot, COUNTER_BITS, COUNTER_BYTES, pc));
  if (changetype<usize>(c)) c.steps = 0;
}

/** `pc`'s translation is lost, and is wanted again as soon as `pc` is come to. */
export function heat_again(hart: Hart, vm: Vm, pc: u64): void {
  const c = counter_of(vm, pc);
  c.pc = pc;
  c.steps = <i32>hot_threshold(vm) - 1;
  c.priv = hart.priv;
}

/** `pc` cannot be translated, or is being so: leaves it alone for a while. */
export function heat_ban(vm: Vm, pc: u64): void {
  const c = counter_of(vm, pc);
  c.pc = pc;
  c.steps = -BAN;
}

export function heat_clear(vm: Vm): void {
  memory.fill(<usize>vm.hot, 0, Translation.HEAT_BYTES);
  code_of(vm).heatSteps = 0;
}

/** The next counter from `index` on that has at least `steps` and was last charged in the present mode; COUNTERS when there is none. */
export function next_warm(hart: Hart, vm: Vm, index: u32, steps: i32): u32 {
  while (index < COUNTERS) {
    const c = counter(vm, index);
    if (c.steps >= steps && c.priv == hart.priv) break;
    index += 1;
  }
  return index;
}

// @ts-ignore: decorator
@inline export function counter_pc(vm: Vm, index: u32): u64 {
  return counter(vm, index).pc;
}

export const LAST_COUNTER: u32 = COUNTERS;
