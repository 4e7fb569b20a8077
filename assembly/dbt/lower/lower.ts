/**
 * A region -> one Wasm function: structured control flow from the dominator tree (Ramsey, "Beyond Relooper", ICFP 2022).
 *
 *   (func (param $hart i32) (param $fuel i32) (param $depth i32) (result i64)
 *     block $exit1 (result i32)  block $exit0 (result i32)     one label for each set of dirty registers
 *       … the blocks …
 *     end  write back …                                        the i32 on the stack says which exit it was
 *     end  … give fuel back, call the next region or return the pc)
 *
 * What the i32 means: exit.ts. Instructions that were executed are charged to the fuel where ways meet, at loop heads and on leaving
 * (`find_uncharged` in analysis/flow.ts).
 */

import { HartField, VmField } from "../../state/layout";
import { Op } from "../../isa/op";
import { HartBlock, Translate } from "../../shared/constants";
import { float_prologue } from "./float_emit";
import { record_length, record_op } from "../region/form";
import { JUMP_TARGET, node } from "../ir/node";
import {
  A32,
  A64,
  CALLEE_FUNCTION,
  DEPTH,
  EXIT,
  FIRST_REGION,
  F32_SCRATCH,
  F64_COUNT,
  FUEL,
  FUNCTION_TYPE,
  HART,
  I32_COUNT,
  I64_COUNT,
  Import,
  local_of,
} from "./locals";
import { load_hart_locals } from "./call";
import { address, count, import_call, label_of, load_registers, store_registers, value } from "./emit";
import { leave, leave_begin, leave_chained, leave_if, MAX_GROUPS } from "./exit";
import { hints_move, hints_trim, unlikely } from "./hint";
import { lower_node } from "./node";
import { COMPUTED } from "./callee";
import { PC_SHIFT, prologue, tell_entry } from "./entry";
import { dispatch } from "./table";
import { is_merge, uncharged_after } from "../analysis/flow";
import { writes } from "../analysis/live";
import { singles } from "../opt/singles";
import { block_spans, span_of, step } from "../analysis/spans";
import { Block, block, ordered } from "../ir/block";
import { Dbt, is_position_independent, may, writer } from "../ir/dbt";
import { mark } from "./mark";
import { ExitValue } from "../../shared/emitted";
import { Mode, Term } from "../../shared/ir";
import { Type, W } from "../wasm/opcode";
import { byte, get, i32c, i64c, mem, op1, open, patch, reserve, set, tee, unsigned, Writer } from "../wasm/writer";

/** Scratch for the spans of the block being lowered: one state for each depth would be too many, so each block reads its own. */
export function lower(t: Dbt, scratch: usize): bool {
  t.groupCount = 0;
  t.chained = 0;
  t.markCount = 0;
  hints_trim(t);
  singles(t);
  const w = writer(t);
  const size = reserve(w);
  const first = t.at;
  locals(t);
  const labels = t.at;
  open(w, W.BLOCK, Type.EMPTY);
  for (let i: u32 = 0; i < MAX_GROUPS; i++) open(w, W.BLOCK, Type.I32);
  body(t, scratch);
  if (t.groupCount > MAX_GROUPS || t.full) return false;
  // Where there are several exits, they leave the outermost block for what all end with.
  const several = t.groupCount > 1;
  if (t.groupCount == 1) store<u8>(<usize>labels + 1, Type.I32);
  close_up(t, labels + 2 * (t.groupCount + u32(several)), labels + 2 * (1 + MAX_GROUPS));
  byte(w, W.UNREACHABLE);
  for (let i: u32 = 0; i < t.groupCount; i++) {
    byte(w, W.END);
    set(w, EXIT);
    store_registers(t, load<u64>(<usize>t.groups + (i << 3)));
    if (i + 1 < t.groupCount) op1(w, W.BR, t.groupCount - 1 - i);
  }
  if (several) byte(w, W.END);
  if (t.groupCount) exit_code(t);
  byte(w, W.END);
  patch(w, size, t.at - first);
  return !t.full;
}

/** Moves what has been emitted from `from` on down to `to`: only now it is known how many exit labels the body needs. */
function close_up(t: Dbt, to: u32, from: u32): void {
  memory.copy(to, from, t.at - from);
  t.at -= from - to;
  hints_move(t, from, from - to);
  for (let i: u32 = 0; i < t.markCount; i++) {
    const at = <usize>t.marks + (i << 4);
    store<u32>(at, load<u32>(at) - (from - to));
  }
}

/** Declares no more locals than the region may use: engines take each of them into account wherever ways meet. */
function locals(t: Dbt): void {
  const w = writer(t);
  unsigned(w, t.singles ? 5 : t.floats ? 4 : 2);
  declare(w, I64_COUNT, Type.I64);
  declare(w, I32_COUNT, Type.I32);
  if (!t.floats) return;
  declare(w, F64_COUNT, Type.F64);
  declare(w, F32_SCRATCH + (t.singles ? 32 : 0), Type.F32);
  if (t.singles) declare(w, 32, Type.I32);
}

function declare(w: Writer, count: u32, type: Type): void {
  unsigned(w, count);
  byte(w, type);
}

/** Prologue and blocks. Labels are counted from here: t.depth is how many are open inside the exit labels. */
function body(t: Dbt, scratch: usize): void {
  t.depth = 0;
  const entry = block(t, 0);
  prologue(t);
  if (!entry.backIn) check_fuel(t, entry);
  load_registers(t, entry.liveIn);
  float_prologue(t, entry.dirtyIn);
  load_hart_locals(t);
  tree(t, entry, scratch);
}

/** Leaves by the exit that EXIT says; the registers are written back. */
function exit_code(t: Dbt): void {
  const w = writer(t);
  get(w, HART);
  get(w, FUEL);
  get(w, EXIT);
  i32c(w, ExitValue.UNCHARGED);
  byte(w, W.I32_AND);
  byte(w, W.I32_SUB);
  if (t.chained) tee(w, FUEL);
  mem(w, W.I32_STORE, HartField.fuel);
  if (t.chained) {
    exit_pc(t);
    set(w, local_of(JUMP_TARGET));
    get(w, EXIT);
    i32c(w, ExitValue.CHAIN);
    byte(w, W.I32_AND);
    open(w, W.IF, Type.EMPTY);
    chain_if_known(t, false, 0);
    byte(w, W.ELSE);
  }
  get(w, HART);
  exit_distance(t);
  mem(w, W.I32_STORE, HartField.splitFrom);
  if (t.chained) {
    byte(w, W.END);
    get(w, local_of(JUMP_TARGET));
  } else exit_pc(t);
}

/** Pushes the pc of the exit. */
function exit_pc(t: Dbt): void {
  const w = writer(t);
  exit_distance(t);
  byte(w, W.I64_EXTEND_I32_S);
  address(t, t.entryPc);
  byte(w, W.I64_ADD);
}

function exit_distance(t: Dbt): void {
  const w = writer(t);
  get(w, EXIT);
  i32c(w, ExitValue.DISTANCE_SHIFT);
  byte(w, W.I32_SHR_S);
}

/** Takes `count` instructions off the fuel. */
function charge(t: Dbt, count: i32): void {
  if (!count) return;
  const w = writer(t);
  get(w, FUEL);
  i32c(w, count);
  byte(w, W.I32_SUB);
  set(w, FUEL);
}

/** Leaves at the block's start when the fuel might not last to the next check. */
function check_fuel(t: Dbt, b: Block): void {
  const w = writer(t);
  if (b.term == Term.DISPATCH) {
    get(w, FUEL);
    i32c(w, <i32>t.longest + 1);
    byte(w, W.I32_LT_S);
    unlikely(t);
    open(w, W.IF, Type.EMPTY);
    leave_to(t, b.dirtyIn);
    byte(w, W.END);
    return;
  }
  leave_begin(t, b.pc, false, 0);
  get(w, FUEL);
  i32c(w, <i32>t.longest + 1);
  byte(w, W.I32_LT_S);
  leave_if(t, b.dirtyIn);
}

/** Emits block `b` and all it dominates. */
function tree(t: Dbt, b: Block, scratch: usize): void {
  const w = writer(t);
  if (b.backIn) {
    open(w, W.LOOP, Type.EMPTY);
    t.depth += 1;
    b.label = t.depth;
    merges(t, b, b.merges, scratch);
    byte(w, W.END);
    // A loop's end is never reached: every path leaves or branches.
    byte(w, W.UNREACHABLE);
    t.depth -= 1;
  } else {
    merges(t, b, b.merges, scratch);
  }
}

/** Emits `b` inside the labels of merge points that it immediately dominates, from `first` on: the last in reverse postorder outermost. */
function merges(t: Dbt, b: Block, first: u32, scratch: usize): void {
  if (!first) {
    block_code(t, b, scratch);
    return;
  }
  const w = writer(t);
  const child = ordered(t, first - 1);
  open(w, W.BLOCK, Type.EMPTY);
  t.depth += 1;
  child.forwardLabel = t.depth;
  merges(t, b, child.nextMerge, scratch);
  byte(w, W.END);
  t.depth -= 1;
  tree(t, child, scratch);
}

/** Goes to successor `succ` of `b` (index + 1), or leaves for `pc` when it is not in the region. */
function go(t: Dbt, b: Block, succ: u32, pc: u64, dirty: u64, scratch: usize): void {
  if (!succ) {
    if (!leave_chained(t, pc, uncharged_after(b), dirty)) chain_far(t, b, pc, dirty);
    return;
  }
  const to = block(t, succ - 1);
  charge(t, <i32>uncharged_after(b) - <i32>to.uncharged);
  if (to.rpo <= b.rpo || is_merge(to)) op1(writer(t), W.BR, label_of(t, b, to));
  else tree(t, to, scratch);
}

function block_code(t: Dbt, b: Block, scratch: usize): void {
  if (b.term != Term.DISPATCH) mark(t, b.pc);
  if (b.backIn) check_fuel(t, b);
  const state = scratch;
  const span = span_of(t);
  memory.copy(state, block_spans(b), 256);
  let dirty = b.dirtyIn;
  t.boxed = 0;
  for (let i = b.irFirst; i < b.irFirst + b.irCount; i++) {
    const found = step(t, b, i, state, span);
    mark(t, b.pc + node(t, i).offset);
    lower_node(t, b, node(t, i), found, state, span, dirty);
    dirty |= writes(node(t, i));
  }
  mark_end(t, b);
  terminator(t, b, dirty, scratch);
}

/** What follows is for the instruction that ends the block, if one does. */
function mark_end(t: Dbt, b: Block): void {
  if (b.term == Term.INTERPRET) mark(t, b.nextPc);
  else if (b.term != Term.NEXT && b.term != Term.DISPATCH) mark(t, b.endPc - record_length(b.record));
}

function terminator(t: Dbt, b: Block, dirty: u64, scratch: usize): void {
  const w = writer(t);
  switch (b.term) {
    case Term.NEXT:
      go(t, b, b.succ0, b.nextPc, dirty, scratch);
      return;
    case Term.JUMP:
      go(t, b, b.succ0, b.targetPc, dirty, scratch);
      return;
    case Term.INTERPRET:
      leave(t, b.nextPc, true, uncharged_after(b), dirty);
      return;
    case Term.BRANCH:
      condition(t, b);
      open(w, W.IF, Type.EMPTY);
      t.depth += 1;
      go(t, b, b.succ0, b.targetPc, dirty, scratch);
      byte(w, W.END);
      t.depth -= 1;
      go(t, b, b.succ1, b.nextPc, dirty, scratch);
      return;
    case Term.RETURN:
    case Term.GUESS:
      get(w, local_of(JUMP_TARGET));
      i64c(w, -2);
      byte(w, W.I64_AND);
      address(t, b.targetPc);
      byte(w, W.I64_EQ);
      open(w, W.IF, Type.EMPTY);
      t.depth += 1;
      if (b.term == Term.GUESS) count(t, VmField.countTable);
      go(t, b, b.succ0, b.targetPc, dirty, scratch);
      byte(w, W.END);
      t.depth -= 1;
      if (b.term == Term.GUESS) go(t, b, b.succ1, b.nextPc, dirty, scratch);
      else chain(t, b, dirty);
      return;
    case Term.INDIRECT:
      if (b.succ0) go(t, b, b.succ0, 0, dirty, scratch);
      else chain(t, b, dirty);
      return;
    case Term.DISPATCH:
      dispatch(t, b);
      chain(t, b, dirty);
      return;
    case Term.RETURN_UP:
      charge(t, <i32>uncharged_after(b));
      leave_to(t, dirty);
      return;
    case Term.CALL:
    case Term.CALL_INDIRECT:
      call(t, b, dirty, scratch);
      return;
  }
}

/** Returns from the region: its caller expects the address in the jump-target temp. */
function leave_to(t: Dbt, dirty: u64): void {
  store_registers(t, dirty);
  even_target(t);
  give_up(t);
}

/** Pushes the branch's condition. */
function condition(t: Dbt, b: Block): void {
  const w = writer(t);
  const rs1 = (<u32>b.record >> 19) & 31;
  const rs2 = <u32>b.record >> 27;
  const op = record_op(b.record);
  if (!rs2 && (op == Op.BEQ || op == Op.BNE)) {
    value(t, rs1);
    byte(w, W.I64_EQZ);
    if (op == Op.BNE) byte(w, W.I32_EQZ);
    return;
  }
  value(t, rs1);
  value(t, rs2);
  if (op == Op.BEQ) byte(w, W.I64_EQ);
  else if (op == Op.BNE) byte(w, W.I64_NE);
  else if (op == Op.BLT) byte(w, W.I64_LT_S);
  else if (op == Op.BGE) byte(w, W.I64_GE_S);
  else if (op == Op.BLTU) byte(w, W.I64_LT_U);
  else byte(w, W.I64_GE_U);
}

/** Pushes the address of the jump-cache entry for the jump-target temp. */
function computed_entry(t: Dbt): void {
  const w = writer(t);
  get(w, local_of(JUMP_TARGET));
  byte(w, W.I32_WRAP_I64);
  i32c(w, 3);
  byte(w, W.I32_SHL);
  i32c(w, HartBlock.JUMP_MASK);
  byte(w, W.I32_AND);
  get(w, HART);
  byte(w, W.I32_ADD);
}

// @ts-ignore: decorator
@inline function jump_base(t: Dbt): u32 {
  return HartBlock.JUMP + (t.mode >> Mode.PRIV_SHIFT) * HartBlock.JUMP_MODE_BYTES;
}

/** Whether the jump-cache entry for a jump to a known address has a known place. */
// @ts-ignore: decorator
@inline function is_known(t: Dbt, direct: bool): bool {
  return direct && !is_position_independent(t);
}

/** Pushes what `entry_offset` is counted from, and keeps it in `entry_local`. The jump-target temp holds the address; `direct`: it is known. */
function push_entry(t: Dbt, direct: bool): void {
  const w = writer(t);
  if (is_known(t, direct)) {
    get(w, HART);
    return;
  }
  computed_entry(t);
  tee(w, A32);
}

// @ts-ignore: decorator
@inline function entry_local(t: Dbt, direct: bool): u32 {
  return is_known(t, direct) ? HART : A32;
}

/** Where the jump-cache entry for the jump to `pc` is, from `entry_local`. */
function entry_offset(t: Dbt, direct: bool, pc: u64): u32 {
  return jump_base(t) + (is_known(t, direct) ? <u32>(pc << 3) & HartBlock.JUMP_MASK : 0);
}

/** Clears bit 0 of the jump-target temp, as JALR does. */
function even_target(t: Dbt): void {
  const w = writer(t);
  get(w, local_of(JUMP_TARGET));
  i64c(w, -2);
  byte(w, W.I64_AND);
  set(w, local_of(JUMP_TARGET));
}

/** A jump to a computed address: a tail call of its region when the jump cache knows it, else back to the dispatcher. */
function chain(t: Dbt, b: Block, dirty: u64): void {
  const w = writer(t);
  charge(t, <i32>uncharged_after(b));
  store_registers(t, dirty);
  even_target(t);
  if (!may(t, Translate.INDIRECT_CACHE)) {
    give_up(t);
    return;
  }
  push_entry(t, false);
  mem(w, W.I64_LOAD, jump_base(t));
  get(w, local_of(JUMP_TARGET));
  byte(w, W.I64_EQ);
  or_find(t);
  open(w, W.IF, Type.EMPTY);
  count(t, VmField.countIndirect);
  tail_call(t, A32, jump_base(t) + 8);
  byte(w, W.END);
  count(t, VmField.countIndirectMiss);
  give_up(t);
}

/** A jump out of the region to `pc`, which is too far away for an exit label, in the same way. */
function chain_far(t: Dbt, b: Block, pc: u64, dirty: u64): void {
  const w = writer(t);
  charge(t, <i32>uncharged_after(b));
  store_registers(t, dirty);
  address(t, pc);
  set(w, local_of(JUMP_TARGET));
  if (may(t, Translate.CHAINING)) chain_if_known(t, true, pc);
  give_up(t);
}

/** A tail call of the region at the jump-target temp, if the jump cache knows it; `direct`: it is at `pc`. */
function chain_if_known(t: Dbt, direct: bool, pc: u64): void {
  const w = writer(t);
  push_entry(t, direct);
  mem(w, W.I64_LOAD, entry_offset(t, direct, pc));
  get(w, local_of(JUMP_TARGET));
  byte(w, W.I64_EQ);
  open(w, W.IF, Type.EMPTY);
  count(t, VmField.countChain);
  tail_call(t, entry_local(t, direct), entry_offset(t, direct, pc) + 8);
  byte(w, W.END);
}

/** Makes the condition on the stack, that the jump cache has the region at the jump-target temp, true if the core can. */
function or_find(t: Dbt): void {
  const w = writer(t);
  open(w, W.IF, Type.I32);
  i32c(w, 1);
  byte(w, W.ELSE);
  get(w, HART);
  i32c(w, 0);
  get(w, local_of(JUMP_TARGET));
  import_call(t, Import.FIND);
  byte(w, W.END);
}

/** Tail-calls the function whose index is at `offset` from the address in `local`: the region at the jump-target temp. */
function tail_call(t: Dbt, local: u32, offset: u32): void {
  const w = writer(t);
  get(w, HART);
  get(w, FUEL);
  get(w, DEPTH);
  tell_entry(t);
  get(w, local);
  mem(w, W.I32_LOAD, offset);
  byte(w, W.RETURN_CALL_INDIRECT);
  unsigned(w, FUNCTION_TYPE);
  byte(w, 0);
}

/** Returns the jump-target temp to whoever called the region; the registers are written back. */
function give_up(t: Dbt): void {
  come_to_target(t);
  byte(writer(t), W.RETURN);
}

/** Gives the fuel back and pushes the jump-target temp. */
function come_to_target(t: Dbt): void {
  const w = writer(t);
  get(w, HART);
  get(w, FUEL);
  mem(w, W.I32_STORE, HartField.fuel);
  get(w, local_of(JUMP_TARGET));
}

/**
 * A guest call as a Wasm call. When the callee's region comes back to the call's return address, this one goes on; anything else it
 * comes back with (a trap, a long jump, no fuel) goes further up.
 */
function call(t: Dbt, b: Block, dirty: u64, scratch: usize): void {
  const w = writer(t);
  charge(t, <i32>(b.uncharged + b.insns));
  store_registers(t, dirty);
  if (b.term == Term.CALL && b.targetPc == t.entryPc) call_self(t);
  else if (is_position_independent(t) && may(t, Translate.KEEP_CALLERS)) call_shared(t, b);
  else call_other(t, b);
  set(w, A64);
  leave_unless_returned(t, b);
  get(w, HART);
  mem(w, W.I32_LOAD, HartField.fuel);
  tee(w, FUEL);
  i32c(w, <i32>t.longest + 1);
  byte(w, W.I32_LT_S);
  unlikely(t);
  leave_if_set(t);
  count(t, VmField.countReturn);
  if (b.succ0) {
    load_registers(t, block(t, b.succ0 - 1).liveIn);
    load_hart_locals(t);
  }
  go(t, b, b.succ0, b.nextPc, 0, scratch);
}

/**
 * The pc that a call has come back with is kept in `A64`. Where it is not the return address, the core goes on with the callee, if callers
 * wait; where even that does not come to it, the region is left.
 */
function leave_unless_returned(t: Dbt, b: Block): void {
  const w = writer(t);
  not_returned(t, b);
  unlikely(t);
  if (!may(t, Translate.KEEP_CALLERS)) {
    leave_if_set(t);
    return;
  }
  open(w, W.IF, Type.EMPTY);
  get(w, HART);
  get(w, A64);
  mem(w, W.I64_STORE, HartField.pc);
  get(w, HART);
  get(w, DEPTH);
  byte(w, W.I32_WRAP_I64);
  address(t, b.nextPc);
  op1(w, W.CALL, Import.AWAIT);
  set(w, A64);
  not_returned(t, b);
  unlikely(t);
  leave_if_set(t);
  byte(w, W.END);
}

/** Pushes whether the kept pc is another than the return address. */
function not_returned(t: Dbt, b: Block): void {
  const w = writer(t);
  get(w, A64);
  address(t, b.nextPc);
  byte(w, W.I64_NE);
}

/** Returns the kept pc if the condition on the stack holds. */
function leave_if_set(t: Dbt): void {
  const w = writer(t);
  open(w, W.IF, Type.EMPTY);
  count(t, VmField.countReturnMiss);
  get(w, A64);
  byte(w, W.RETURN);
  byte(w, W.END);
}

/** A call of the region's own entry: what holds for this region now holds for it. */
function call_self(t: Dbt): void {
  const w = writer(t);
  address(t, t.entryPc);
  set(w, local_of(JUMP_TARGET));
  get(w, DEPTH);
  byte(w, W.I64_EQZ);
  call_unless(t, false);
  count(t, VmField.countChain);
  deeper(t);
  op1(w, W.CALL, FIRST_REGION + t.functions);
  called(t);
}

/** Where the condition on the stack is true, there is no call: the caller waits at the jump-target temp, or is left for it. */
function call_unless(t: Dbt, missed: bool): void {
  const w = writer(t);
  const waits = may(t, Translate.KEEP_CALLERS);
  open(w, W.IF, waits ? Type.I64 : Type.EMPTY);
  if (missed) count(t, VmField.countIndirectMiss);
  if (waits) come_to_target(t);
  else give_up(t);
  byte(w, waits ? W.ELSE : W.END);
}

/** After the call that `call_unless` began: the pc that has been come to is on the stack, called or not. */
function called(t: Dbt): void {
  if (may(t, Translate.KEEP_CALLERS)) byte(writer(t), W.END);
}

/** Pushes the arguments of a call of the region at the jump-target temp. */
function deeper(t: Dbt): void {
  const w = writer(t);
  get(w, HART);
  get(w, FUEL);
  get(w, DEPTH);
  i64c(w, 1);
  byte(w, W.I64_SUB);
  tell_entry(t);
}

/** Has the module's own function call the region at the target, and pushes the pc that has been come to. */
function call_shared(t: Dbt, b: Block): void {
  const w = writer(t);
  const direct = b.term == Term.CALL;
  get(w, HART);
  get(w, FUEL);
  if (direct) address(t, b.targetPc);
  else {
    get(w, local_of(JUMP_TARGET));
    i64c(w, -2);
    byte(w, W.I64_AND);
  }
  i64c(w, PC_SHIFT);
  byte(w, W.I64_SHL);
  get(w, DEPTH);
  byte(w, W.I64_OR);
  if (!direct && may(t, Translate.COUNT)) {
    i64c(w, COMPUTED);
    byte(w, W.I64_OR);
  }
  op1(w, W.CALL, CALLEE_FUNCTION);
}

/** A call of the region that the jump cache has for the target. */
function call_other(t: Dbt, b: Block): void {
  const w = writer(t);
  const direct = b.term == Term.CALL;
  if (direct) {
    address(t, b.targetPc);
    set(w, local_of(JUMP_TARGET));
  } else even_target(t);
  const entry = entry_offset(t, direct, b.targetPc);
  push_entry(t, direct);
  mem(w, W.I64_LOAD, entry);
  get(w, local_of(JUMP_TARGET));
  // Who waits has the core look for the region.
  if (may(t, Translate.KEEP_CALLERS)) byte(w, W.I64_NE);
  else {
    byte(w, W.I64_EQ);
    or_find(t);
    byte(w, W.I32_EQZ);
  }
  get(w, DEPTH);
  byte(w, W.I64_EQZ);
  byte(w, W.I32_OR);
  call_unless(t, b.term == Term.CALL_INDIRECT);
  count(t, b.term == Term.CALL ? VmField.countChain : VmField.countIndirect);
  deeper(t);
  get(w, entry_local(t, direct));
  mem(w, W.I32_LOAD, entry + 8);
  byte(w, W.CALL_INDIRECT);
  unsigned(w, FUNCTION_TYPE);
  byte(w, 0);
  called(t);
}
