/** Frames of RAM: which page each backs, and how a page gets one of its own. The table is drawn at `Frame` (shared/constants.ts). */

import { frame_take, page_fetch } from "../state/env";
import { Vm } from "../state/state";
import { CodePage, Frame, P2m } from "../shared/constants";
import { tlb_empty_fetch_all } from "./tlb";
import { tlb_forget_page } from "./tlb_page";

const TABLE: usize = Frame.TABLE_MA;

// @ts-ignore: decorator
@inline function descriptor(ma: usize): usize {
  return TABLE + ((ma >> 12) << Frame.SHIFT);
}

/** How many pages of RAM the frame at `ma` backs; 0 when it backs none, or one of its VM's own piece that nobody has looked at. */
// @ts-ignore: decorator
@inline export function frame_count(ma: usize): u32 {
  return load<u32>(descriptor(ma), Frame.COUNT);
}

// @ts-ignore: decorator
@inline function set_frame(ma: usize, count: u32, slot: usize): void {
  store<u32>(descriptor(ma), count, Frame.COUNT);
  store<u32>(descriptor(ma), <u32>slot, Frame.SLOT);
}

/** The decoded page of the code in the frame at `ma`, or 0. */
// @ts-ignore: decorator
@inline export function frame_code(ma: usize): usize {
  return load<u32>(descriptor(ma), Frame.CODE);
}

// @ts-ignore: decorator
@inline export function set_frame_code(ma: usize, page: usize): void {
  store<u32>(descriptor(ma), <u32>page, Frame.CODE);
}

/** Whoever next enters the code in the frame at `ma` compares it with memory: another page is backed by it now, which never saw it change. */
export function frame_renew_code(ma: usize): void {
  const code = frame_code(ma);
  if (code) store<u64>(code, 0, CodePage.EPOCH);
}

/** The frame at `ma` backs one page more. */
export function frame_join(ma: usize): void {
  set_frame(ma, frame_count(ma) + 1, 0);
  frame_renew_code(ma);
}

/** The frame at `ma` backs one page less. Returns how many are left; which the only one is, is not known then. */
export function frame_leave(ma: usize): u32 {
  const count = frame_count(ma) - 1;
  set_frame(ma, count, 0);
  return count;
}

/** Machine address of the p2m slot of the page of RAM with this number. */
// @ts-ignore: decorator
@inline export function p2m_slot(vm: Vm, page: u32): usize {
  return <usize>vm.p2m + ((<usize>page) << 2);
}

/** The pa of RAM at `ma` by the frame alone; all ones when it backs several pages. */
export function frame_pa(vm: Vm, ma: usize): u64 {
  const slot = <usize>load<u32>(descriptor(ma), Frame.SLOT);
  if (!slot || frame_count(ma) != 1) return -1;
  return vm.ramPa + ((<u64>((slot - <usize>vm.p2m) >> 2)) << 12) + (ma & 0xfff);
}

/**
 * The p2m entry of a page that cannot be used as it is: one that has none gets its place in the VM's own piece, or zeros; one that was unused
 * is not any more. 0 when what it holds is not here.
 */
export function frame_first(vm: Vm, page: u32): u32 {
  const slot = p2m_slot(vm, page);
  let entry = load<u32>(slot);
  if (entry & P2m.ABSENT) return frame_fetch(vm, page);
  if (entry & P2m.UNUSED) {
    entry &= ~P2m.UNUSED;
    store<u32>(slot, entry);
    return entry;
  }
  entry = Frame.ZERO_MA | P2m.PRESENT;
  if (vm.ramMa) {
    entry = (vm.ramMa + (page << 12)) | P2m.PRESENT | (vm.dirtyStamps ? 0 : P2m.WRITABLE);
    set_frame(entry & ~P2m.FLAGS, 1, slot);
    frame_renew_code(entry & ~P2m.FLAGS);
    vm.framesTouched += 1;
  }
  store<u32>(slot, entry);
  return entry;
}

/** The p2m entry of a page that was absent; 0 when it still is. */
function frame_fetch(vm: Vm, page: u32): u32 {
  if (!page_fetch(<u32>changetype<usize>(vm), page)) return 0;
  const entry = load<u32>(p2m_slot(vm, page));
  return entry ? entry : frame_first(vm, page);
}

/**
 * Has a page of RAM ready to be stored to: gives it a frame of its own where it has none, or shares one, and stamps it while stores are
 * tracked. Returns the p2m entry, which is writable then; 0 when no frame can be had, when what the page holds is not here, or when it would
 * have to move and may not.
 */
export function frame_break(vm: Vm, page: u32): u32 {
  const slot = p2m_slot(vm, page);
  let entry = load<u32>(slot);
  if (!(entry & P2m.PRESENT)) {
    entry = frame_first(vm, page);
    if (!entry) return 0;
  }
  let ma: usize = entry & ~P2m.FLAGS;
  if (ma == Frame.ZERO_MA || frame_count(ma) > 1) {
    if (vm.framesPinned) return 0;
    const to = take(vm, page, ma);
    if (!to) return 0;
    frame_move(vm, page, ma, to, false);
    ma = to;
  }
  set_frame(ma, 1, slot);
  if (vm.dirtyStamps) store<u32>(<usize>vm.dirtyStamps + ((<usize>page) << 2), vm.dirtyEpoch);
  entry = <u32>ma | P2m.PRESENT | P2m.WRITABLE;
  store<u32>(slot, entry);
  return entry;
}

/** A new frame with what the one at `from` holds, which has one page less then; 0 when there is none. */
function take(vm: Vm, page: u32, from: usize): usize {
  const zero = from == Frame.ZERO_MA;
  const allowed = !zero || vm.framesTouched < vm.frameLimit;
  const to: usize = allowed ? frame_take(<u32>changetype<usize>(vm), page) : 0;
  if (!to) {
    vm.framesShort = 1;
    return 0;
  }
  if (zero) {
    vm.framesTouched += 1;
  } else {
    memory.copy(to, from, 4096);
    set_frame(from, frame_count(from) - 1, 0);
  }
  return to;
}

/**
 * What knows that the page of RAM lies in the frame at `from` learns that it lies in the one at `to`. The p2m is the caller's. When the page
 * is `alone` in having its frame and its contents move with it, so does what has been decoded of them.
 */
export function frame_move(vm: Vm, page: u32, from: usize, to: usize, alone: bool): void {
  vm.framesMoved += 1;
  tlb_forget_page(vm, page);
  frame_renew_code(to);
  const code = frame_code(from);
  if (!code || from == to) return;
  if (!alone || from == Frame.ZERO_MA || to == Frame.ZERO_MA || frame_code(to)) {
    tlb_empty_fetch_all(vm);
    return;
  }
  set_frame_code(from, 0);
  set_frame_code(to, code);
  store<u32>(code, <u32>to, CodePage.FRAME);
  store<u64>(code, 0, CodePage.EPOCH);
}
