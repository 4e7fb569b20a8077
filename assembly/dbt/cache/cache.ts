/**
 * How a guest address leads to a function.
 *
 * The interpreter meets a region by the marker over its first record. A jump cache for each privilege mode maps a pc straight to a
 * function; it is emptied by whatever may change what a pc means (fences, satp, PMP) and when regions are dropped, and filled after
 * checking the region's pages.
 */

import { code_page_settled, page_version } from "../../code/pages";
import { HartField } from "../../state/layout";
import { Hart, Vm } from "../../state/state";
import { fs_dirty } from "../../state/fs";
import { base } from "../../state/regs";
import { filter_byte, jump_note } from "../../mem/jump";
import { data_priv } from "../../mem/tlb";
import { CodePage, HartBlock, Priv, Translate } from "../../shared/constants";
import { Region, region_in, region_page } from "./region";
import { Mode } from "../../shared/ir";

// @ts-ignore: decorator
@inline export function jump_entry(hart: Hart, pc: u64): usize {
  return base(hart) + HartBlock.JUMP + hart.priv * HartBlock.JUMP_MODE_BYTES + (<usize>(pc << 3) & HartBlock.JUMP_MASK);
}

function filter_add(hart: Hart, va: u64): void {
  const page = va >> 12;
  const at = filter_byte(hart, page);
  const bit: i32 = 1 << (<i32>page & 7);
  store<u8>(at, <u8>(<i32>load<u8>(at) | bit));
}

/** What regions may assume of the hart now. */
export function current_mode(hart: Hart): u32 {
  let mode = hart.priv << Mode.PRIV_SHIFT;
  if (fs_dirty(hart)) mode |= Mode.FLOAT;
  const vm = changetype<Vm>(<usize>hart.vm);
  const priv = data_priv(hart);
  const flat = (priv == Priv.M || !(hart.satp >> 60)) && hart.pmpOpen & (1 << priv);
  if (flat && vm.window && vm.translate & Translate.WINDOW) mode |= Mode.FLAT;
  return mode;
}

// @ts-ignore: decorator
@inline function assumed_slot(hart: Hart): usize {
  return base(hart) + HartField.jumpMode + (hart.priv << 2);
}

/** What the regions in the present privilege mode's jump cache assume. */
// @ts-ignore: decorator
@inline export function assumed_mode(hart: Hart): u32 {
  return load<u32>(assumed_slot(hart));
}

/** Whether all that the regions in the present mode's jump cache assume holds. */
// @ts-ignore: decorator
@inline export function mode_holds(hart: Hart): bool {
  return !(assumed_mode(hart) & ~current_mode(hart));
}

/** Empties the jump cache of the present privilege mode when its regions assume what the hart is not like now. */
export function sync_mode(hart: Hart): void {
  if (mode_holds(hart)) return;
  store<u32>(assumed_slot(hart), 0);
  memory.fill(base(hart) + HartBlock.JUMP + hart.priv * HartBlock.JUMP_MODE_BYTES, 0xff, HartBlock.JUMP_MODE_BYTES);
}

/** The region whose entry is at `pc`, checked for use now, as a descriptor; 0 when there is none. Raises nothing. */
export function region_at(hart: Hart, pc: u64): usize {
  const page = code_page_settled(hart, pc);
  if (!page) return 0;
  const r = load<u64>(page + CodePage.RECORDS + ((<usize>pc & 0xffe) << 2));
  const region = region_in(r, changetype<Vm>(<usize>hart.vm).code);
  return changetype<usize>(region) && region_valid(hart, region, pc) ? changetype<usize>(region) : 0;
}

/** Whether the regions of the present privilege mode serve at each address that their code is mapped at. */
// @ts-ignore: decorator
@inline export function runs_anywhere(hart: Hart, vm: Vm): bool {
  return hart.priv == Priv.U && (vm.translate & Translate.POSITION_INDEPENDENT) != 0;
}

/** `pc` is in the page that the entry is in: with the record that led to the region. */
function region_valid(hart: Hart, region: Region, pc: u64): bool {
  const mode = current_mode(hart);
  const by = pc - region.va;
  if (by && !runs_anywhere(hart, changetype<Vm>(<usize>hart.vm))) return false;
  if (region.mode & ~mode || region.mode >> Mode.PRIV_SHIFT != hart.priv) return false;
  for (let i: u32 = 0; i < region.pageCount; i++) {
    const at = region_page(region, i);
    const page = code_page_settled(hart, load<u64>(at, 8) + by);
    if (<u32>page != load<u32>(at) || page_version(page) != load<u32>(at, 4)) return false;
  }
  return true;
}

/** Fills the jump cache with a region that `region_at` has returned. */
export function jump_fill(hart: Hart, pc: u64, region: Region): void {
  const entry = jump_entry(hart, pc);
  jump_note(hart, entry);
  store<u64>(entry, pc);
  store<u32>(entry, region.index, 8);
  store<u32>(entry, region.need, 12);
  assume(hart, region, pc);
}

/** Notes what `region`, run at `pc`, assumes: no region may be run whose assumptions are not noted, or it would not be left when they cease to hold. */
export function assume(hart: Hart, region: Region, pc: u64): void {
  store<u32>(assumed_slot(hart), assumed_mode(hart) | region.mode);
  for (let i: u32 = 0; i < region.pageCount; i++) {
    filter_add(hart, load<u64>(region_page(region, i), 8) + (pc - region.va));
  }
}
