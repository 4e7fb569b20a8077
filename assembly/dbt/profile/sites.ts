/**
 * Accesses whose merged check fails too often: they are checked one by one when their region is made anew.
 *
 *  t.sites   1024 entries (pc_table.ts): u64 pc | u32 failures | u32 instret at the first
 */

import { PcEntry, pc_find, pc_take } from "./pc_table";
import { Dbt, SITE_BITS, SITE_BYTES } from "../ir/dbt";

/** Failures after which a site is checked alone, */
const LIMIT: u32 = 64;
/** when fewer instructions than this went by meanwhile. A loop through memory fails once in a page, which hardly matters. */
const OFTEN: u32 = LIMIT << 9;

const FAILURES: usize = PcEntry.WEIGHT;
const SINCE: usize = PcEntry.OWN;

/** Counts a failure at `pc`, the hart's instret being `now`; true when that makes it one too many. */
export function site_failed(t: Dbt, pc: u64, now: u32): bool {
  const at = pc_take(<usize>t.sites, SITE_BITS, SITE_BYTES, pc);
  let failures = load<u32>(at, FAILURES);
  if (failures == LIMIT) return false;
  if (failures + 1 == LIMIT && now - load<u32>(at, SINCE) >= OFTEN) failures = 0;
  if (!failures) store<u32>(at, now, SINCE);
  store<u32>(at, failures + 1, FAILURES);
  return failures + 1 == LIMIT;
}

/** True when the access at `pc` must not share a check. */
export function site_alone(t: Dbt, pc: u64): bool {
  const at = pc_find(<usize>t.sites, SITE_BITS, SITE_BYTES, pc);
  return at != 0 && load<u32>(at, FAILURES) == LIMIT;
}
