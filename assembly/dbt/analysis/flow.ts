/**
 * The shape of the region: reverse postorder, dominators, loop heads and merge points.
 *
 * An edge back to a block that does not dominate its source (an irreducible loop) becomes an exit. (Dominators: Cooper, Harvey and
 * Kennedy, "A Simple, Fast Dominance Algorithm")
 */

import { Block, block, is_call, ordered, succ_count, successor, table, target } from "../ir/block";
import { Dbt } from "../ir/dbt";
import { Term } from "../../shared/ir";

/** Finds the flow through the blocks. Returns how many edges had to be cut. */
export function flow(t: Dbt): u32 {
  t.orderCount = 0;
  let cuts: u32 = 0;
  for (let i: u32 = 0; i < t.blockCount; i++) block(t, i).rpo = 0;
  visit(t, 0);
  number(t);
  dominators(t);
  for (let i: u32 = 0; i < t.orderCount; i++) cuts += classify(t, ordered(t, i));
  for (let i: u32 = 1; i < t.orderCount; i++) note_merge(t, ordered(t, i));
  find_uncharged(t);
  lengths(t);
  return cuts;
}

/** Finds the longest ways: fuel is checked at loop heads and after calls. */
function lengths(t: Dbt): void {
  t.longest = 0;
  for (let i = t.orderCount; i; i--) {
    const b = ordered(t, i - 1);
    let rest: u32 = 0;
    for (let s: u32 = 0, n: u32 = is_call(b) ? 0 : succ_count(t, b); s < n; s++) {
      const to = successor(t, b, s);
      if (to && block(t, to - 1).rpo > b.rpo && !block(t, to - 1).backIn) rest = max(rest, block(t, to - 1).length);
    }
    b.length = b.insns + rest;
    t.longest = max(t.longest, b.length);
  }
}

/**
 * Finds how many instructions have been executed, and not been taken off the fuel yet, when each block begins. In straight code they add
 * up. Where ways meet, the count is that of the longest, and the others charge the difference before they go there. It is 0 where a loop
 * begins, at dispatch tables, and at what these lead to, because a table has no place to charge at.
 */
function find_uncharged(t: Dbt): void {
  for (let i: u32 = 0; i < t.orderCount; i++) ordered(t, i).uncharged = 0;
  for (let i: u32 = 0; i < t.orderCount; i++) {
    const b = ordered(t, i);
    const out = uncharged_after(b);
    for (let s: u32 = 0, n = succ_count(t, b); s < n; s++) {
      const to = successor(t, b, s);
      if (to) pass_on(block(t, to - 1), b, out);
    }
  }
}

function pass_on(to: Block, from: Block, uncharged: u32): void {
  if (to.switched || to.term == Term.DISPATCH) return;
  if (to.rpo > from.rpo && !to.backIn) to.uncharged = max(to.uncharged, uncharged);
}

/** Instructions that are not charged when the block ends. After a call there are none: the callee has charged them. */
// @ts-ignore: decorator
@inline export function uncharged_after(b: Block): u32 {
  return is_call(b) ? 0 : b.uncharged + b.insns;
}

const VISITED: u32 = 0xffff_ffff;

/** Writes blocks in postorder, last first, from the end of the order downward. */
function visit(t: Dbt, index: u32): void {
  const b = block(t, index);
  b.rpo = VISITED;
  for (let i = succ_count(t, b); i; i--) {
    const to = successor(t, b, i - 1);
    if (to && !block(t, to - 1).rpo) visit(t, to - 1);
  }
  store<u32>(<usize>t.order + (t.orderCount << 2), index);
  t.orderCount += 1;
}

/** Reverses the postorder. */
function number(t: Dbt): void {
  const last = t.orderCount - 1;
  for (let i: u32 = 0; i < t.orderCount / 2; i++) {
    const low = <usize>t.order + (i << 2);
    const high = <usize>t.order + ((last - i) << 2);
    const index = load<u32>(low);
    store<u32>(low, load<u32>(high));
    store<u32>(high, index);
  }
  for (let i: u32 = 0; i < t.orderCount; i++) {
    const b = ordered(t, i);
    b.rpo = i + 1;
    b.idom = 0;
    b.forwardIn = 0;
    b.backIn = 0;
    b.switched = 0;
    b.merges = 0;
  }
}

function dominators(t: Dbt): void {
  ordered(t, 0).idom = 1;
  let changed = true;
  while (changed) {
    changed = false;
    for (let i: u32 = 0; i < t.orderCount; i++) {
      const b = ordered(t, i);
      for (let s: u32 = 0, n = succ_count(t, b); s < n; s++) {
        const to = successor(t, b, s);
        if (to && meet(t, b, block(t, to - 1))) changed = true;
      }
    }
  }
}

/** Takes the edge from `from` into account for the dominator of `to`; true when that changed it. idom is a position + 1. */
function meet(t: Dbt, from: Block, to: Block): bool {
  if (to.rpo == 1) return false;
  let a = from.rpo;
  let b = to.idom;
  if (b) {
    while (a != b) {
      if (a > b) a = ordered(t, a - 1).idom;
      else b = ordered(t, b - 1).idom;
    }
  }
  if (to.idom == a) return false;
  to.idom = a;
  return true;
}

export function dominates(t: Dbt, above: Block, b: Block): bool {
  let at = b.rpo;
  while (at > above.rpo) at = ordered(t, at - 1).idom;
  return at == above.rpo;
}

/** True when more than one way leads forward to the block, or a dispatch table. */
// @ts-ignore: decorator
@inline export function is_merge(b: Block): bool {
  return b.forwardIn > 1 || b.switched != 0;
}

/** Lists a merge point with its dominator. */
function note_merge(t: Dbt, b: Block): void {
  if (!is_merge(b)) return;
  const above = ordered(t, b.idom - 1);
  b.nextMerge = above.merges;
  above.merges = b.rpo;
}

/** Counts the edges out of `b` at their targets, and cuts irreducible ones. Returns how many those are. */
function classify(t: Dbt, b: Block): u32 {
  let cuts: u32 = 0;
  for (let i: u32 = 0, n = succ_count(t, b); i < n; i++) {
    const succ = successor(t, b, i);
    if (!succ) continue;
    const to = block(t, succ - 1);
    if (!count_edge(t, b, to)) {
      drop(t, b, i);
      cuts += 1;
    } else if (b.term == Term.DISPATCH && to.rpo > b.rpo) to.switched = 1;
  }
  return cuts;
}

/** Counts the edge at its target. False when it is irreducible. */
function count_edge(t: Dbt, from: Block, to: Block): bool {
  if (to.rpo > from.rpo) to.forwardIn += 1;
  else if (dominates(t, to, from)) to.backIn += 1;
  else return false;
  return true;
}

/** Makes successor `i` an exit. */
function drop(t: Dbt, b: Block, i: u32): void {
  if (b.term == Term.DISPATCH) target(table(t, b.table), i).block = 0;
  else if (i) b.succ1 = 0;
  else b.succ0 = 0;
}
