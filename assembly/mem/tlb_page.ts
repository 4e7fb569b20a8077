/** Forgetting where one page of RAM lies, whatever virtual addresses lead to it. */

import { Hart, Vm } from "../state/state";
import { base, hart_at } from "../state/regs";
import { HartBlock, Tlb } from "../shared/constants";

/** Entries of a set, of 16 bytes, and of a micro-TLB. */
const SET_ENTRIES: u32 = 512;
const MICRO_ENTRIES: u32 = 128;
const MODES: u32 = Tlb.DATA_MODES;

/** Where the data TLBs and micro-TLBs of all harts have the page of RAM with this number, they are emptied. */
export function tlb_forget_page(vm: Vm, page: u32): void {
  tlb_forget_pages(vm, page, 1);
}

/** As `tlb_forget_page`, for `count` pages. */
export function tlb_forget_pages(vm: Vm, page: u32, count: u32): void {
  for (let i: u32 = 0; i < vm.hartCount; i++) {
    const sets = base(hart_at(vm, i)) + HartBlock.TLB;
    forget(sets, 2 * Tlb.DATA_MODES * SET_ENTRIES, page, count);
    for (let set: u32 = 0; set < MODES; set++) {
      forget(sets + Tlb.MICRO_DELTA + set * Tlb.SET_BYTES, MICRO_ENTRIES, page, count);
    }
  }
}

function forget(at: usize, entries: u32, page: u32, count: u32): void {
  const end = at + ((<usize>entries) << Tlb.ENTRY_SHIFT);
  for (; at < end; at += 1 << Tlb.ENTRY_SHIFT) {
    if (load<u32>(at, 12) - page < count) store<u64>(at, -1);
  }
}

/** Empties the store sets and micro-TLBs of a hart: the next store to each page is seen again. */
export function tlb_forget_stores(hart: Hart): void {
  const sets = base(hart) + HartBlock.TLB;
  memory.fill(sets + Tlb.STORE_DELTA, 0xff, Tlb.DATA_MODES * Tlb.SET_BYTES);
  for (let set: u32 = 0; set < MODES; set++) {
    memory.fill(sets + Tlb.MICRO_DELTA + set * Tlb.SET_BYTES, 0xff, Tlb.MICRO_BYTES);
  }
}
