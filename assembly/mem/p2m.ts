/**
 * The p2m: for each page of guest RAM the frame of machine memory that backs it. There is no other way from a pa to an ma.
 *
 *  p2m[(pa - ramPa) >> 12] = frame ma | flags          one u32 a page; 0 until the page is first touched, ABSENT while its contents are elsewhere
 *  p2m[(ramSize + pa - romPa) >> 12] = ma | PRESENT    memory that only devices change; without PRESENT, loads go to its device
 */

import { P2m } from "../shared/constants";
import { Vm } from "../state/state";
import { frame_break, frame_first, p2m_slot } from "./frame";

/** What `phys_ram` and `phys_ram_store` answer when what the page holds is not here, or it cannot have a frame of its own now. */
export const NO_FRAME: usize = 1;

/** The ma of RAM at `pa` for who only reads it, valid to the end of its page and until the page moves. 0 when `pa` is not RAM, or `NO_FRAME`. */
export function phys_ram(vm: Vm, pa: u64): usize {
  const offset = pa - vm.ramPa;
  if (offset >= vm.ramSize) return rom_at(vm, pa, P2m.PRESENT);
  const page = <u32>(offset >> 12);
  let entry = load<u32>(p2m_slot(vm, page));
  if ((entry & (P2m.PRESENT | P2m.UNUSED)) != P2m.PRESENT) {
    entry = frame_first(vm, page);
    if (!entry) return NO_FRAME;
  }
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

/** The ma of instructions at `pa`, as `phys_ram`; instructions come from ROM also while loads go to its device. */
export function phys_code(vm: Vm, pa: u64): usize {
  return pa - vm.ramPa < vm.ramSize ? phys_ram(vm, pa) : rom_at(vm, pa, ~P2m.FLAGS);
}

/** The ma of ROM at `pa`, when its p2m entry has one of the bits of `shown`; else 0. */
function rom_at(vm: Vm, pa: u64, shown: u32): usize {
  const offset = pa - vm.romPa;
  if (offset >= vm.romSize) return 0;
  const entry = load<u32>(p2m_slot(vm, ram_page(vm, pa)));
  return entry & shown ? (entry & ~P2m.FLAGS) | (<u32>offset & 0xfff) : 0;
}

/** The number of the page at `pa`, which is RAM or ROM: that comes behind RAM. */
// @ts-ignore: decorator
@inline export function ram_page(vm: Vm, pa: u64): u32 {
  const offset = pa - vm.ramPa;
  return <u32>((offset < vm.ramSize ? offset : vm.ramSize + pa - vm.romPa) >> 12);
}
