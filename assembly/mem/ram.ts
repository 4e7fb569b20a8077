/** What the host does to the RAM of a VM, by number of the page. None of its harts may be in the middle of an instruction. */

import { Vm } from "../state/state";
import { hart_at } from "../state/regs";
import { Frame, P2m } from "../shared/constants";
import {
  frame_break,
  frame_code,
  frame_count,
  frame_first,
  frame_join,
  frame_leave,
  frame_move,
  p2m_slot,
} from "./frame";
import { frame_holds } from "./frames";
import { jump_flush_all } from "./jump";
import { tlb_flush_all } from "./tlb";
import { tlb_forget_pages, tlb_forget_stores } from "./tlb_page";

/** The frame of a page that the host is about to write, or 0 when none can be had. */
export function ram_frame(vmMa: usize, page: u32): usize {
  const vm = changetype<Vm>(vmMa);
  const entry = load<u32>(p2m_slot(vm, page));
  return (entry & P2m.WRITABLE ? entry : frame_break(vm, page)) & ~P2m.FLAGS;
}

/** Maps a page to the frame at `ma`, which holds the same, with `flags`; the counts of frames are the host's. */
export function ram_map(vmMa: usize, page: u32, ma: u32, flags: u32): void {
  const vm = changetype<Vm>(vmMa);
  const slot = p2m_slot(vm, page);
  const from: usize = load<u32>(slot) & ~P2m.FLAGS;
  store<u32>(slot, ma | flags);
  frame_move(vm, page, from, ma, frame_count(from) <= 1);
}

/**
 * Notes of `count` pages from `first` on that nobody has used them: the next use of each that is in its frame alone is seen (`P2m.UNUSED`).
 * Pages with decoded code are used in ways that the p2m does not see, and are passed over.
 */
export function ram_unuse(vmMa: usize, first: u32, count: u32): void {
  const vm = changetype<Vm>(vmMa);
  for (let page = first; page < first + count; page++) {
    const slot = p2m_slot(vm, page);
    const entry = load<u32>(slot);
    const ma = entry & ~P2m.FLAGS;
    if (!(entry & P2m.PRESENT) || ma == Frame.ZERO_MA || frame_count(ma) != 1) continue;
    if (frame_code(ma)) continue;
    store<u32>(slot, ma | P2m.PRESENT | P2m.UNUSED);
  }
  vm.framesMoved += 1;
  tlb_forget_pages(vm, first, count);
}

/** Has the next store to every page seen, and stamped, by taking away the right to store without asking. */
export function ram_protect(vmMa: usize): void {
  const vm = changetype<Vm>(vmMa);
  const pages = <u32>(vm.ramSize >> 12);
  for (let page: u32 = 0; page < pages; page++) {
    const slot = p2m_slot(vm, page);
    const entry = load<u32>(slot);
    if (entry & P2m.WRITABLE) store<u32>(slot, entry & ~P2m.WRITABLE);
  }
  for (let i: u32 = 0; i < vm.hartCount; i++) tlb_forget_stores(hart_at(vm, i));
  jump_flush_all(vm);
}

/**
 * Has loads from `count` pages of ROM, from number `page` on, see the frames from `ma` on, or, with `shown` 0, go to their device. May be
 * called by a device in the middle of a hart's load or store.
 */
export function rom_show(vmMa: usize, page: u32, count: u32, ma: u32, shown: u32): void {
  const vm = changetype<Vm>(vmMa);
  const flags: u32 = shown ? P2m.PRESENT : 0;
  for (let i: u32 = 0; i < count; i++) store<u32>(p2m_slot(vm, page + i), (ma + (i << 12)) | flags);
  if (!shown) tlb_forget_pages(vm, page, count);
}

/** Forgets all that harts know of where RAM lies, and has them leave translated code. */
export function ram_flush(vmMa: usize): void {
  const vm = changetype<Vm>(vmMa);
  vm.framesMoved += 1;
  for (let i: u32 = 0; i < vm.hartCount; i++) tlb_flush_all(hart_at(vm, i));
}

/**
 * Notes in `table`, one word a page, the frame of each page that holds something; each of these frames backs one page more from now on, so
 * that it stays as it is when the page is next stored to. With `since`, only pages stored to in that epoch or later are noted, also those
 * without a frame (`Frame.ZERO_MA`). Returns how many were noted.
 */
export function ram_freeze(vmMa: usize, table: usize, since: u32): u32 {
  const vm = changetype<Vm>(vmMa);
  const pages = <u32>(vm.ramSize >> 12);
  const stamps = <usize>vm.dirtyStamps;
  let count: u32 = 0;
  for (let page: u32 = 0; page < pages; page++) {
    const slot = p2m_slot(vm, page);
    let entry = load<u32>(slot);
    // Translated code stores to a window without a word.
    if (!entry && !since && vm.ramMa && frame_holds(<usize>vm.ramMa + ((<usize>page) << 12)))
      entry = frame_first(vm, page);
    let ma: u32 = 0;
    if (since) {
      if (load<u32>(stamps + ((<usize>page) << 2)) >= since)
        ma = entry & P2m.PRESENT ? entry & ~P2m.FLAGS : Frame.ZERO_MA;
    } else if (entry & P2m.PRESENT && (entry & ~P2m.FLAGS) != Frame.ZERO_MA) ma = entry & ~P2m.FLAGS;
    store<u32>(table + ((<usize>page) << 2), ma);
    if (!ma) continue;
    count += 1;
    if (ma == Frame.ZERO_MA) continue;
    frame_join(ma);
    store<u32>(slot, ma | P2m.PRESENT);
  }
  vm.window = 0;
  for (let i: u32 = 0; i < vm.hartCount; i++) tlb_flush_all(hart_at(vm, i));
  return count;
}

/** Has the pages of a VM without RAM of its own backed by the frames that `ram_freeze` has noted. Nothing may have been stored to it yet. */
export function ram_adopt(vmMa: usize, table: usize): void {
  const vm = changetype<Vm>(vmMa);
  const pages = <u32>(vm.ramSize >> 12);
  for (let page: u32 = 0; page < pages; page++) {
    const ma = load<u32>(table + ((<usize>page) << 2));
    if (!ma || ma == Frame.ZERO_MA) continue;
    frame_join(ma);
    store<u32>(p2m_slot(vm, page), ma | P2m.PRESENT);
    vm.framesTouched += 1;
  }
}

/**
 * Has every page of a VM backed again by the frame that `ram_freeze` has noted, or by none. Frames that back nothing any more are written
 * to `released`. Returns how many these are.
 */
export function ram_revert(vmMa: usize, table: usize, released: usize): u32 {
  const vm = changetype<Vm>(vmMa);
  const pages = <u32>(vm.ramSize >> 12);
  let count: u32 = 0;
  for (let page: u32 = 0; page < pages; page++) {
    const slot = p2m_slot(vm, page);
    const noted = load<u32>(table + ((<usize>page) << 2));
    const want: u32 = noted ? noted : Frame.ZERO_MA;
    const entry = load<u32>(slot);
    const have: u32 = entry & P2m.PRESENT ? entry & ~P2m.FLAGS : Frame.ZERO_MA;
    if (have == want) continue;
    if (have != Frame.ZERO_MA) {
      vm.framesTouched -= 1;
      if (!frame_leave(have)) {
        store<u32>(released + ((<usize>count) << 2), have);
        count += 1;
      }
    }
    if (want != Frame.ZERO_MA) {
      vm.framesTouched += 1;
      frame_join(want);
    }
    store<u32>(slot, want | P2m.PRESENT);
    if (vm.dirtyStamps) store<u32>(<usize>vm.dirtyStamps + ((<usize>page) << 2), vm.dirtyEpoch);
    frame_move(vm, page, have, want, false);
  }
  return count;
}

/** The frames of a table that back nothing but it are written over it, from its start; the others have one page less. Returns how many. */
export function frames_thaw(table: usize, pages: u32): u32 {
  let count: u32 = 0;
  for (let page: u32 = 0; page < pages; page++) {
    const ma = load<u32>(table + ((<usize>page) << 2));
    if (!ma || ma == Frame.ZERO_MA || frame_leave(ma)) continue;
    store<u32>(table + ((<usize>count) << 2), ma);
    count += 1;
  }
  return count;
}
