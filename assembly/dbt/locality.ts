/**
 * Which accesses stay in their page, as far as has been seen (observe.ts): a micro-TLB is worth its code for those. Nothing depends on
 * it but speed.
 *
 *  t.accesses   ACCESS_SITES of   +0 u64 pc | +8 u32 number of the page it led to last | +12 u16 times | +14 u16 times to another page
 */

import { Dbt, ACCESS_SITES } from "./state";

/** Counts are halved here. */
const MOST: u32 = 1 << 15;
/** With fewer times nothing is known. */
const LEAST: u32 = 8;

// @ts-ignore: decorator
@unmanaged
class Site {
  pc: u64;
  page: u32;
  times: u16;
  moves: u16;
}

// @ts-ignore: decorator
@inline function site_of(t: Dbt, pc: u64): Site {
  return changetype<Site>(<usize>t.accesses + ((((<u32>(pc >> 1) * 0x9e3779b1) >> 16) & (ACCESS_SITES - 1)) << 4));
}

/** The access at `pc` leads to `va`. */
export function note_access(t: Dbt, pc: u64, va: u64): void {
  const site = site_of(t, pc);
  const page = <u32>(va >> 12);
  if (site.pc != pc) {
    site.pc = pc;
    site.page = page;
    site.times = 0;
    site.moves = 0;
  }
  site.times += 1;
  if (site.page != page) site.moves += 1;
  site.page = page;
  if (site.times < MOST) return;
  site.times >>= 1;
  site.moves >>= 1;
}

/** True when the access at `pc` was seen to lead to the same page as before in seven of eight times at least. */
export function stays_in_page(t: Dbt, pc: u64): bool {
  const site = site_of(t, pc);
  return site.pc == pc && site.times >= LEAST && (<u32>site.moves) << 3 <= <u32>site.times;
}
