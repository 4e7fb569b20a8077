/** Forms a region in one shape, as large as is good for that. */

import { Hart } from "../../state/state";
import { block, table, target } from "../ir/block";
import { Dbt, MAX_INSNS, Shape } from "../ir/dbt";
import { block_at, fill, form_begin, is_stale, scan_all } from "./form";
import { add_target, link_tables, new_table } from "./tables";

/** A region with dispatch tables may have this many times the instructions of one without. */
const TABLE_ROOM: u32 = 4;
/** And one whose instructions have all been seen being executed, this many times. */
const SEEN_ROOM: u32 = 2;

/** Callees of up to this many instructions are inlined. */
const INLINE_INSNS: u32 = 60;
/** And of up to this many, where all of the region has room with them. */
const INLINE_WIDE: u32 = 150;

/** Forms the region at `pc`. False when not even one instruction can be translated, or decoded pages were lost. */
export function form(t: Dbt, hart: Hart, pc: u64, shape: Shape): bool {
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
