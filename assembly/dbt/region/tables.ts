/**
 * Dispatch tables: computed jumps whose targets have been seen (jumps.ts) stay in the region.
 *
 * Jumps that share a target share a table, which is a block of the graph; its successors are the targets, the most frequent first.
 * A `switch` has a table in its place, and the graph keeps its shape. An interpreter with a computed jump at the end of each of its
 * instructions may have one for all: then it is the root of the region (`Shape.ROOTED`), which can be entered at every target.
 */

import { Hart } from "../../state/state";
import { new_block } from "../ir/block_index";
import { block_at, jump_pc, may_begin, scan_all } from "./form";
import { site_of, Site, site_target, site_times } from "../profile/jumps";
import { block, Block, NO_CONTEXT, Table, table, table_of, target, Target } from "../ir/block";
import { Dbt, MAX_BLOCKS, MAX_TABLES, MAX_TARGETS, Shape } from "../ir/dbt";
import { Term } from "../../shared/ir";

/** Makes an empty table for computed jumps in `ctx`; its number + 1, or 0 when there is no room. */
export function new_table(t: Dbt, ctx: u32): u32 {
  if (t.tableCount == MAX_TABLES || t.blockCount == MAX_BLOCKS) return 0;
  const index = t.tableCount;
  t.tableCount = index + 1;
  const tab = table(t, index);
  tab.count = 0;
  tab.done = 0;
  tab.context = ctx;
  tab.block = new_block(t, -1, NO_CONTEXT);
  const b = block(t, tab.block);
  b.term = Term.DISPATCH;
  b.table = index;
  return index + 1;
}

/** Adds `times` to the target at `pc`, which is made when there is room. */
export function add_target(tab: Table, pc: u64, times: u32): void {
  for (let i: u32 = 0; i < tab.count; i++) {
    const known = target(tab, i);
    if (known.pc != pc) continue;
    known.count += times;
    return;
  }
  if (tab.count == MAX_TARGETS) return;
  const made = target(tab, tab.count);
  tab.count += 1;
  made.pc = pc;
  made.count = times;
  made.block = 0;
}

function has_target(tab: Table, pc: u64): bool {
  for (let i: u32 = 0; i < tab.count; i++) if (target(tab, i).pc == pc) return true;
  return false;
}

/** The table that a jump in `ctx` with the targets of `site` belongs to, + 1: one that shares a target, or a new one. */
function table_for(t: Dbt, ctx: u32, site: Site): u32 {
  if (t.shape == Shape.ROOTED && ctx == table(t, 0).context) return 1;
  for (let i: u32 = 0; i < t.tableCount; i++) {
    const tab = table(t, i);
    if (tab.context != ctx) continue;
    for (let k: u32 = 0; k < site.count; k++) if (has_target(tab, site_target(site, k))) return i + 1;
  }
  return new_table(t, ctx);
}

/** Gives the computed jump that ends block `b` its table, when its targets are known. */
function link_jump(t: Dbt, b: Block): void {
  const known = site_of(t, jump_pc(b));
  if (!known) return;
  const site = changetype<Site>(known);
  const index = table_for(t, b.context, site);
  if (!index) return;
  const tab = table(t, index - 1);
  for (let i: u32 = 0; i < site.count; i++) add_target(tab, site_target(site, i), site_times(site, i));
  b.succ0 = tab.block + 1;
}

/** The most frequent target without a block, of all tables; 0 when there is none. */
function pick(t: Dbt): usize {
  let best: usize = 0;
  let most: u32 = 0;
  for (let i: u32 = 0; i < t.tableCount; i++) {
    const tab = table(t, i);
    for (let k: u32 = 0; k < tab.count; k++) {
      const candidate = target(tab, k);
      if (candidate.block || candidate.count <= most) continue;
      best = changetype<usize>(candidate);
      most = candidate.count;
    }
  }
  return best;
}

/** Takes the targets of all computed jumps into the region, the most frequent first, as long as there is room. */
export function link_tables(t: Dbt, hart: Hart): void {
  let next: u32 = 0;
  while (true) {
    for (; next < t.blockCount; next++) {
      const b = block(t, next);
      if (b.term == Term.INDIRECT && !b.succ0) link_jump(t, b);
    }
    const picked = pick(t);
    if (!picked) break;
    const to = changetype<Target>(picked);
    const index = may_begin(t, hart, to.pc) ? block_at(t, hart, to.pc, table_of(t, to).context) : 0;
    if (index) to.block = index;
    else to.count = 0;
    scan_all(t, hart);
  }
  for (let i: u32 = 0; i < t.tableCount; i++) sort(table(t, i));
}

/** Puts the most frequent targets first. */
function sort(tab: Table): void {
  for (let i: u32 = 1; i < tab.count; i++) {
    for (let k = i; k && target(tab, k).count > target(tab, k - 1).count; k--) swap(target(tab, k), target(tab, k - 1));
  }
}

function swap(a: Target, b: Target): void {
  const pc = a.pc;
  const rest = load<u64>(changetype<usize>(a), 8);
  a.pc = b.pc;
  store<u64>(changetype<usize>(a), load<u64>(changetype<usize>(b), 8), 8);
  b.pc = pc;
  store<u64>(changetype<usize>(b), rest, 8);
}
