/**
 * The translator's working memory: one block the host gives each VM, laid out by `dbt_open`.
 *
 *  +0        Dbt
 *  BLOCKS    MAX_BLOCKS blocks            the region's control-flow graph
 *  CONTEXTS  MAX_CONTEXTS contexts        inlined calls: where each returns to
 *  IR        MAX_IR nodes                 three-address code, block after block
 *  ORDER     MAX_BLOCKS u32               reverse postorder
 *  TABLES    MAX_TABLES tables            computed jumps with known targets (region/tables.ts)
 *  JUMPS     …                            what has been seen of computed jumps (profile/jumps.ts)
 *  FINDER    …                            blocks by address (block_index.ts)
 *  CODE      the rest                     emitted Wasm
 */

import { Translate } from "../../shared/constants";
import { Mode, Term } from "../../shared/ir";
import { Writer } from "../wasm/writer";

export { Mode, Term };

export const MAX_BLOCKS: u32 = 512;
export const MAX_CONTEXTS: u32 = 32;
export const MAX_IR: u32 = 8192;
export const MAX_INSNS: u32 = 1200;
export const MAX_MARKS: u32 = MAX_IR + 2 * MAX_BLOCKS;

/** The tables by pc (profile/pc_table.ts): entries as a power of two, and the bytes of one. */
export const SITE_BITS: u32 = 10;
export const SITE_BYTES: usize = 16;
export const ACCESS_SITE_BITS: u32 = 11;
export const ACCESS_SITE_BYTES: usize = 16;

/** Dispatch tables in a region, and targets in each, at most. */
export const MAX_TABLES: u32 = 24;
export const MAX_TARGETS: u32 = 64;
const TABLE_BYTES: usize = 16 + 16 * <usize>MAX_TARGETS;

/** Computed jumps that are remembered, and targets of each (profile/jumps.ts). */
export const JUMP_SITE_BITS: u32 = 9;
export const JUMP_TARGETS: u32 = 64;
export const JUMP_SITE_BYTES: usize = 16 + 8 * <usize>JUMP_TARGETS;
/** The filter of addresses that have been executed: one bit for each halfword, modulo its size. */
export const SEEN_BYTES: usize = 8192;

/** Blocks by address (block_index.ts). */
export const FINDER_BYTES: usize = 3072;

/** What is known and wanted of floating point in the region. */
export enum Float {
  /** Arithmetic may be inlined. */
  INLINE = 1,
  /** frm is round-to-nearest now: the dynamic rounding mode is taken to be that. */
  NEAREST = 2,
  /** Something rounds to nearest: frm is checked on entry. */
  ROUNDS = 4,
  /** Something looks at NX for doubles. */
  DOUBLE = 8,
  /** Something looks at NX for singles. */
  SINGLE = 16,
}

/** The translator itself. The first three fields are a `Writer`. */
// @ts-ignore: decorator
@unmanaged
export class Dbt {
  at: u32;
  end: u32;
  full: u32;
  blocks: u32;
  blockCount: u32;
  contexts: u32;
  contextCount: u32;
  ir: u32;
  irCount: u32;
  order: u32;
  orderCount: u32;
  code: u32;
  codeBytes: u32;
  /** Guest instructions in the region so far, and at most. */
  insns: u32;
  maxInsns: u32;
  /** `Mode` bits the region assumes. */
  mode: u32;
  /** `Translate` bits: the mechanisms that are on. */
  switches: u32;
  /** Highest temp used. */
  temps: u32;
  entryPc: u64;
  ramPa: u64;
  ramSize: u64;
  ramMa: u32;
  hart: u32;
  vm: u32;
  /** Exit groups: how many, and their dirty masks (x low, f high) at `groups`. */
  groupCount: u32;
  groups: u32;
  /** Wasm labels open at the point of emission. */
  depth: u32;
  /** Functions in the module being built. */
  functions: u32;
  /** Worklist of region formation. */
  work: u32;
  workCount: u32;
  /** Registers some instruction of the region reads or writes: x in the low half, f in the high. */
  used: u64;
  /** Code pages the region's bytes lie in. */
  pages: u32;
  pageCount: u32;
  /** Lowest and highest offset + size of accesses by base register: 32 pairs of i32. */
  spans: u32;
  /** One spans state, 256 bytes, and behind it a `Span`. */
  scratch: u32;
  /** `Float` bits. */
  float: u32;
  /** f registers known to hold a NaN-boxed single at the point of emission. */
  boxed: u32;
  /** f registers that the region uses for singles alone. */
  singles: u32;
  /** `Sensitive`: who executes sensitive instructions. */
  sensitive: u32;
  /** 1 when the region has floating-point instructions that count on mstatus.FS being dirty. */
  floats: u32;
  /** Accesses that are checked alone (profile/sites.ts). */
  sites: u32;
  /** Which accesses stay in their page (profile/locality.ts). */
  accesses: u32;
  /** Where an explanation wants to know what is emitted for which instruction: (u32 address, u32, u64 pc); 0 for nowhere. */
  marks: u32;
  markCount: u32;
  /** How the region being formed treats computed jumps. */
  shape: Shape;
  /** Guest instructions that may be in the region now: it grows by those that computed jumps lead to. */
  limit: u32;
  /** Dispatch tables of the region. */
  tables: u32;
  tableCount: u32;
  /** Computed jumps in the region. */
  jumpCount: u32;
  /** Computed calls in the region. */
  callCount: u32;
  /** 1 while branches to what was not seen being executed are left open. */
  prune: u32;
  /** Edges that `flow` had to cut. */
  cuts: u32;
  /** Instructions on the longest way from where fuel is checked to where it is checked again, or out. */
  longest: u32;
  /** What has been seen of computed jumps, and which addresses were executed meanwhile (profile/jumps.ts). */
  jumps: u32;
  seen: u32;
  /** Blocks by address (block_index.ts). */
  finder: u32;
  /** 1 when `seen` is what was executed just before the region is formed. */
  observed: u32;
  /** Callees of up to this many instructions are inlined. */
  inlineInsns: u32;
}

// @ts-ignore: decorator
@inline export function writer(t: Dbt): Writer {
  return changetype<Writer>(changetype<usize>(t));
}

/** The bytes around a base register's value that one check of memory looks at (analysis/spans.ts). */
// @ts-ignore: decorator
@unmanaged
export class Span {
  /** From the register's value: the first byte, and the one after the last. */
  lo: i32;
  hi: i32;
  /** They are to be stored to. */
  stored: bool;
}

/** A place for the span of the access that a pass looks at. */
// @ts-ignore: decorator
@inline export function span_of(t: Dbt): Span {
  return changetype<Span>(<usize>t.scratch + 256);
}

/** How a region treats computed jumps. */
export enum Shape {
  /** They leave it. */
  OPEN = 0,
  /** Each set of them that share targets has a dispatch table in its place in the graph. */
  TABLES = 1,
  /** One table is the region's root: it may be entered at each target. */
  ROOTED = 2,
}

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

/** Lays the working memory out: `bytes` at `at`, zeroed. */
export function dbt_open(t: Dbt, bytes: u32): void {
  let at = changetype<usize>(t) + 512;
  t.blocks = <u32>at;
  at += <usize>MAX_BLOCKS * BLOCK_BYTES;
  t.contexts = <u32>at;
  at += <usize>MAX_CONTEXTS * CONTEXT_BYTES;
  t.ir = <u32>at;
  at += MAX_IR * 24;
  t.order = <u32>at;
  at += MAX_BLOCKS * 4;
  t.work = <u32>at;
  at += MAX_BLOCKS * 8;
  t.groups = <u32>at;
  at += 1024;
  t.pages = <u32>at;
  at += 256;
  t.spans = <u32>at;
  at += 512;
  t.scratch = <u32>at;
  at += 256 + 16;
  at = (at + 31) & ~31;
  t.sites = <u32>at;
  at += SITE_BYTES << SITE_BITS;
  t.accesses = <u32>at;
  at += ACCESS_SITE_BYTES << ACCESS_SITE_BITS;
  t.tables = <u32>at;
  at += <usize>MAX_TABLES * TABLE_BYTES;
  t.jumps = <u32>at;
  at += JUMP_SITE_BYTES << JUMP_SITE_BITS;
  t.seen = <u32>at;
  at += SEEN_BYTES;
  t.finder = <u32>at;
  at += FINDER_BYTES;
  t.code = <u32>at;
  t.codeBytes = bytes - <u32>(at - changetype<usize>(t));
}

/** True when the mechanism `which` is on. */
// @ts-ignore: decorator
@inline export function may(t: Dbt, which: Translate): bool {
  return (t.switches & which) != 0;
}

/** Notes for an explanation that what is emitted from now on is for the instruction at `pc`. */
export function mark(t: Dbt, pc: u64): void {
  if (!t.marks) return;
  if (t.markCount) {
    const last = <usize>t.marks + ((t.markCount - 1) << 4);
    if (load<u64>(last, 8) == pc) return;
    if (load<u32>(last) == t.at) t.markCount -= 1;
  }
  if (t.markCount == MAX_MARKS) return;
  const next = <usize>t.marks + (t.markCount << 4);
  store<u32>(next, t.at);
  store<u64>(next, pc, 8);
  t.markCount += 1;
}

/** True when the block ends in a call of another region: afterwards nothing is in locals. */
// @ts-ignore: decorator
@inline export function is_call(b: Block): bool {
  return b.term == Term.CALL || b.term == Term.CALL_INDIRECT;
}
