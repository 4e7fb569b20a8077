/** The dispatcher: finds the region for a pc and calls it; and what emitted code calls back. */

import { code_page, page_renew, record_peek } from "../../code/pages";
import { host_ns } from "../../state/env";
import { execute } from "../../interp/execute";
import { Flow, Op, OpFlag } from "../../isa/op";
import { op_flags, op_flow } from "../../isa/optable";
import { Hart, Vm } from "../../state/state";
import { csr_access } from "../../hart/csr";
import { NO_PC } from "../../hart/illegal";
import { work_done } from "../../hart/pace";
import { ask_exit, trap_forgotten } from "../../state/raise";
import { base, code_of, csr, imm, rs1IsZero, x1 } from "../../state/regs";
import { OVERSHOOT, run_predecoded, step_decoded } from "../../interp/step";
import { jump_flush_all } from "../../mem/jump";
import { tlb_entry } from "../../mem/tlb";
import { load_ram, span_ram, store_ram } from "../../mem/vmem";
import { Access, Engine, Exit, Priv, Sensitive, Tlb, Translate } from "../../shared/constants";
import { Status } from "../../shared/csr";
import {
  assume,
  assumed_mode,
  current_mode,
  jump_entry,
  jump_fill,
  runs_anywhere,
  mode_holds,
  region_at,
  sync_mode,
} from "../cache/cache";
import { is_access, is_untranslatable, record_op } from "../region/form";
import { heat, heat_again, heat_ban } from "../profile/heat";
import { rehearse, translate } from "./hot";
import { CALL_DEPTH, depth_at } from "../lower/entry";
import { System } from "../lower/locals";
import { modules_clear } from "../cache/modules";
import { as_entered, note_entered } from "./entered";
import { observe_at } from "./observe";
import { Region, region_at_index, region_expire, region_is_current, region_same_body } from "../cache/region";
import { Failed, site_failed } from "../profile/sites";
import { Dbt } from "../ir/dbt";
import { Mode } from "../../shared/ir";
import { give_up_on, may_try } from "../profile/tries";

/** One in this many periods of interpretation is timed: looking at the host's clock takes as long as thirty steps. */
const TIMED: u32 = 256;
/** After a period of this many steps the next one is timed as well. */
const LONG_PERIOD: u32 = 1024;

/**
 * Steps that it costs a program to leave translated code for cold code, and to come back: the callers' functions are left as well, and
 * are entered one by one. What a kernel leaves for is mostly executed seldom: charging it makes a boot 5 to 13% slower.
 */
const EXIT_STEPS: u32 = 64;

/**
 * Runs translated code where there is some, and interprets the rest, until no fuel is left or attention is asked for. Where the fast loop
 * might overshoot that, the interpreter's loop must be the exact one.
 */
export function run_translated(hart: Hart): void {
  const vm = changetype<Vm>(<usize>hart.vm);
  sync_mode(hart);
  // 1 when translated code has been left for the present pc.
  let left: u64 = 0;
  while (hart.fuel && !hart.attention) {
    if (work_done(hart)) break;
    const pc = hart.pc;
    const entry = jump_entry(hart, pc);
    const hit = load<u64>(entry) == pc;
    if (!hit && !find(hart, pc)) {
      vm.countExitCold += left;
      const price: u32 = left && hart.priv == Priv.U ? EXIT_STEPS : 0;
      left = 0;
      if (vm.engine == Engine.TRANSLATE && !code_of(vm).overflows) reach(hart, vm, pc);
      else interpret_cold(hart, vm, price);
      sync_mode(hart);
      continue;
    }
    if (hart.fuel < load<u32>(entry, 12)) {
      vm.countExitFuel += left;
      run_predecoded(hart, hart.fuel, true, false);
      return;
    }
    if (hit) vm.countExitDispatch += left;
    else vm.countExitMiss += left;
    left = enter(hart, vm, load<u32>(entry, 8));
    if (!(hart.wanted & 1)) translate_wanted(hart, vm);
  }
  if (hart.attention) vm.countExitAttention += left;
  else vm.countExitFuel += left;
}

/** Calls the region at `index` of the VM's table, whose entry is at `hart.pc`, and returns its answer; `depth`: how deep it may call others. */
export function call_region(hart: Hart, vm: Vm, index: u32, depth: u32): u64 {
  const fuel = hart.fuel;
  hart.fuelBase = hart.instret + fuel;
  const next = call_indirect<u64>(
    vm.enter,
    <u32>base(hart),
    fuel,
    depth_at(hart.pc, depth, runs_anywhere(hart, vm)),
    index,
  );
  hart.instret = hart.fuelBase - hart.fuel;
  return next;
}

/** The instruction at `hart.pc` is one that a region has left to the interpreter. */
export function interpret_for_region(hart: Hart, vm: Vm): void {
  if (hart.spanSplit || assumed_mode(hart) & Mode.FLAT) note_split(hart, vm);
  step_decoded(hart);
}

/** Enters the region at `index`. 0 when the instruction that it ended at has been interpreted. */
function enter(hart: Hart, vm: Vm, index: u32): u64 {
  const fuel = hart.fuel;
  note_entered(hart);
  const next = call_region(hart, vm, index, CALL_DEPTH);
  vm.countEntry += 1;
  vm.countTranslated += fuel - hart.fuel;
  hart.pc = next & ~1;
  // A sensitive instruction may have asked for attention as the last thing that translated code did.
  if (!(next & 1) || hart.attention) return 1;
  if (vm.sensitive == Sensitive.EXIT && is_sensitive(hart)) {
    ask_exit(hart, Exit.SENSITIVE);
    return 1;
  }
  // What has been entered may not even begin with this instruction, in the mode that the hart is in now.
  if (!as_entered(hart)) {
    sync_mode(hart);
    return 1;
  }
  const traps = hart.countTrap;
  interpret_for_region(hart, vm);
  if (hart.countTrap == traps) vm.countExitStep += 1;
  else vm.countExitTrap += 1;
  sync_mode(hart);
  return 0;
}

/** Whether the instruction at `hart.pc` is a system instruction. */
function is_sensitive(hart: Hart): bool {
  return op_flow(record_op(record_peek(hart, hart.pc))) == Flow.SYSTEM;
}

/**
 * A check of a span has failed at the hart's pc though the access itself might not: in pages that do not lie side by side, or over the
 * end of RAM. Where that happens often, regions do without merged checks: the one that it was in is made anew, or all of the page where
 * that is not known.
 */
function note_split(hart: Hart, vm: Vm): void {
  const isSplit = hart.spanSplit != 0;
  hart.spanSplit = 0;
  const record = record_peek(hart, hart.pc);
  if (!is_access(record_op(record))) return;
  const page = (x1(hart, record) + imm(record)) >> 12;
  const failed = site_failed(changetype<Dbt>(<usize>vm.dbt), hart.pc, page, <u32>hart.instret, isSplit);
  if (failed == Failed.SELDOM) return;
  const entry = hart.pc - <i64>(<i32>hart.splitFrom & ~1);
  const found = isSplit && failed == Failed.OFTEN ? region_at(hart, entry) : 0;
  if (found) renew_body(hart, vm, changetype<Region>(found), entry);
  else {
    const page = code_page(hart, hart.pc);
    if (!page) return;
    page_renew(page);
  }
  jump_flush_all(vm);
}

/** All entries of the region at `pc` are to be made anew, as soon as they are come to; others of its pages stay. */
function renew_body(hart: Hart, vm: Vm, main: Region, pc: u64): void {
  const code = code_of(vm);
  const by = pc - main.va;
  for (let i: u32 = 0; i < code.regionCount; i++) {
    const region = region_at_index(code, i);
    if (!region_same_body(region, main) || !region_is_current(region)) continue;
    region_expire(region);
    heat_again(hart, vm, region.va + by);
  }
}

/** Interprets until `limit` steps are done (`exact`: not one more), attention is asked for, or a region is met that may be entered. */
function interpret_to_region(hart: Hart, limit: u32, exact: bool): void {
  const floor = hart.fuel - limit;
  while (hart.fuel > floor && run_predecoded(hart, hart.fuel - floor, exact, true)) {
    if (load<u64>(jump_entry(hart, hart.pc)) == hart.pc || region_at(hart, hart.pc)) return;
    step_decoded(hart);
  }
}

/** Interprets up to `period` steps, and times that now and then. */
function interpret_period(hart: Hart, vm: Vm, period: u32): void {
  const before = hart.fuel;
  const weight = timing_weight(vm);
  const first = weight ? host_ns() : 0;
  const start = weight ? host_ns() : 0;
  interpret_to_region(hart, period, false);
  // Less what the clock itself takes.
  if (weight) vm.coldNs += weight * <u64>max(0, host_ns() - start - (start - first));
  vm.coldSteps = before - hart.fuel;
}

/** How many periods the time of the one that begins stands for; 0 when it is not timed. */
function timing_weight(vm: Vm): u32 {
  const before = vm.coldPeriods;
  vm.coldPeriods = before + 1;
  if (!before || vm.coldSteps >= LONG_PERIOD) return 1;
  return before % TIMED ? 0 : TIMED;
}

/** Looks for the region at `pc`, and has the jump cache know it. */
export function find(hart: Hart, pc: u64): bool {
  const region = region_at(hart, pc);
  if (!region) return false;
  jump_fill(hart, pc, changetype<Region>(region));
  return true;
}

/**
 * Interprets until a region is met or a period is over, with more than `OVERSHOOT` steps left. The steps are charged to where interpretation
 * began after leaving translated code (with the `price` of that), or, when all of the period went by, to the jump target it ended at. Returns
 * that address when it is hot now, else `NO_PC`.
 */
export function interpret_charged(hart: Hart, vm: Vm, price: u32): u64 {
  const entry = hart.pc;
  const priv = hart.priv;
  const before = hart.fuel;
  const period = min(before - OVERSHOOT, vm.samplePeriod);
  interpret_period(hart, vm, period);
  const done = before - hart.fuel;
  const pc = done < period ? entry : hart.pc;
  // A mode that has changed meanwhile changes what the address means.
  if (!(done + price) || priv != hart.priv) return NO_PC;
  if (heat(hart, vm, pc, done + price)) return pc;
  if (!hart.attention) rehearse(hart, pc, done);
  return NO_PC;
}

/** Interprets what is not translated, and translates what has become hot. */
function interpret_cold(hart: Hart, vm: Vm, price: u32): void {
  if (hart.fuel <= OVERSHOOT) {
    interpret_to_region(hart, hart.fuel, true);
    return;
  }
  const pc = interpret_charged(hart, vm, price);
  if (pc == NO_PC || hart.attention) return;
  if (vm.translate & Translate.CACHE) translate_hot(hart, vm, pc);
  else if (pc == hart.pc) run_once(hart, vm, pc);
}

/** Translates the region at `pc`, after a look at what is executed. */
function translate_hot(hart: Hart, vm: Vm, pc: u64): void {
  if (region_at(hart, pc)) return;
  if (is_untranslatable(hart, pc)) {
    heat_ban(vm, pc);
    return;
  }
  const priv = hart.priv;
  observe_at(hart, vm, pc, (current_mode(hart) & Mode.FLAT) != 0);
  if (priv == hart.priv && !hart.attention) translate(hart, pc);
}

/** Translates what has become hot while translated code waited, if the hart is still in the same mode. */
function translate_wanted(hart: Hart, vm: Vm): void {
  const pc = hart.wanted;
  hart.wanted = NO_PC;
  if (hart.priv != hart.enteredPriv || hart.attention) return;
  translate_hot(hart, vm, pc);
  sync_mode(hart);
}

/** The engine that translates everything: translates what has been reached, or interprets one instruction that cannot be. */
function reach(hart: Hart, vm: Vm, pc: u64): void {
  if (is_untranslatable(hart, pc)) {
    step_decoded(hart);
    return;
  }
  if (may_try(vm, pc)) {
    if (!(vm.translate & Translate.CACHE)) {
      if (run_once(hart, vm, pc)) return;
    } else {
      changetype<Dbt>(<usize>vm.dbt).observed = 0;
      translate(hart, pc);
      if (region_at(hart, pc)) return;
    }
    give_up_on(vm, pc);
  }
  run_predecoded(hart, 1, true, false);
}

/** Translates the region at `pc`, runs it and throws it away; jumps in it find no other. False when it cannot be had. */
function run_once(hart: Hart, vm: Vm, pc: u64): bool {
  translate(hart, pc);
  // The pause that a translation asks for comes after the region has run, which is then thrown away: else it would be made for ever.
  const paused = hart.exitReason == Exit.PAUSE;
  if (paused) {
    hart.exitReason = Exit.NONE;
    hart.attention = 0;
  }
  const region = changetype<Region>(region_at(hart, pc));
  const found = changetype<usize>(region) != 0;
  if (found) {
    if (hart.fuel < region.need) run_predecoded(hart, hart.fuel, true, false);
    else {
      assume(hart, region, pc);
      if (enter(hart, vm, region.index)) vm.countExitCold += 1;
    }
    modules_clear(vm);
  }
  if (paused && !hart.exitReason) ask_exit(hart, Exit.PAUSE);
  return found;
}

/**
 * Emitted code keeps machine addresses in locals (analysis/spans.ts): while it waits for the core, no page moves. What would have to move one
 * is left to the interpreter.
 */
// @ts-ignore: decorator
@inline function pin_frames(hart: Hart, pinned: u32): void {
  changetype<Vm>(<usize>hart.vm).framesPinned = pinned;
}

/** Whether emitted code that misses the TLB must leave: enough has been done, or the host wants the slice to end, for frames have become few. */
// @ts-ignore: decorator
@inline function must_leave(hart: Hart): bool {
  return hart.attention != 0 || work_done(hart);
}

/** Emitted code's TLB miss on a load. The value is left in `mmioData`; 1 when the interpreter must do the instruction. */
export function dbt_load(hartMa: usize, size: u32, va: u64): u64 {
  const hart = changetype<Hart>(hartMa);
  if (must_leave(hart)) return 1;
  pin_frames(hart, 1);
  const done = load_ram(hart, va, size);
  pin_frames(hart, 0);
  return u64(!done);
}

/** Emitted code's TLB miss on a store of `mmioData`; 1 when the interpreter must do the instruction. */
export function dbt_store(hartMa: usize, size: u32, va: u64): u64 {
  const hart = changetype<Hart>(hartMa);
  if (must_leave(hart)) return 1;
  pin_frames(hart, 1);
  const done = store_ram(hart, va, hart.mmioData, size);
  pin_frames(hart, 0);
  return u64(!done);
}

/**
 * Executes the system instruction of record `r` for emitted code, rs1 being in the hart, and says whether the regions that are being
 * run may go on (`System`). With `fuel` steps left before it, `hart.instret` is exact.
 */
export function dbt_system(hartMa: usize, fuel: u32, r: u64): u64 {
  const hart = changetype<Hart>(hartMa);
  if (work_done(hart) || !system_allowed(hart, r)) return System.INTERPRET;
  hart.instret = hart.fuelBase - fuel;
  const flushes = hart.countJumpFlush;
  const frm = hart.frm;
  execute(hart, r);
  const same = hart.countJumpFlush == flushes && hart.frm == frm && mode_holds(hart);
  return same && !hart.attention ? System.GO_ON : System.LEAVE;
}

/** Whether the CSR access or fence of record `r` is one that does not trap. */
function system_allowed(hart: Hart, r: u64): bool {
  const op = record_op(r);
  if (!(op_flags(op) & OpFlag.CSR)) return hart.priv == Priv.M || (hart.priv == Priv.S && !(hart.mstatus & Status.TVM));
  return csr_access(hart, csr(r), op == Op.CSRRW || op == Op.CSRRWI || !rs1IsZero(r));
}

/**
 * Emitted code's check of a span of bytes that the TLB's entry does not decide: the ma of the first, or 0 when the interpreter must do
 * the instruction. `info` is the span's length, with bit 16 set for stores, and from bit 17 on a sixteenth of the distance from the TLB's
 * load set to the micro-TLB's entry that is to have the page, or 0.
 */
export function dbt_span(hartMa: usize, info: u32, va: u64): u64 {
  const hart = changetype<Hart>(hartMa);
  if (must_leave(hart)) return 0;
  const bytes = info & 0xffff;
  const storing = (info >> 16) & 1;
  pin_frames(hart, 1);
  const ma = span_ram(hart, va, bytes, storing ? Access.STORE : Access.LOAD);
  pin_frames(hart, 0);
  if (ma && info >> 17) micro_fill(hart, va, storing, (info >> 17) << 4);
  if (!ma && (<u32>va & 0xfff) + bytes > 0x1000) hart.spanSplit = 1;
  return ma;
}

/** Copies the TLB's entry of `va`'s page, if there is one, to the micro-TLB's entry at `micro`. */
function micro_fill(hart: Hart, va: u64, storing: u32, micro: u32): void {
  const set = <usize>hart.tlbLoad;
  const entry = tlb_entry(<u32>set + (storing ? Tlb.STORE_DELTA : 0), va);
  if (load<u64>(entry) != (va & ~0xfff)) return;
  store<u64>(set + micro, load<u64>(entry));
  store<u64>(set + micro, load<u64>(entry, 8), 8);
}

/**
 * Emitted code's jump to a `pc` that is not in the jump cache: 1 when it is now. Without it two regions that want the same entry would
 * leave translated code for each other, and all calls under way with it.
 */
export function dbt_find(hartMa: usize, unused: u32, pc: u64): u64 {
  const hart = changetype<Hart>(hartMa);
  return u64(!work_done(hart) && find(hart, pc));
}

/** Executes record `r` for emitted code, its operands being in the hart. 1 when it raised: the interpreter does it again. */
export function dbt_callout(hartMa: usize, fuel: u32, r: u64): u64 {
  const hart = changetype<Hart>(hartMa);
  if (work_done(hart)) return 1;
  hart.instret = hart.fuelBase - fuel;
  hart.runPc = NO_PC;
  pin_frames(hart, 1);
  execute(hart, r);
  pin_frames(hart, 0);
  return u64(trap_forgotten(hart));
}
