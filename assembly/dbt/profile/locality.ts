/**
 * Which accesses stay in their page, as far as has been seen (observe.ts): a micro-TLB is worth its code for those. Nothing depends on
 * it but speed.
 *
 *  t.accesses   2^ACCESS_SITE_BITS of   +0 u64 pc | +8 u16 times to another page than before | +10 u16 times | +12 u32 number of the page it led to last
 *               (pc_table.ts)
 */

import { pc_find, pc_take } from "./pc_table";
import { ACCESS_SITE_BITS, ACCESS_SITE_BYTES, Dbt } from "../ir/dbt";

/** Counts are halved here. */
const MOST: u32 = 1 << 14;
/** With fewer times nothing is known. */
const LEAST: u32 = 8;

// @ts-ignore: decorator
@unmanaged
class Site {
  pc: u64;
  moves: u16;
  /** The upper half of the weight. */
  times: u16;
  page: u32;
}

/** The access at `pc` leads to `va`. */
export function note_access(t: Dbt, pc: u64, va: u64): void {
  const site = changetype<Site>(pc_take(<usize>t.accesses, ACCESS_SITE_BITS, ACCESS_SITE_BYTES, pc));
  const page = <u32>(va >> 12);
  site.times += 1;
  if (site.times > 1 && site.page != page) site.moves += 1;
  site.page = page;
  if (site.times < MOST) return;
  site.times >>= 1;
  site.moves >>= 1;
}

/** True when the access at `pc` was seen to lead to the same page as before in seven of eight times at least. */
export function stays_in_page(t: Dbt, pc: u64): bool {
  const site = changetype<Site>(pc_find(<usize>t.accesses, ACCESS_SITE_BITS, ACCESS_SITE_BYTES, pc));
  return changetype<usize>(site) != 0 && site.times >= LEAST && (<u32>site.moves) << 3 <= <u32>site.times;
}
