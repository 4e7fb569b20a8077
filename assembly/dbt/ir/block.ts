/** The region's control-flow graph: blocks, the inlined calls they lie in, and dispatch tables. */

import { Term } from "../../shared/ir";
import { Dbt, TABLE_BYTES } from "./dbt";

/** The context of blocks that stand for no code of the guest's: no other block is in it. */
export const NO_CONTEXT: u32 = 0xffff_ffff;

/** A basic block, in the context of an inlined call. */
// @ts-ignore: decorator
@unmanaged
export class Block {
  pc: u64;
  /** First address after the block. */
  endPc: u64;
  /** Where a jump or taken branch goes, or an inlined return is expected to go. */
  targetPc: u64;
  /** Where execution goes on when the branch is not taken; of INTERPRET, the instruction itself. */
  nextPc: u64;
  /** x (low half) and f registers (high half) by bit. */
  liveIn: u64;
  dirtyIn: u64;
  /** Instructions, the terminator among them (an INTERPRET is not). */
  insns: u32;
  context: u32;
  term: u32;
  /** Record of the terminator. */
  record: u64;
  /** Index of the successor block + 1, or 0 for an exit. */
  succ0: u32;
  succ1: u32;
  irFirst: u32;
  irCount: u32;
  /** Position in reverse postorder + 1; 0 while unreached. */
  rpo: u32;
  /** Immediate dominator, by position in the order. */
  idom: u32;
  forwardIn: u32;
  backIn: u32;
  /** How many labels are open at its loop's label, and at its merge point's. */
  label: u32;
  forwardLabel: u32;
  /** 1 once its entry state of checks is known. */
  reached: u32;
  /** Instructions that have been executed when it begins and are not charged to the fuel yet: on every way to it equally many. */
  uncharged: u32;
  /** x registers that hold sign-extended words when it begins. */
  words: u32;
  /** Of DISPATCH, the number of the table. */
  table: u32;
  /** 1 when a dispatch table leads forward to it. */
  switched: u32;
  /** Instructions on the longest way from its beginning to where fuel is checked, or out. */
  length: u32;
  /** The next block of the same hash (block_index.ts), its index + 1. */
  chain: u32;
  /** Merge points that it immediately dominates: the last in the order, and then of each the one before it. Positions + 1; 0 ends. */
  merges: u32;
  nextMerge: u32;
}

/** Behind each block: the checked spans at its entry, by base register: 32 pairs of i32 (lo, hi); lo == hi for none. */
export const BLOCK_SPANS: usize = 160;
export const BLOCK_BYTES: usize = BLOCK_SPANS + 256;

/** An inlined call. */
// @ts-ignore: decorator
@unmanaged
export class Context {
  returnPc: u64;
  callee: u64;
  parent: u32;
  depth: u32;
}

export const CONTEXT_BYTES: usize = 32;

// @ts-ignore: decorator
@inline export function block(t: Dbt, index: u32): Block {
  return changetype<Block>(<usize>t.blocks + <usize>index * BLOCK_BYTES);
}

// @ts-ignore: decorator
@inline export function context(t: Dbt, index: u32): Context {
  return changetype<Context>(<usize>t.contexts + <usize>index * CONTEXT_BYTES);
}

// @ts-ignore: decorator
@inline export function ordered(t: Dbt, position: u32): Block {
  return block(t, load<u32>(<usize>t.order + (position << 2)));
}

/** One of a region's dispatch tables. */
// @ts-ignore: decorator
@unmanaged
export class Table {
  count: u32;
  /** The context of the jumps that it serves. */
  context: u32;
  /** Its block. */
  block: u32;
  /** Targets that have been taken into the region so far. */
  done: u32;
}

// @ts-ignore: decorator
@inline export function table(t: Dbt, index: u32): Table {
  return changetype<Table>(<usize>t.tables + <usize>index * TABLE_BYTES);
}

/** A target of a dispatch table. */
// @ts-ignore: decorator
@unmanaged
export class Target {
  pc: u64;
  /** How often it has been seen. */
  count: u32;
  /** Its block + 1; 0 while it has none, or may not be gone to. */
  block: u32;
}

// @ts-ignore: decorator
@inline export function target(tab: Table, index: u32): Target {
  return changetype<Target>(changetype<usize>(tab) + 16 + ((<usize>index) << 4));
}

/** The table that has the target. */
// @ts-ignore: decorator
@inline export function table_of(t: Dbt, to: Target): Table {
  return table(t, <u32>((changetype<usize>(to) - <usize>t.tables) / TABLE_BYTES));
}

/** How many successors the block may have. */
// @ts-ignore: decorator
@inline export function succ_count(t: Dbt, b: Block): u32 {
  return b.term == Term.DISPATCH ? table(t, b.table).count : 2;
}

/** Successor `i` of the block, as its index + 1; 0 for an exit. */
// @ts-ignore: decorator
@inline export function successor(t: Dbt, b: Block, i: u32): u32 {
  if (b.term == Term.DISPATCH) return target(table(t, b.table), i).block;
  return i ? b.succ1 : b.succ0;
}

/** True when the block ends in a call of another region: afterwards nothing is in locals. */
// @ts-ignore: decorator
@inline export function is_call(b: Block): bool {
  return b.term == Term.CALL || b.term == Term.CALL_INDIRECT;
}
