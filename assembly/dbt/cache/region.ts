/**
 * Region descriptors: what is known of each translated region. They are taken in order, and given back all at once.
 *
 *  Region   +0 … the class below, then up to MAX_PAGES of (u32 page, u32 version, u64 va)
 *
 * The entry's record in its decoded page is replaced by Op.REGION, whose imm is the descriptor's address. A decoded page may be several VMs',
 * each of which may have a region there: the descriptors are linked by `next`, and each is found by whose it is.
 */

import { code_page_settled, page_version } from "../../code/pages";
import { Op } from "../../isa/op";
import { CodeSpace, Hart, Vm } from "../../state/state";
import { code_of } from "../../state/regs";
import { CodePage, Translation } from "../../shared/constants";
import { RegionField } from "../../shared/explained";
import { block } from "../ir/block";
import { Dbt } from "../ir/dbt";

// @ts-ignore: decorator
@unmanaged
export class Region {
  /** The record that the region's first instruction has. */
  record: u64;
  /** Virtual address of the entry. */
  va: u64;
  /** Index of its function in the VM's table. */
  index: u32;
  /** `Mode` bits that it assumes. */
  mode: u32;
  /** Fuel that an entry needs. */
  need: u32;
  pageCount: u32;
  /** The entry's record: address in its decoded page. */
  slot: u32;
  /** Where its own code, without inlined callees, begins and ends, from its entry. */
  low: i32;
  high: i32;
  /** Instructions of the guest that it has. */
  insns: u32;
  /** Address of the block of the translated code that it belongs to. */
  code: u32;
  /** Address of the next region with the same entry, of other code, or 0. */
  next: u32;
}

if (offsetof<Region>("va") != RegionField.va) ERROR("Region.va is misplaced");
if (offsetof<Region>("mode") != RegionField.mode) ERROR("Region.mode is misplaced");
if (offsetof<Region>("need") != RegionField.need) ERROR("Region.need is misplaced");
if (offsetof<Region>("slot") != RegionField.slot) ERROR("Region.slot is misplaced");
if (offsetof<Region>("low") != RegionField.low) ERROR("Region.low is misplaced");
if (offsetof<Region>("insns") != RegionField.insns) ERROR("Region.insns is misplaced");
if (offsetof<Region>("code") != RegionField.code) ERROR("Region.code is misplaced");
if (offsetof<Region>("next") != RegionField.next) ERROR("Region.next is misplaced");
if (offsetof<Region>("high") != RegionField.high) ERROR("Region.high is misplaced");

const PAGE_LIST: usize = Translation.REGION_BYTES - 16 * Translation.REGION_PAGES;

// @ts-ignore: decorator
@inline export function region_page(region: Region, i: u32): usize {
  return changetype<usize>(region) + PAGE_LIST + (i << 4);
}

// @ts-ignore: decorator
@inline export function region_at_index(code: CodeSpace, index: u32): Region {
  return changetype<Region>(<usize>(code.regions + index * Translation.REGION_BYTES));
}

/**
 * Takes a descriptor for an entry at `pc` of the region just formed in `t`, not linked yet: it never is when a page is not of the version
 * any more that was read. False when it cannot be fetched.
 */
export function region_make(t: Dbt, hart: Hart, vm: Vm, pc: u64): bool {
  const page = code_page_settled(hart, pc);
  if (!page) return false;
  const code = code_of(vm);
  const region = region_at_index(code, code.regionCount);
  code.regionCount += 1;
  region.code = vm.code;
  region.next = 0;
  region.va = pc;
  region.index = 0;
  region.mode = t.mode;
  region.need = t.longest + 1;
  region.insns = t.insns;
  region.pageCount = t.pageCount;
  region.slot = <u32>page + CodePage.RECORDS + ((<u32>pc & 0xffe) << 2);
  set_extent(t, region);
  for (let i: u32 = 0; i < t.pageCount; i++) {
    const from = <usize>t.pages + (i << 4);
    const to = region_page(region, i);
    store<u32>(to, load<u32>(from));
    store<u32>(to, load<u32>(from, 4), 4);
    store<u64>(to, load<u64>(from, 8), 8);
  }
  return true;
}

function set_extent(t: Dbt, region: Region): void {
  region.low = 0;
  region.high = 0;
  for (let i: u32 = 0; i < t.blockCount; i++) {
    const b = block(t, i);
    if (b.context) continue;
    region.low = min(region.low, <i32>(b.pc - region.va));
    region.high = max(region.high, <i32>(b.endPc - region.va));
  }
}

/** True while no record that the region was made from has been forgotten. */
export function region_is_current(region: Region): bool {
  for (let i: u32 = 0; i < region.pageCount; i++) {
    const at = region_page(region, i);
    if (page_version(<usize>load<u32>(at)) != load<u32>(at, 4)) return false;
  }
  return true;
}

/** Has no entry of the region be used any more: versions of pages only grow. */
export function region_expire(region: Region): void {
  const at = region_page(region, 0);
  store<u32>(at, load<u32>(at, 4) - 1, 4);
}

/** Whether both are entries of the same body. */
export function region_same_body(a: Region, b: Region): bool {
  return a.va + a.low == b.va + b.low && a.va + a.high == b.va + b.high && a.mode == b.mode && a.insns == b.insns;
}

/** The first region with its entry at the record `r`, or null. */
// @ts-ignore: decorator
@inline function first_region(r: u64): Region {
  return changetype<Region>((<u32>r & 0xff) == Op.REGION ? <usize>(r >> 32) : 0);
}

/** The region with its entry at the record `r` that belongs to the translated code whose block is at `code`, or null. */
export function region_in(r: u64, code: u32): Region {
  let region = first_region(r);
  while (changetype<usize>(region) && region.code != code) region = changetype<Region>(<usize>region.next);
  return region;
}

/** Lets the interpreter and the dispatcher find the region, whose function is at `index`; not when it is stale already. */
export function region_link(region: Region, index: u32): void {
  region.index = index;
  if (!region_is_current(region)) return;
  const slot = <usize>region.slot;
  const before = region_in(load<u64>(slot), region.code);
  if (changetype<usize>(before)) region_unlink(before);
  const now = load<u64>(slot);
  if ((<u32>now & 0xff) == Op.UNDECODED) return;
  const first = first_region(now);
  region.next = <u32>changetype<usize>(first);
  region.record = changetype<usize>(first) ? first.record : now;
  store<u64>(slot, ((<u64>changetype<usize>(region)) << 32) | Op.REGION);
}

/** Puts back what was where the region begins before it was linked, if it still is. */
export function region_unlink(region: Region): void {
  const slot = <usize>region.slot;
  const now = load<u64>(slot);
  let at = first_region(now);
  if (at == region) {
    store<u64>(slot, region.next ? ((<u64>region.next) << 32) | Op.REGION : region.record);
    return;
  }
  while (changetype<usize>(at)) {
    const next = changetype<Region>(<usize>at.next);
    if (next == region) at.next = region.next;
    at = next;
  }
}
