/** What the host does to the RAM of a VM, by number of the page. None of its harts may be in the middle of an instruction. */

import { Vm } from "../state/state";
import { hart_at } from "../state/regs";
import { P2m } from "../shared/constants";
import { frame_break, frame_move, p2m_slot } from "./frame";
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
  store<u32>(p2m_slot(vm, page), ma | flags);
  frame_move(vm, page, ma);
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
