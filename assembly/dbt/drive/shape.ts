/** The shape of a region: how it is formed, and the flow through it. */

import { Hart } from "../../state/state";
import { Translate } from "../../shared/constants";
import { block_at, fill, form_begin, is_stale, scan_all } from "../region/form";
import { flow } from "../analysis/flow";
import { unroll } from "../opt/unroll";
import { block, Dbt, MAX_INSNS, may, Shape, table, target } from "../ir/dbt";
import { add_target, link_tables, new_table } from "../region/tables";

/** A region with dispatch tables may have so many times the instructions. */
const TABLE_ROOM: u32 = 4;
/** And so many times, while all of them have been seen being executed. */
const SEEN_ROOM: u32 = 2;

/** Callees of up to this many instructions are inlined. */
const INLINE_INSNS: u32 = 60;
/** And of up to this many, where all of the region has room with them. */
const INLINE_WIDE: u32 = 150;

/** Forms the region at `pc`. False when not even one instruction can be translated, or decoded pages were lost. */
function form(t: Dbt, hart: Hart, pc: u64, shape: Shape): bool {
  const seen = t.observed != 0;
  let entry = grow(t, hart, pc, shape, seen, INLINE_WIDE);
  if (t.insns >= t.limit) entry = grow(t, hart, pc, shape, seen, INLINE_INSNS);
  // Too much even so is a long way, and each region that begins on it would repeat the rest.
  if (shape == Shape.OPEN && seen && t.insns >= t.limit) entry = grow(t, hart, pc, shape, false, INLINE_INSNS);
  if (shape != Shape.OPEN) {
    t.limit = min(TABLE_ROOM * t.maxInsns, MAX_INSNS);
    link_tables(t, hart);
  }
  t.limit = t.maxInsns;
  if (t.prune) fill(t, hart);
  return block(t, entry).insns != 0 && !is_stale(t);
}

/**
 * Begins the region with what direct jumps lead to, if `seen` with what is executed lately, and callees of up to `inlined` instructions.
 * Returns its first block.
 */
function grow(t: Dbt, hart: Hart, pc: u64, shape: Shape, seen: bool, inlined: u32): u32 {
  form_begin(t, pc);
  t.inlineInsns = inlined;
  t.shape = shape;
  t.prune = u32(seen || shape != Shape.OPEN);
  if (seen) t.limit = min(SEEN_ROOM * t.maxInsns, MAX_INSNS);
  if (shape == Shape.ROOTED) {
    new_table(t, 0);
    add_target(table(t, 0), pc, 1);
  }
  const entry = block_at(t, hart, pc, 0);
  if (shape == Shape.ROOTED) target(table(t, 0), 0).block = entry;
  scan_all(t, hart);
  return entry - 1;
}

function form_flow(t: Dbt, hart: Hart, pc: u64, shape: Shape): bool {
  if (!form(t, hart, pc, shape)) return false;
  find_flow(t);
  return true;
}

function find_flow(t: Dbt): void {
  if (may(t, Translate.UNROLLING)) unroll(t);
  flow(t);
}

/**
 * Forms the region at `pc` and finds its flow. Computed jumps stay inside if they have been seen, in the shape that cuts fewer edges.
 * False when not even one instruction can be translated.
 */
export function shape(t: Dbt, hart: Hart, pc: u64): bool {
  if (!form(t, hart, pc, Shape.OPEN)) return false;
  if (!t.jumpCount || !may_table(t)) {
    find_flow(t);
    return true;
  }
  if (!form_flow(t, hart, pc, Shape.TABLES)) return false;
  const cuts = t.cuts;
  if (!cuts || !t.tableCount) return true;
  return (form_flow(t, hart, pc, Shape.ROOTED) && t.cuts < cuts) || form_flow(t, hart, pc, Shape.TABLES);
}

/** What a look at what is executed lately is good for. */
export enum Observation {
  NONE = 0,
  /** Callees of computed calls can be inlined. */
  CALLS = 1,
  /** The region does not fit, or has computed jumps that can be kept in it. */
  SHAPES = 2,
}

/** Whether it matters for the region at `pc` what is executed lately. */
export function wants_observation(t: Dbt, hart: Hart, pc: u64): Observation {
  t.observed = 0;
  if (!form(t, hart, pc, Shape.OPEN)) return Observation.NONE;
  if (t.insns >= t.limit || (t.jumpCount != 0 && may_table(t))) return Observation.SHAPES;
  return t.callCount != 0 && may(t, Translate.INLINING) ? Observation.CALLS : Observation.NONE;
}

// @ts-ignore: decorator
@inline function may_table(t: Dbt): bool {
  return may(t, Translate.JUMP_TABLES) && may(t, Translate.REGIONS) && may(t, Translate.INDIRECT_CACHE);
}
