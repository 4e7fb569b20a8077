/**
 * The translator's working memory: one block the host gives each VM, laid out by `dbt_open` (open.ts).
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

import { Priv, Translate } from "../../shared/constants";
import { Mode } from "../../shared/ir";
import { Writer } from "../wasm/writer";

export const MAX_BLOCKS: u32 = 512;
export const MAX_CONTEXTS: u32 = 32;
export const MAX_IR: u32 = 8192;
export const MAX_INSNS: u32 = 1200;
export const MAX_MARKS: u32 = MAX_IR + 2 * MAX_BLOCKS;
/** Branches of a module that the engine is told about. */
export const MAX_HINTS: u32 = 4096;

/** The tables by pc (profile/pc_table.ts): entries as a power of two, and the bytes of one. */
export const SITE_BITS: u32 = 10;
export const SITE_BYTES: usize = 24;
export const ACCESS_SITE_BITS: u32 = 11;
export const ACCESS_SITE_BYTES: usize = 16;

/** Dispatch tables in a region, and targets in each, at most. */
export const MAX_TABLES: u32 = 24;
export const MAX_TARGETS: u32 = 64;
export const TABLE_BYTES: usize = 16 + 16 * <usize>MAX_TARGETS;

/** Computed jumps that are remembered, and targets of each (profile/jumps.ts). */
export const JUMP_SITE_BITS: u32 = 9;
export const JUMP_TARGETS: u32 = 64;
export const JUMP_SITE_BYTES: usize = 16 + 8 * <usize>JUMP_TARGETS;
/** The filter of addresses that have been executed: one bit for each halfword, modulo its size. */
export const SEEN_BYTES: usize = 8192;

/** Blocks by address (block_index.ts). */
export const FINDER_BYTES: usize = 3072;

/** What may be done with floating point. */
export enum Float {
  /** Arithmetic may be inlined. */
  INLINE = 1,
  /** frm is round-to-nearest now: the dynamic rounding mode is taken to be that. */
  NEAREST = 2,
}

/** What a region's inlined floating point looks at. */
export enum FloatUse {
  /** Something rounds to nearest: frm is checked on entry. */
  ROUNDS = 1,
  /** Something looks at NX for doubles. */
  DOUBLE = 2,
  /** Something looks at NX for singles. */
  SINGLE = 4,
}

/**
 * The translator's fields, by the folders of dbt/ that write them, in the order of the stages; test/dbt/fields.test.ts holds the sources
 * against it. What only one stage needs is handed on as a value instead.
 */
// @ts-ignore: decorator
@unmanaged
export class Dbt {
  // Written by: lower, drive. A `Writer`: where emitted code goes, and whether it has come to the end of its room.
  at: u32;
  end: u32;
  full: u32;

  // Written by: ir. Where the parts of the working memory are.
  blocks: u32;
  contexts: u32;
  ir: u32;
  order: u32;
  /** Blocks that are to be read. */
  work: u32;
  /** Masks of dirty registers of the exits (x low, f high). */
  groups: u32;
  /** Which way branches of the module go (lower/hint.ts). */
  hints: u32;
  /** Code pages that the region's bytes lie in. */
  pages: u32;
  /** Lowest and highest offset + size of accesses by base register: 32 pairs of i32. */
  spans: u32;
  /** One state of spans, 256 bytes, and behind it a `Span`. */
  scratch: u32;
  code: u32;
  codeBytes: u32;
  /** Dispatch tables of the region. */
  tables: u32;
  /** Blocks by address (block_index.ts). */
  finder: u32;
  /** Accesses that are checked alone (profile/sites.ts). */
  sites: u32;
  /** Which accesses stay in their page (profile/locality.ts). */
  accesses: u32;
  /** What has been seen of computed jumps, and which addresses were executed meanwhile (profile/jumps.ts). */
  jumps: u32;
  seen: u32;

  // Written by: drive. What a module is made for.
  ramMa: u32;
  ramPa: u64;
  ramSize: u64;
  /** `Translate` bits: the mechanisms that are on. */
  switches: u32;
  /** `Sensitive`: who executes sensitive instructions. */
  sensitive: u32;
  /** Guest instructions in a region at most, without those that computed jumps lead to. */
  maxInsns: u32;
  /** And at most to keep a long block whole: cut in pieces it would be executed all the same. */
  wholeInsns: u32;
  /** `Float` bits. */
  float: u32;
  /** 1 when `seen` is what was executed just before the region is formed. */
  observed: u32;
  /** Where an explanation wants to know what is emitted for which instruction: (u32 address, u32, u64 pc); 0 for nowhere. */
  marks: u32;

  // Written by: drive, lower. The module.
  /** Functions in it so far. */
  functions: u32;
  /** Entries at `marks`. */
  markCount: u32;

  // Written by: drive. The region.
  /** `Mode` bits that it assumes. */
  mode: u32;

  // Written by: region. How it is formed, and what it has become.
  entryPc: u64;
  /** How it treats computed jumps. */
  shape: Shape;
  /** 1 while branches to what was not seen being executed are left open. */
  prune: u32;
  /** Guest instructions that may be in it now: it grows by those that computed jumps lead to. */
  limit: u32;
  /** Callees of up to this many instructions are inlined. */
  inlineInsns: u32;
  workCount: u32;
  contextCount: u32;
  tableCount: u32;
  pageCount: u32;
  /** Computed jumps, and computed calls. */
  jumpCount: u32;
  callCount: u32;
  /** 1 when it has floating-point instructions that count on mstatus.FS being dirty. */
  floats: u32;

  // Written by: region, opt. Its guest instructions.
  insns: u32;

  // Written by: ir, opt. Its blocks.
  blockCount: u32;

  // Written by: ir, front. Its nodes.
  irCount: u32;

  // Written by: front. What its floating point needs.
  /** `FloatUse` bits. */
  floatUse: u32;

  // Written by: analysis. Its flow.
  orderCount: u32;
  /** Instructions on the longest way from where fuel is checked to where it is checked again, or out. */
  longest: u32;
  /** Base registers whose accesses share no check (analysis/spans.ts). */
  narrowBases: u32;

  // Written by: opt. f registers that it uses for singles alone.
  singles: u32;

  // Written by: lower. The point of emission.
  /** Wasm labels that are open. */
  depth: u32;
  /** Exits by the registers that are dirty. */
  groupCount: u32;
  /** 1 when one of them jumps to code outside the region. */
  chained: u32;
  /** Entries at `hints`, for all functions of the module. */
  hintCount: u32;
  /** f registers known to hold a NaN-boxed single. */
  boxed: u32;
}

// @ts-ignore: decorator
@inline export function writer(t: Dbt): Writer {
  return changetype<Writer>(changetype<usize>(t));
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

/**
 * Whether the region may lie at several addresses: programs and libraries do, each process having its own. What emitted code says of
 * addresses it then says by their distance from the entry, whose address its caller gives it.
 */
// @ts-ignore: decorator
@inline export function is_position_independent(t: Dbt): bool {
  return t.mode >> Mode.PRIV_SHIFT == Priv.U && may(t, Translate.POSITION_INDEPENDENT);
}

/** True when the mechanism `which` is on. */
// @ts-ignore: decorator
@inline export function may(t: Dbt, which: Translate): bool {
  return (t.switches & which) != 0;
}
