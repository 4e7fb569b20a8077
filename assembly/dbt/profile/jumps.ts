/**
 * Where computed jumps and calls go, as far as has been seen (observe.ts). Nothing depends on it but speed.
 *
 *  t.jumps   2^JUMP_SITE_BITS of   +0 u64 pc | +8 u32 jumps seen | +12 u32 targets, then JUMP_TARGETS of (i32 distance from pc, u32 times)
 *            (pc_table.ts)
 *  t.seen    one bit for each halfword, modulo its size: executed in the latest observation
 */

import { pc_find, pc_take } from "./pc_table";
import { Dbt, JUMP_SITE_BITS, JUMP_SITE_BYTES, JUMP_TARGETS, SEEN_BYTES } from "../ir/dbt";

/** A jump that has been seen less often is rare. */
const OFTEN: u32 = 32;

/** What has been seen of one computed jump. */
// @ts-ignore: decorator
@unmanaged
export class Site {
  pc: u64;
  jumps: u32;
  count: u32;
}

// @ts-ignore: decorator
@inline function entry(site: Site, index: u32): usize {
  return changetype<usize>(site) + 16 + ((<usize>index) << 3);
}

// @ts-ignore: decorator
@inline export function site_target(site: Site, index: u32): u64 {
  return site.pc + <u64>(<i64>load<i32>(entry(site, index)));
}

// @ts-ignore: decorator
@inline export function site_times(site: Site, index: u32): u32 {
  return load<u32>(entry(site, index), 4);
}

/** What has been seen of the computed jump at `pc`; 0 when it has not been seen. */
export function site_of(t: Dbt, pc: u64): usize {
  return pc_find(<usize>t.jumps, JUMP_SITE_BITS, JUMP_SITE_BYTES, pc);
}

/** Where the computed jump or call at `pc` has gone at least seven times of eight; 0 when there is no such place, or it is rare. */
export function usual_target(t: Dbt, pc: u64): u64 {
  const known = site_of(t, pc);
  if (!known) return 0;
  const site = changetype<Site>(known);
  if (site.jumps < OFTEN) return 0;
  for (let i: u32 = 0; i < site.count; i++) {
    if (site_times(site, i) >= site.jumps - (site.jumps >> 3)) return site_target(site, i);
  }
  return 0;
}

/** The jump or call at `pc` went to `to`. */
export function note_jump(t: Dbt, pc: u64, to: u64): void {
  const distance = <i64>(to - pc);
  if (distance != <i64>(<i32>distance)) return;
  const site = changetype<Site>(pc_take(<usize>t.jumps, JUMP_SITE_BITS, JUMP_SITE_BYTES, pc));
  site.jumps += 1;
  for (let i: u32 = 0; i < site.count; i++) {
    const at = entry(site, i);
    if (load<i32>(at) != <i32>distance) continue;
    store<u32>(at, load<u32>(at, 4) + 1, 4);
    return;
  }
  if (site.count == JUMP_TARGETS) return;
  const at = entry(site, site.count);
  store<i32>(at, <i32>distance);
  store<u32>(at, 1, 4);
  site.count += 1;
}

// @ts-ignore: decorator
@inline function seen_byte(t: Dbt, pc: u64): usize {
  return <usize>t.seen + (<usize>(pc >> 4) & (SEEN_BYTES - 1));
}

/** Whether the instruction at `pc` was executed in the latest observation; sometimes true although it was not. */
export function was_seen(t: Dbt, pc: u64): bool {
  return ((load<u8>(seen_byte(t, pc)) >> (<u8>(pc >> 1) & 7)) & 1) != 0;
}

/** The instruction at `pc` is being executed. */
export function note_seen(t: Dbt, pc: u64): void {
  const at = seen_byte(t, pc);
  const bit = <u8>(pc >> 1) & 7;
  store<u8>(at, load<u8>(at) | (1 << bit));
}

/** A new observation begins. */
export function forget_seen(t: Dbt): void {
  memory.fill(t.seen, 0, SEEN_BYTES);
}
