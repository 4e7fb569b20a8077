/**
 * The p2m: for each page of guest RAM the frame of machine memory that backs it. There is no other way from a pa to an ma.
 *
 *  p2m[(pa - ramPa) >> 12] = frame ma | flags          one u32 a page; 0 until the page is first touched
 */

import { P2m } from "../shared/constants";
import { Vm } from "../state/state";
import { frame_break, frame_first, p2m_slot } from "./frame";

/** What `phys_ram_store` answers when the page cannot have a frame of its own now. */
export const NO_FRAME: usize = 1;

/** The ma of RAM at `pa` for who only reads it, valid to the end of its page and until the page moves; 0 when `pa` is not RAM. */
export function phys_ram(vm: Vm, pa: u64): usize {
  const offset = pa - vm.ramPa;
  if (offset >= vm.ramSize) return 0;
  const page = <u32>(offset >> 12);
  let entry = load<u32>(p2m_slot(vm, page));
  if (!(entry & P2m.PRESENT)) entry = frame_first(vm, page);
  return (entry & ~P2m.FLAGS) | (<u32>offset & 0xfff);
}

/** The ma of RAM at `pa` for who is about to write it: all stores come through here. 0 when `pa` is not RAM, or `NO_FRAME`. */
export function phys_ram_store(vm: Vm, pa: u64): usize {
  const offset = pa - vm.ramPa;
  if (offset >= vm.ramSize) return 0;
  const page = <u32>(offset >> 12);
  let entry = load<u32>(p2m_slot(vm, page));
  if (!(entry & P2m.WRITABLE)) {
    entry = frame_break(vm, page);
    if (!entry) return NO_FRAME;
  }
  return (entry & ~P2m.FLAGS) | (<u32>offset & 0xfff);
}

/** The number of the page of RAM at `pa`, which is RAM. */
// @ts-ignore: decorator
@inline export function ram_page(vm: Vm, pa: u64): u32 {
  return <u32>((pa - vm.ramPa) >> 12);
}
