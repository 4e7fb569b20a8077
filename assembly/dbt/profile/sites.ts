/**
 * Accesses whose merged check fails too often: they are checked one by one when their region is made anew.
 *
 *  t.sites   1024 entries (pc_table.ts): u64 pc | u32 failures, and ALONE | u32 instret at the first | u64 page of all, or MANY
 */

import { PcEntry, pc_find, pc_take } from "./pc_table";
import { Dbt, SITE_BITS, SITE_BYTES } from "../ir/dbt";

/** Failures after which a site is checked alone, */
const LIMIT: u32 = 64;
/** when fewer instructions than this went by meanwhile. A loop through memory fails once in a page, which hardly matters. */
const OFTEN: u32 = LIMIT << 9;
/**
 * The same where all were in one page: a frame that lies over the end of a page. All callers' functions are left with it, which
 * takes as long as thousands of instructions.
 */
const OFTEN_THERE: u32 = LIMIT << 14;

/** The site has failed too often before; what still fails is code that was made until then. */
const ALONE: u32 = 1 << 31;

const FAILURES: usize = PcEntry.WEIGHT;
const SINCE: usize = PcEntry.OWN;
const PAGE: usize = 16;

/** No page: there have been several. */
const MANY: u64 = u64.MAX_VALUE;

/** What a failure comes to. */
export enum Failed {
  /** It hardly matters. */
  SELDOM,
  /** It is one too many: the region that it was in is to be made anew. */
  OFTEN,
  /** The same once more, though the site has been checked alone since then: it was in another region. */
  AGAIN,
}

/** Counts a failure at `pc`, in a virtual page, the hart's instret being `now`; of one that is checked alone, only where the check was `merged`. */
export function site_failed(t: Dbt, pc: u64, page: u64, now: u32, merged: bool): Failed {
  const at = pc_take(<usize>t.sites, SITE_BITS, SITE_BYTES, pc);
  const alone = load<u32>(at, FAILURES) & ALONE;
  if (alone && !merged) return Failed.SELDOM;
  let failures = load<u32>(at, FAILURES) & ~ALONE;
  if (failures && load<u64>(at, PAGE) != page) store<u64>(at, MANY, PAGE);
  const often = load<u64>(at, PAGE) == page ? OFTEN_THERE : OFTEN;
  if (failures + 1 == LIMIT && now - load<u32>(at, SINCE) >= often) failures = 0;
  if (!failures) {
    store<u32>(at, now, SINCE);
    store<u64>(at, page, PAGE);
  }
  const isTooMany = failures + 1 == LIMIT;
  store<u32>(at, isTooMany ? ALONE : alone | (failures + 1), FAILURES);
  if (!isTooMany) return Failed.SELDOM;
  return alone ? Failed.AGAIN : Failed.OFTEN;
}

/** True when the access at `pc` must not share a check. */
export function site_alone(t: Dbt, pc: u64): bool {
  const at = pc_find(<usize>t.sites, SITE_BITS, SITE_BYTES, pc);
  return at != 0 && (load<u32>(at, FAILURES) & ALONE) != 0;
}
