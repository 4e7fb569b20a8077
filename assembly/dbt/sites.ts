/**
 * Accesses whose merged check fails too often: they are checked one by one when their region is made anew.
 *
 *  t.sites   1024 entries of 16 bytes: u64 pc | u32 failures | u32 instret at the first        two-way: slot, slot ^ 1
 */

import { Dbt } from "./state";

/** Failures after which a site is checked alone, */
const LIMIT: u32 = 64;
/** when fewer instructions than this went by meanwhile. A loop through memory fails once in a page, which hardly matters. */
const OFTEN: u32 = LIMIT << 9;

// @ts-ignore: decorator
@inline function slot_of(t: Dbt, pc: u64): usize {
  return <usize>t.sites + (((<u32>(pc >> 1) * 0x9e3779b1) >> 22) << 4);
}

/** Counts a failure at `pc`, the hart's instret being `now`; true when that makes it one too many. */
export function site_failed(t: Dbt, pc: u64, now: u32): bool {
  let at = slot_of(t, pc);
  if (load<u64>(at) != pc) {
    const other = at ^ 16;
    if (load<u64>(other) == pc || load<u32>(other, 8) < load<u32>(at, 8)) at = other;
    if (load<u64>(at) != pc) {
      store<u64>(at, pc);
      store<u32>(at, 0, 8);
    }
  }
  let failures = load<u32>(at, 8);
  if (failures == LIMIT) return false;
  if (failures + 1 == LIMIT && now - load<u32>(at, 12) >= OFTEN) failures = 0;
  if (!failures) store<u32>(at, now, 12);
  store<u32>(at, failures + 1, 8);
  return failures + 1 == LIMIT;
}

/** True when the access at `pc` must not share a check. */
export function site_alone(t: Dbt, pc: u64): bool {
  const at = slot_of(t, pc);
  if (load<u64>(at) == pc) return load<u32>(at, 8) == LIMIT;
  return load<u64>(at ^ 16) == pc && load<u32>(at ^ 16, 8) == LIMIT;
}
