/**
 * The p2m: for each page of guest RAM the frame of machine memory that backs it.
 *
 *  p2m[(pa - ramPa) >> 12] = frame ma | flags          one u32 a page; 0 until the page is first touched
 */

import { P2m } from "../shared/constants";
import { Vm } from "../gen/state";

/** The ma of RAM at `pa`, valid to the end of its page; 0 when `pa` is not RAM. Gives out a frame on first touch. */
export function phys_ram(vm: Vm, pa: u64): usize {
  const offset = pa - vm.ramPa;
  if (offset >= vm.ramSize) return 0;
  const slot = <usize>vm.p2m + (((<usize>offset) >> 12) << 2);
  let entry = load<u32>(slot);
  if (!(entry & P2m.PRESENT)) {
    entry = ((vm.ramMa + <u32>offset) & ~P2m.FLAGS) | P2m.PRESENT | P2m.WRITABLE;
    store<u32>(slot, entry);
    vm.framesTouched += 1;
  }
  return (entry & ~P2m.FLAGS) | ((<u32>offset) & 0xfff);
}

/** The pa of RAM at `ma`. Valid for machine addresses that `phys_ram` has returned for this VM. */
// @ts-ignore: decorator
@inline export function phys_of(vm: Vm, ma: usize): u64 {
  return vm.ramPa + <u64>(ma - <usize>vm.ramMa);
}

/** Reads a naturally aligned u64 of RAM; the caller has checked that `pa` is RAM. */
// @ts-ignore: decorator
@inline export function phys_load64(vm: Vm, pa: u64): u64 {
  return load<u64>(phys_ram(vm, pa));
}

/** Writes a naturally aligned u64 of RAM; the caller has checked that `pa` is RAM. */
// @ts-ignore: decorator
@inline export function phys_store64(vm: Vm, pa: u64, value: u64): void {
  store<u64>(phys_ram(vm, pa), value);
}
