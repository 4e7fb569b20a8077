/**
 * One instruction at a time: the engine that decodes each time, and the slow tail of the predecoded loop.
 *
 * A step is an instruction retired or a trap taken; the budget counts steps, `instret` only what retired.
 */

import { code_page, code_word, decode_record, record_peek } from "../code/pages";
import { decode, decode16 } from "../isa/decode";
import { execute } from "./execute";
import { run_leaf, run_leaf_exact } from "./loop";
import { Op } from "../isa/op";
import { op_length } from "../isa/optable";
import { Hart } from "../state/state";
import { work_done } from "../hart/pace";
import { ask_exit } from "../state/raise";
import { trap_take } from "../hart/trap";
import { Cause, Exit } from "../shared/constants";

/** Traps in a row, with nothing retired between them, that make a storm. */
const STORM: u32 = 100_000;

/** In the engine that decodes each time, one step of this number plus one counts as slow work. */
const WORK_STEPS: u32 = 1;

/** A straight line through a code page is this long at most: the fast loop may overshoot its limit by that. */
export const OVERSHOOT: u32 = 2048;

/** Executes record `r`, which stands at `pc`, with all state in `hart`: registers, pc, instret and traps. One step. */
export function execute_record(hart: Hart, r: u64, pc: u64, bytes: u32): void {
  hart.runPc = pc;
  hart.pc = pc + bytes;
  execute(hart, r);
  if (hart.trapCause == Cause.NONE) hart.instret += 1;
  else take_trap(hart, pc);
  hart.fuel -= 1;
}

/** Takes the raised trap, and asks for an exit when the guest does nothing but trap. */
function take_trap(hart: Hart, pc: u64): void {
  if (hart.trapCause == Cause.NO_FRAME) {
    wait_for_frame(hart, pc);
    return;
  }
  trap_take(hart, pc);
  if (hart.stormInstret != hart.instret) {
    hart.stormInstret = hart.instret;
    hart.stormCount = 0;
  }
  if (++hart.stormCount == STORM) {
    hart.stormCount = 0;
    hart.exitReason = Exit.TRAP_STORM;
    hart.attention = 1;
  }
}

/**
 * The instruction at `pc` has done nothing, for want of a frame or of what a page holds: that is the host's to find, and the instruction is
 * done again. It was no step.
 */
function wait_for_frame(hart: Hart, pc: u64): void {
  hart.trapCause = Cause.NONE;
  hart.pc = pc;
  hart.fuel += 1;
  ask_exit(hart, Exit.MEMORY);
}

/** A fetch at `pc` has raised: one step. */
export function fetch_trap(hart: Hart, pc: u64): void {
  take_trap(hart, pc);
  hart.fuel -= 1;
}

/** Fetches, decodes and executes the instruction at `hart.pc`. One step. */
export function step(hart: Hart): void {
  const pc = hart.pc;
  hart.runPc = pc;
  const word = code_word(hart, pc);
  if (hart.trapCause != Cause.NONE) {
    fetch_trap(hart, pc);
  } else if ((word & 3) == 3) {
    execute_record(hart, decode(word), pc, 4);
  } else {
    execute_record(hart, decode16(<u32>word), pc, 2);
  }
}

/** Executes the instruction at pc by the record that is kept for it. */
export function step_decoded(hart: Hart): void {
  const pc = hart.pc;
  const r = record_peek(hart, pc);
  if (!r) {
    step(hart);
    return;
  }
  const bytes = op_length(<u32>r & 0xff);
  execute_record(hart, r, pc, bytes);
}

/** The engine that decodes each time: runs until `fuel` steps are done or attention is asked for. */
export function interpret(hart: Hart, fuel: u32): void {
  while (hart.fuel && !hart.attention) {
    step(hart);
    if (!(hart.fuel & WORK_STEPS)) work_done(hart);
  }
}

/**
 * The engine that decodes once: runs until `limit` steps are done (`exact`: not one more), or attention is asked for, or, if
 * `regions`, the entry of a translated region is met, whether or not it may be entered now: then it returns true, with `hart.pc` there. A
 * jump to `hart.stopPc` ends it, too.
 */
export function run_predecoded(hart: Hart, limit: u32, exact: bool, regions: bool): bool {
  const floor = hart.fuel - limit;
  while (hart.fuel > floor && !hart.attention) {
    if (work_done(hart)) return false;
    const pc = hart.pc;
    if (pc == hart.stopPc) return false;
    const page = code_page(hart, pc);
    if (!page) {
      if (hart.trapCause != Cause.NONE) fetch_trap(hart, pc);
      else step(hart);
      continue;
    }
    const room = hart.fuel - floor;
    const n = exact ? run_leaf_exact(hart, page, room) : run_leaf(hart, page, room);
    hart.instret += n;
    hart.fuel -= n;
    if (!hart.slowRecord) continue;
    if (regions && load<u8>(hart.slowRecord) == Op.REGION) return true;
    execute_slow(hart, <usize>hart.slowRecord);
  }
  return false;
}

/** The slow tail: decodes the record at `record`, or executes the instruction there, which is at `hart.pc`, whatever it is. */
function execute_slow(hart: Hart, record: usize): void {
  let r = load<u64>(record);
  if ((<u32>r & 0xff) == Op.REGION) r = load<u64>(<usize>(r >> 32));
  const op = <u32>r & 0xff;
  if (op == Op.UNDECODED) decode_record(hart, code_page(hart, hart.pc), record);
  else if (op == Op.STRADDLE) step(hart);
  else execute_record(hart, r, hart.pc, op_length(op));
}
