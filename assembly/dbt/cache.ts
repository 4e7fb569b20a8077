/**
 * The translation cache: region descriptors, and how a guest address leads to a function.
 *
 *  descriptor   +0  u64 the record the region's first instruction had     +8  u64 va of the entry
 *               +16 u32 table index | u32 Mode bits    +24 u32 fuel needed | u32 code pages    +32 (u32 page, u32 version, u64 va) each
 *
 * The entry's record in its decoded page is replaced by Op.REGION, so the interpreter meets the region without looking for it. A
 * jump cache for each privilege mode maps a pc straight to a function; it is emptied by whatever may change what a pc means
 * (fences, satp, PMP), and filled after checking the region's pages.
 */

import { code_page, page_version } from "../decode/pages";
import { Op } from "../gen/op";
import { HartField } from "../gen/layout";
import { Hart, Vm } from "../gen/state";
import { fs_dirty } from "../hart/fs";
import { base } from "../hart/regs";
import { filter_byte } from "../mem/jump";
import { data_priv } from "../mem/tlb";
import { Cause, CodePage, HartBlock, Priv, Translate } from "../shared/constants";
import { Dbt, Mode } from "./state";

export const REGION_BYTES: usize = 32 + 16 * 16;

const RECORD = 0;
const VA = 8;
const INDEX = 16;
const MODE = 20;
const NEED = 24;
const PAGES = 28;
const PAGE_LIST = 32;

// @ts-ignore: decorator
@inline export function jump_entry(hart: Hart, pc: u64): usize {
  return (
    base(hart) + HartBlock.JUMP + hart.priv * HartBlock.JUMP_MODE_BYTES + ((<usize>(pc << 3)) & HartBlock.JUMP_MASK)
  );
}

function filter_add(hart: Hart, va: u64): void {
  const page = va >> 12;
  const at = filter_byte(hart, page);
  const bit: i32 = 1 << ((<i32>page) & 7);
  store<u8>(at, <u8>((<i32>load<u8>(at)) | bit));
}

/** What regions may assume of the hart now. */
export function current_mode(hart: Hart): u32 {
  let mode = hart.priv << Mode.PRIV_SHIFT;
  if (fs_dirty(hart)) mode |= Mode.FLOAT;
  const flat = (data_priv(hart) == Priv.M || !(hart.satp >> 60)) && !hart.pmpActive;
  const vm = changetype<Vm>(<usize>hart.vm);
  if (flat && vm.ramMa && vm.translate & Translate.WINDOW) mode |= Mode.FLAT;
  return mode;
}

/** Brings the jump cache of the present privilege mode in line with what the hart is like now. */
export function sync_mode(hart: Hart): void {
  const slot = base(hart) + HartField.jumpMode + (hart.priv << 2);
  const mode = current_mode(hart);
  if (load<u32>(slot) == mode) return;
  store<u32>(slot, mode);
  memory.fill(base(hart) + HartBlock.JUMP + hart.priv * HartBlock.JUMP_MODE_BYTES, 0xff, HartBlock.JUMP_MODE_BYTES);
}

/** The region whose entry is at `pc`, checked for use now, as a descriptor; 0 when there is none. Raises nothing. */
export function region_at(hart: Hart, pc: u64): usize {
  const page = code_page(hart, pc);
  hart.trapCause = Cause.NONE;
  if (!page) return 0;
  const r = load<u64>(page + CodePage.RECORDS + (((<usize>pc) & 0xffe) << 2));
  if (((<u32>r) & 0xff) != Op.REGION) return 0;
  const region = <usize>(r >> 32);
  return region_valid(hart, region, pc) ? region : 0;
}

function region_valid(hart: Hart, region: usize, pc: u64): bool {
  if (load<u64>(region, VA) != pc || load<u32>(region, MODE) & ~current_mode(hart)) return false;
  if (load<u32>(region, MODE) >> Mode.PRIV_SHIFT != hart.priv) return false;
  const count = load<u32>(region, PAGES);
  for (let i: u32 = 0; i < count; i++) {
    const at = region + PAGE_LIST + (i << 4);
    const va = load<u64>(at, 8);
    const page = code_page(hart, va);
    hart.trapCause = Cause.NONE;
    if (<u32>page != load<u32>(at) || page_version(page) != load<u32>(at, 4)) return false;
  }
  return true;
}

/** Fills the jump cache with a region that `region_at` has returned. */
export function jump_fill(hart: Hart, pc: u64, region: usize): void {
  const entry = jump_entry(hart, pc);
  store<u64>(entry, pc);
  store<u32>(entry, load<u32>(region, INDEX), 8);
  store<u32>(entry, load<u32>(region, NEED), 12);
  const count = load<u32>(region, PAGES);
  for (let i: u32 = 0; i < count; i++) filter_add(hart, load<u64>(region + PAGE_LIST + (i << 4), 8));
}

/** Makes a descriptor for the region just formed in `t`, whose function will be at `index`; 0 when it cannot be kept. */
export function region_add(t: Dbt, hart: Hart, vm: Vm, index: u32): usize {
  const page = code_page(hart, t.entryPc);
  hart.trapCause = Cause.NONE;
  if (!page || vm.regionCount == vm.regionMax) return 0;
  const region = <usize>vm.regions + <usize>vm.regionCount * REGION_BYTES;
  const slot = page + CodePage.RECORDS + (((<usize>t.entryPc) & 0xffe) << 2);
  const old = load<u64>(slot);
  const first = ((<u32>old) & 0xff) == Op.REGION ? load<u64>(<usize>(old >> 32)) : old;
  vm.regionCount += 1;
  store<u64>(region, first, RECORD);
  store<u64>(region, t.entryPc, VA);
  store<u32>(region, index, INDEX);
  store<u32>(region, t.mode, MODE);
  store<u32>(region, t.insns + 1, NEED);
  store<u32>(region, t.pageCount, PAGES);
  for (let i: u32 = 0; i < t.pageCount; i++) {
    const from = <usize>t.pages + (i << 4);
    const to = region + PAGE_LIST + (i << 4);
    store<u32>(to, load<u32>(from));
    store<u32>(to, page_version(<usize>load<u32>(from)), 4);
    store<u64>(to, load<u64>(from, 8), 8);
  }
  return region;
}

/** Lets the interpreter and the dispatcher find the region. */
export function region_link(hart: Hart, region: usize): void {
  const pc = load<u64>(region, VA);
  const page = code_page(hart, pc);
  hart.trapCause = Cause.NONE;
  if (!page) return;
  store<u64>(page + CodePage.RECORDS + (((<usize>pc) & 0xffe) << 2), ((<u64>region) << 32) | Op.REGION);
}
