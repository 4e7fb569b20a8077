/**
 * Region formation: the control-flow graph that is reached from a hot address by direct jumps, with small callees inlined. What is
 * reached by computed jumps is added by tables.ts; grow.ts puts both together, and drive/shape.ts chooses.
 *
 * A block belongs to a context, the chain of inlined calls it lies in: the same callee inlined twice is two sets of blocks, so
 * that loops around calls stay loops.
 */

import { code_page_settled, page_version, record_at, record_peek, record_peek_in, straddles } from "../../code/pages";
import { Flow, Op, OpFlag } from "../../isa/op";
import { is_instruction, op_base, op_flags, op_flow, op_length } from "../../isa/optable";
import { Hart, Vm } from "../../state/state";
import { fs_dirty } from "../../state/fs";
import { imm } from "../../state/regs";
import { Sensitive, Translate, Translation } from "../../shared/constants";
import { block_around, block_starting, blocks_clear, new_block, note_inside } from "../ir/block_index";
import { usual_target, was_seen } from "../profile/jumps";
import { Block, block, context, NO_CONTEXT } from "../ir/block";
import { Dbt, MAX_BLOCKS, MAX_CONTEXTS, may } from "../ir/dbt";
import { Term } from "../../shared/ir";

/** Maximum depth of inlined calls. */
const INLINE_DEPTH: u32 = 4;
/** Maximum recursion depth for inlining: how often a function is inlined in itself. */
const RECURSION: u32 = 2;
/** How far from the region's entry a block may lie: exits are encoded as distances. */
const REACH: i64 = 0x3ffff;

const MAX_PAGES: u32 = Translation.REGION_PAGES;

/** The op a record names, compressed ones by their base. */
export function record_op(r: u64): u32 {
  const op = <u32>r & 0xff;
  return op == Op.EXT || op == Op.C_EXT ? <u32>(r >> 32) & 0xffff : op_base(op);
}

export function record_length(r: u64): u32 {
  return op_length(<u32>r & 0xff);
}

// @ts-ignore: decorator
@inline export function record_rd(r: u64): u32 {
  return ((<u32>r + 0x800) >> 11) & 31;
}

// @ts-ignore: decorator
@inline export function record_rs1(r: u64): u32 {
  return (<u32>r >> 19) & 31;
}

// @ts-ignore: decorator
@inline export function record_rs2(r: u64): u32 {
  return <u32>r >> 27;
}

/** Begins a region at `pc` without blocks. */
export function form_begin(t: Dbt, pc: u64): void {
  blocks_clear(t);
  t.contextCount = 1;
  t.insns = 0;
  t.floats = 0;
  t.workCount = 0;
  t.pageCount = 0;
  t.tableCount = 0;
  t.jumpCount = 0;
  t.callCount = 0;
  t.entryPc = pc;
  t.limit = t.maxInsns;
  const root = context(t, 0);
  root.depth = 0;
  root.callee = pc;
}

/** Reads all blocks that have been made and not read yet, and those that they lead to. */
export function scan_all(t: Dbt, hart: Hart): void {
  while (t.workCount) {
    t.workCount -= 1;
    scan(t, hart, load<u32>(<usize>t.work + (t.workCount << 2)));
  }
}

/** Takes in what branches lead to although it was not seen, as far as there is room. */
export function fill(t: Dbt, hart: Hart): void {
  t.prune = 0;
  for (let i: u32 = 0; i < t.blockCount && t.insns < t.limit; i++) {
    const b = block(t, i);
    if (b.term != Term.BRANCH) continue;
    const end = b.endPc;
    if (!b.succ0) {
      const taken = block_at(t, hart, b.targetPc, b.context);
      reread(t, i, end).succ0 = taken;
    }
    const at = reread(t, i, end);
    if (!at.succ1) {
      const next = block_at(t, hart, at.nextPc, at.context);
      reread(t, i, end).succ1 = next;
    }
    scan_all(t, hart);
  }
}

/** True when `pc` lies too far from the region's entry for an exit to name it. */
// @ts-ignore: decorator
@inline function is_far(t: Dbt, pc: u64): bool {
  const distance = <i64>(pc - t.entryPc);
  return distance > REACH || distance < -REACH;
}

/**
 * The record at `pc` when the translator can use it; 0 otherwise. What has been read once may be 0 the next time: to look at one page of
 * code may cost another its place, and then `is_stale`.
 */
export function usable(t: Dbt, hart: Hart, pc: u64): u64 {
  if (is_far(t, pc)) return 0;
  const page = code_page_settled(hart, pc);
  if (!page || !note_page(t, page, pc)) return 0;
  if ((pc & 0xfff) != 4094 || !straddles(page)) return record_at(hart, page, pc);
  // The second half lies in a page of its own.
  const second = code_page_settled(hart, pc + 2);
  if (!second || !note_page(t, second, pc + 2)) return 0;
  return record_peek_in(hart, page, pc);
}

/**
 * Remembers that the region has bytes in `page`, at the page of `va`, and in which version. False when there are too many pages, or it
 * has another place than before.
 */
function note_page(t: Dbt, page: usize, va: u64): bool {
  const first = va & ~0xfff;
  for (let i: u32 = 0; i < t.pageCount; i++) {
    const at = <usize>t.pages + (i << 4);
    if (load<u64>(at, 8) != first) continue;
    if (load<u32>(at) == <u32>page) return true;
    // The other one has been evicted; no version is this one.
    store<u32>(at, page_version(<usize>load<u32>(at)) - 1, 4);
    return false;
  }
  if (t.pageCount == MAX_PAGES) return false;
  const at = <usize>t.pages + (t.pageCount << 4);
  store<u32>(at, <u32>page);
  store<u32>(at, page_version(page), 4);
  store<u64>(at, first, 8);
  t.pageCount += 1;
  return true;
}

/** Whether a record that the region has been formed from has been forgotten meanwhile: then it must not be made. */
export function is_stale(t: Dbt): bool {
  for (let i: u32 = 0; i < t.pageCount; i++) {
    const at = <usize>t.pages + (i << 4);
    if (page_version(<usize>load<u32>(at)) != load<u32>(at, 4)) return true;
  }
  return false;
}

/** True when the region ends before this instruction and leaves it to the interpreter. */
function left_to_interpreter(hart: Hart, op: u32): bool {
  if (!is_instruction(op)) return true;
  if (op_flow(op) == Flow.SYSTEM) return !runs_in_region(hart, op);
  // The IR has no such operand.
  if (op_flags(op) & OpFlag.READS_RD) return true;
  return is_float(op) && !fs_dirty(hart);
}

/** True when the instruction at `pc` is one for the interpreter, so that no region begins there. */
export function is_untranslatable(hart: Hart, pc: u64): bool {
  const r = record_peek(hart, pc);
  return r != 0 && left_to_interpreter(hart, record_op(r));
}

/** True for the system instructions that translated code may have executed. */
function runs_in_region(hart: Hart, op: u32): bool {
  if (changetype<Vm>(<usize>hart.vm).sensitive == Sensitive.EXIT) return false;
  return (op_flags(op) & OpFlag.STAYS) != 0;
}

/** Loads and stores, those of floating-point registers among them. */
export function is_access(op: u32): bool {
  return (op_flags(op) & OpFlag.ACCESS) != 0;
}

/** F, D, Zfh and Zfa instructions: they look at mstatus.FS. */
export function is_float(op: u32): bool {
  return (op_flags(op) & OpFlag.FLOAT) != 0;
}

/** The block that starts at `pc` in `ctx` + 1, made or split off when there is none; 0 when the region is full. */
export function block_at(t: Dbt, hart: Hart, pc: u64, ctx: u32): u32 {
  const known = block_starting(t, pc, ctx);
  if (known) return known;
  for (let i = block_around(t, pc, ctx, 0); i; i = block_around(t, pc, ctx, i)) {
    const at = split(t, hart, i - 1, pc);
    if (at) return at;
  }
  if (t.blockCount == MAX_BLOCKS || t.insns >= t.limit) return 0;
  if (is_far(t, pc) || (t.blockCount && !may(t, Translate.REGIONS))) return 0;
  const index = new_block(t, pc, ctx);
  store<u32>(<usize>t.work + (t.workCount << 2), index);
  t.workCount += 1;
  return index + 1;
}

/** Splits block `index` at `pc`; returns the new block + 1, or 0 when `pc` is inside an instruction. */
function split(t: Dbt, hart: Hart, index: u32, pc: u64): u32 {
  const b = block(t, index);
  let at = b.pc;
  let before: u32 = 0;
  while (at < pc) {
    const r = usable(t, hart, at);
    if (!r) return 0;
    at += record_length(r);
    before += 1;
  }
  if (at != pc || t.blockCount == MAX_BLOCKS) return 0;
  const tail = new_block(t, pc, b.context);
  const rest = block(t, tail);
  rest.endPc = b.endPc;
  rest.term = b.term;
  rest.targetPc = b.targetPc;
  rest.nextPc = b.nextPc;
  rest.record = b.record;
  rest.succ0 = b.succ0;
  rest.succ1 = b.succ1;
  rest.insns = b.insns - before;
  b.insns = before;
  b.endPc = pc;
  b.term = Term.NEXT;
  b.nextPc = pc;
  b.succ0 = tail + 1;
  b.succ1 = 0;
  return tail + 1;
}

/** The block that the branch at `from` leads to; none as long as only the branch itself has been seen, and what has not is too much. */
function follow(t: Dbt, hart: Hart, from: u64, to: u64, ctx: u32): u32 {
  if (t.prune && !was_seen(t, to) && (t.insns >= t.maxInsns || was_seen(t, from))) return 0;
  return block_at(t, hart, to, ctx);
}

/** Instructions that the region may have where it is in the middle of `b`: a block that is half of a region by itself goes on to its end. */
// @ts-ignore: decorator
@inline function room_within(t: Dbt, b: Block): u32 {
  return b.insns << 1 < t.limit ? t.limit : t.wholeInsns;
}

/** Reads the block's instructions up to its terminator, and makes its successors. */
function scan(t: Dbt, hart: Hart, index: u32): void {
  const b = block(t, index);
  let pc = b.pc;
  while (true) {
    const other = pc != b.pc ? block_starting(t, pc, b.context) : 0;
    const r = other ? 0 : usable(t, hart, pc);
    const op = record_op(r);
    b.endPc = pc;
    if (other || !r || left_to_interpreter(hart, op) || t.insns >= room_within(t, b)) {
      b.term = other || (r && !left_to_interpreter(hart, op)) ? Term.NEXT : Term.INTERPRET;
      b.nextPc = pc;
      b.succ0 = other;
      return;
    }
    b.insns += 1;
    t.insns += 1;
    note_inside(t, pc, b.context);
    if (is_float(op)) t.floats = 1;
    const next = pc + record_length(r);
    const flow = op_flow(op);
    b.endPc = next;
    b.record = r;
    b.nextPc = next;
    if (flow == Flow.BRANCH) {
      b.term = Term.BRANCH;
      b.targetPc = pc + <u64>imm(r);
      // The fall-through is scanned first (it is pushed last): straight code stays together.
      const taken = follow(t, hart, pc, b.targetPc, b.context);
      const at = reread(t, index, next);
      at.succ0 = taken;
      at.succ1 = follow(t, hart, pc, next, at.context);
      return;
    }
    if (flow == Flow.JUMP) {
      end_jump(t, hart, index, r, op, pc);
      return;
    }
    pc = next;
  }
}

/** The block that now ends at `end`: making a successor may have split the one that was being scanned. */
function reread(t: Dbt, index: u32, end: u64): Block {
  const b = block(t, index);
  if (b.endPc == end) return b;
  for (let i = index + 1; i < t.blockCount; i++) {
    const other = block(t, i);
    if (other.endPc == end && other.context == b.context && other.insns) return other;
  }
  return b;
}

// @ts-ignore: decorator
@inline function is_link(register: u32): bool {
  return register == 1 || register == 5;
}

/** JALR that neither calls nor returns. */
export function is_computed_jump(r: u64): bool {
  if (record_op(r) != Op.JALR || is_link(record_rd(r))) return false;
  return record_rd(r) != 0 || !is_link(record_rs1(r)) || imm(r) != 0;
}

/** JALR that calls. */
export function is_computed_call(r: u64): bool {
  return record_op(r) == Op.JALR && is_link(record_rd(r));
}

/** The address of the jump that ends the block. */
export function jump_pc(b: Block): u64 {
  return b.endPc - record_length(b.record);
}

/** True when a block may begin at `pc`: there is an instruction, in a page that the region may have. */
export function may_begin(t: Dbt, hart: Hart, pc: u64): bool {
  return usable(t, hart, pc) != 0;
}

/** JAL and JALR: jumps, calls that are inlined or not, returns from inlined calls. */
function end_jump(t: Dbt, hart: Hart, index: u32, r: u64, op: u32, pc: u64): void {
  const b = block(t, index);
  const rd = record_rd(r);
  const next = b.nextPc;
  if (op == Op.JAL) {
    b.targetPc = pc + <u64>imm(r);
    b.term = Term.JUMP;
    let ctx = b.context;
    if (is_link(rd)) {
      ctx = inline_context(t, hart, b.context, b.targetPc, next);
      if (!ctx && !(may(t, Translate.RETURN_PREDICTION) && may(t, Translate.CHAINING))) return;
      if (!ctx) {
        b.term = Term.CALL;
        b.succ0 = 0;
        const after = block_at(t, hart, next, b.context);
        reread(t, index, next).succ0 = after;
        return;
      }
    }
    const target = block_at(t, hart, b.targetPc, ctx);
    reread(t, index, next).succ0 = target;
    return;
  }
  b.term = Term.INDIRECT;
  if (is_computed_jump(r)) t.jumpCount += 1;
  const predicted = may(t, Translate.RETURN_PREDICTION) && may(t, Translate.INDIRECT_CACHE);
  if (is_link(rd)) {
    if (!predicted) return;
    t.callCount += 1;
    b.term = Term.CALL_INDIRECT;
    if (guess(t, hart, index, pc)) return;
    const after = block_at(t, hart, next, b.context);
    reread(t, index, next).succ0 = after;
  } else if (rd == 0 && is_link(record_rs1(r)) && imm(r) == 0) {
    if (predicted) b.term = Term.RETURN_UP;
    if (!b.context) return;
    const c = context(t, b.context);
    b.term = Term.RETURN;
    b.targetPc = c.returnPc;
    const target = block_at(t, hart, c.returnPc, c.parent);
    reread(t, index, next).succ0 = target;
  }
}

/**
 * Inlines the callee that the computed call at `pc`, which ends `b`, has nearly always had; the call itself gets a block of its own,
 * without instructions. False when there is no such callee.
 */
function guess(t: Dbt, hart: Hart, index: u32, pc: u64): bool {
  const callee = usual_target(t, pc);
  if (!callee || t.blockCount + 2 >= MAX_BLOCKS || is_far(t, callee)) return false;
  const b = block(t, index);
  const next = b.nextPc;
  const ctx = inline_context(t, hart, b.context, callee, next);
  if (!ctx) return false;
  const call = new_block(t, -1, NO_CONTEXT);
  const c = block(t, call);
  c.pc = pc;
  c.endPc = next;
  c.nextPc = next;
  c.record = b.record;
  c.term = Term.CALL_INDIRECT;
  b.term = Term.GUESS;
  b.targetPc = callee;
  b.succ1 = call + 1;
  const after = block_at(t, hart, next, b.context);
  c.succ0 = after;
  const target = block_at(t, hart, callee, ctx);
  reread(t, index, next).succ0 = target;
  return true;
}

/** A context for a call of `callee` from `parent`, or 0 when it is not to be inlined. */
function inline_context(t: Dbt, hart: Hart, parent: u32, callee: u64, returnPc: u64): u32 {
  if (!may(t, Translate.INLINING) || !may(t, Translate.REGIONS)) return 0;
  const outer = context(t, parent);
  if (outer.depth == INLINE_DEPTH || t.contextCount == MAX_CONTEXTS) return 0;
  if (t.insns + t.inlineInsns > t.limit) return 0;
  let up = parent;
  let same: u32 = 0;
  while (true) {
    const c = context(t, up);
    if (c.callee == callee && ++same > RECURSION) return 0;
    if (!up) break;
    up = c.parent;
  }
  if (!is_small(t, hart, callee)) return 0;
  const index = t.contextCount;
  t.contextCount = index + 1;
  const c = context(t, index);
  c.callee = callee;
  c.returnPc = returnPc;
  c.parent = parent;
  c.depth = outer.depth + 1;
  return index;
}

/** True when a straight look from `pc` finds a return within t.inlineInsns, no backward call and no jump away before it. */
function is_small(t: Dbt, hart: Hart, pc: u64): bool {
  let furthest = pc;
  for (let i: u32 = 0; i < t.inlineInsns; i++) {
    const r = usable(t, hart, pc);
    const op = record_op(r);
    if (!r || left_to_interpreter(hart, op)) return false;
    const flow = op_flow(op);
    if (flow == Flow.BRANCH) {
      const target = pc + <u64>imm(r);
      if (target > furthest) furthest = target;
    } else if (flow == Flow.JUMP) {
      if (op == Op.JAL && record_rd(r) == 0) {
        const target = pc + <u64>imm(r);
        if (target > furthest) furthest = target;
        else if (pc >= furthest) return false;
      } else if (op == Op.JALR && record_rd(r) == 0) {
        if (!is_link(record_rs1(r))) return false;
        if (pc >= furthest) return true;
      }
    }
    pc += record_length(r);
  }
  return false;
}
