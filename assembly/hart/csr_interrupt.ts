/** mie, mip, mideleg, their supervisor views, and stimecmp. (Privileged ISA, "Machine Interrupt Registers", "Sstc") */

import { Hart } from "../gen/state";
import { Exit, Irq } from "../shared/constants";
import { MENVCFG_STCE } from "./csr_field";
import { interrupt_check, interrupts } from "./interrupt";
import { ask_exit } from "./raise";

const SUPERVISOR: u64 = (1 << Irq.SSI) | (1 << Irq.STI) | (1 << Irq.SEI);
const ALL: u64 = SUPERVISOR | (1 << Irq.MSI) | (1 << Irq.MTI) | (1 << Irq.MEI);

/** Assigns the bits of `mask` in `old` from `value`. */
// @ts-ignore: decorator
@inline function merge(old: u64, value: u64, mask: u64): u64 {
  return (old & ~mask) | (value & mask);
}

export function mie_write(hart: Hart, value: u64): void {
  hart.mie = value & ALL;
  interrupt_check(hart);
}

/** Software sets the supervisor bits; the others belong to devices, and STIP too while Sstc drives it. */
export function mip_write(hart: Hart, value: u64): void {
  const mask = hart.menvcfg & MENVCFG_STCE ? SUPERVISOR & ~(1 << Irq.STI) : SUPERVISOR;
  hart.mip = merge(hart.mip, value, mask);
  interrupt_check(hart);
}

/** Only supervisor interrupts can be delegated. */
export function mideleg_write(hart: Hart, value: u64): void {
  hart.mideleg = value & SUPERVISOR;
  interrupt_check(hart);
}

export function sie_read(hart: Hart): u64 {
  return hart.mie & hart.mideleg;
}

export function sie_write(hart: Hart, value: u64): void {
  hart.mie = merge(hart.mie, value, hart.mideleg);
  interrupt_check(hart);
}

export function sip_read(hart: Hart): u64 {
  return interrupts(hart) & hart.mideleg;
}

/** Of sip only SSIP can be written; STIP and SEIP belong to the execution environment. */
export function sip_write(hart: Hart, value: u64): void {
  hart.mip = merge(hart.mip, value, hart.mideleg & (1 << Irq.SSI));
  interrupt_check(hart);
}

/** The host compares mtime with stimecmp, so it must look now. */
export function stimecmp_write(hart: Hart, value: u64): void {
  hart.stimecmp = value;
  ask_exit(hart, Exit.TIMER);
}
