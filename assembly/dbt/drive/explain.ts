/**
 * What the region at an address is made of: its blocks, their intermediate representation and the WebAssembly, for people to look at.
 * All stages of the translator run over again in its working memory; nothing is installed, and the guest notices nothing.
 *
 *  CODE     the module | …
 *  the last RESERVED bytes of it: marks | header | blocks | nodes | instructions        shared/explained.ts
 */

import { word_peek } from "../../code/pages";
import { Hart, Vm } from "../../state/state";
import { tlb_select } from "../../mem/tlb";
import { MenvcfgBit } from "../../shared/csr";
import { Explained, ExplainedBlock, ExplainedInsn, ExplainedMark, ExplainedNode } from "../../shared/explained";
import { Ir, Step, Term } from "../../shared/ir";
import { begin, compile } from "./hot";
import { Node, node } from "../ir/node";
import { module_close } from "../lower/module";
import { block_spans, span_of, step } from "../analysis/spans";
import { Block, block, context, NO_CONTEXT, ordered, Table, table, target } from "../ir/block";
import { Dbt, MAX_BLOCKS, MAX_INSNS, MAX_IR, MAX_MARKS } from "../ir/dbt";

const MARKS: u32 = MAX_MARKS * ExplainedMark.BYTES;
const BLOCKS: u32 = MAX_BLOCKS * ExplainedBlock.BYTES;
const NODES: u32 = MAX_IR * ExplainedNode.BYTES;
/** Each block may have the interpreter's instruction besides its own. */
const INSNS: u32 = (MAX_INSNS + MAX_BLOCKS) * ExplainedInsn.BYTES;
const RESERVED: u32 = MARKS + Explained.BYTES + BLOCKS + NODES + INSNS;

/**
 * Explains the region that `pc` would begin if hart `hartMa` were in privilege mode `priv`. Returns the address of an `Explained`
 * header, good until something is translated; 0 when nothing can be translated there. No hart may be running.
 */
export function dbt_explain(hartMa: usize, pc: u64, priv: u32): u32 {
  const hart = changetype<Hart>(hartMa);
  const vm = changetype<Vm>(<usize>hart.vm);
  if (!vm.dbt || pc & 1) return 0;
  const t = changetype<Dbt>(<usize>vm.dbt);
  const before = hart.priv;
  const menvcfg = hart.menvcfg;
  const tval = hart.trapTval;
  const misses = hart.countTlbMiss;
  const walks = hart.countWalk;
  const decoded = hart.countDecode;
  // A page that has not been accessed stays like that: looking at its code is no access.
  hart.menvcfg = menvcfg & ~((<u64>1) << MenvcfgBit.ADUE);
  hart.priv = priv;
  tlb_select(hart);
  const found = explain(t, hart, vm, pc);
  hart.priv = before;
  tlb_select(hart);
  hart.menvcfg = menvcfg;
  hart.trapTval = tval;
  hart.countTlbMiss = misses;
  hart.countWalk = walks;
  hart.countDecode = decoded;
  return found;
}

function explain(t: Dbt, hart: Hart, vm: Vm, pc: u64): u32 {
  begin(t, hart, vm);
  t.end -= RESERVED;
  t.marks = t.end;
  t.markCount = 0;
  const made = compile(t, hart, pc);
  const end = t.at;
  const marks = <usize>t.marks;
  t.marks = 0;
  if (!made) return 0;
  t.functions = 1;
  const module = module_close(t);
  if (!module) return 0;
  const header = marks + MARKS;
  store<u64>(header, pc, Explained.entry);
  store<u32>(header, t.mode, Explained.mode);
  store<u32>(header, t.insns, Explained.insns);
  store<u32>(header, module, Explained.module);
  store<u32>(header, t.at - module, Explained.moduleBytes);
  store<u32>(header, <u32>marks, Explained.marks);
  store<u32>(header, t.markCount, Explained.markCount);
  // The body's place in the module differs from where it was emitted, but both end with it.
  for (let i: u32 = 0; i < t.markCount; i++) {
    const at = marks + i * ExplainedMark.BYTES;
    store<u32>(at, load<u32>(at) - end + t.at - module);
  }
  blocks(t, hart, header);
  return <u32>header;
}

function blocks(t: Dbt, hart: Hart, header: usize): void {
  let at = header + Explained.BYTES;
  let nodeAt = at + BLOCKS;
  let insnAt = nodeAt + NODES;
  store<u32>(header, <u32>at, Explained.blocks);
  store<u32>(header, t.orderCount, Explained.blockCount);
  store<u32>(header, <u32>nodeAt, Explained.nodes);
  store<u32>(header, <u32>insnAt, Explained.insnTable);
  for (let i: u32 = 0; i < t.orderCount; i++) {
    const b = ordered(t, i);
    block_at(t, b, at);
    const insns = instructions(hart, b, insnAt);
    store<u32>(at, insns, ExplainedBlock.insnCount);
    insnAt += insns * ExplainedInsn.BYTES;
    nodes(t, b, nodeAt);
    nodeAt += b.irCount * ExplainedNode.BYTES;
    at += ExplainedBlock.BYTES;
  }
}

/** The position of the successor + 1. */
// @ts-ignore: decorator
@inline function position(t: Dbt, succ: u32): u32 {
  return succ ? block(t, succ - 1).rpo : 0;
}

function block_at(t: Dbt, b: Block, at: usize): void {
  store<u64>(at, b.pc, ExplainedBlock.pc);
  store<u64>(at, b.targetPc, ExplainedBlock.targetPc);
  store<u64>(at, b.nextPc, ExplainedBlock.nextPc);
  store<u64>(at, b.liveIn, ExplainedBlock.liveIn);
  store<u64>(at, b.dirtyIn, ExplainedBlock.dirtyIn);
  store<u32>(at, b.term, ExplainedBlock.term);
  store<u32>(at, position(t, b.succ0), ExplainedBlock.succ0);
  store<u32>(at, position(t, b.succ1), ExplainedBlock.succ1);
  store<u32>(at, u32(b.backIn != 0), ExplainedBlock.loop);
  store<u32>(at, b.context == NO_CONTEXT ? 0 : context(t, b.context).depth, ExplainedBlock.depth);
  store<u32>(at, b.uncharged, ExplainedBlock.uncharged);
  store<u32>(at, b.words, ExplainedBlock.words);
  store<u32>(at, <u32>block_spans(b), ExplainedBlock.spans);
  store<u32>(at, b.irCount, ExplainedBlock.nodeCount);
  store<u32>(at, 0, ExplainedBlock.targetCount);
  if (b.term == Term.DISPATCH) targets(t, table(t, b.table), at);
}

/** The table itself is the list, its blocks now given by their positions. */
function targets(t: Dbt, tab: Table, at: usize): void {
  for (let i: u32 = 0; i < tab.count; i++) target(tab, i).block = position(t, target(tab, i).block);
  store<u32>(at, <u32>changetype<usize>(target(tab, 0)), ExplainedBlock.targets);
  store<u32>(at, tab.count, ExplainedBlock.targetCount);
}

/** Lists the block's instructions; how many there are. */
function instructions(hart: Hart, b: Block, at: usize): u32 {
  const most = b.insns + u32(b.term == Term.INTERPRET);
  let pc = b.pc;
  for (let i: u32 = 0; i < most; i++) {
    const word = word_peek(hart, pc);
    if (word < 0) return i;
    store<u32>(at + i * ExplainedInsn.BYTES, <u32>word);
    pc += (word & 3) == 3 ? 4 : 2;
  }
  return most;
}

/** Lists the block's nodes, with what `lower` has found about their memory checks. */
function nodes(t: Dbt, b: Block, at: usize): void {
  const state = <usize>t.scratch;
  const span = span_of(t);
  memory.copy(state, block_spans(b), 256);
  for (let i = b.irFirst; i < b.irFirst + b.irCount; i++) {
    const n = node(t, i);
    const found = step(t, b, i, state, span);
    node_at(n, at);
    store<u8>(at, <u8>found, ExplainedNode.check);
    const access = n.op == Ir.LOAD || n.op == Ir.STORE;
    store<i32>(at, access && found != Step.ALONE ? span.lo : 0, ExplainedNode.lo);
    store<i32>(at, access && found != Step.ALONE ? span.hi : 0, ExplainedNode.hi);
    store<u32>(at, u32(access && span.stored), ExplainedNode.stored);
    at += ExplainedNode.BYTES;
  }
}

function node_at(n: Node, at: usize): void {
  store<i64>(at, n.imm, ExplainedNode.imm);
  store<u8>(at, n.op, ExplainedNode.op);
  store<u8>(at, n.w, ExplainedNode.w);
  store<u8>(at, n.dst, ExplainedNode.dst);
  store<u8>(at, n.a, ExplainedNode.a);
  store<u8>(at, n.b, ExplainedNode.b);
  store<u8>(at, n.size, ExplainedNode.size);
  store<u8>(at, n.c, ExplainedNode.c);
  store<u32>(at, n.offset, ExplainedNode.offset);
}
