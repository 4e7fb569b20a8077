/** menvcfg and senvcfg. (Privileged ISA, "Machine Environment Configuration") */

import { Hart, Vm } from "../gen/state";
import { tlb_flush } from "../mem/tlb";
import { Exit } from "../shared/constants";
import {
  ENVCFG_CBCFE,
  ENVCFG_CBIE,
  ENVCFG_CBZE,
  ENVCFG_FIOM,
  MENVCFG_ADUE,
  MENVCFG_PBMTE,
  MENVCFG_STCE,
} from "./csr_field";
import { interrupt_check } from "./interrupt";
import { ask_exit } from "./raise";

const BOTH: u64 = ENVCFG_FIOM | ENVCFG_CBIE | ENVCFG_CBCFE | ENVCFG_CBZE;

/** CBIE = 2 is reserved; writing it leaves the field alone. */
// @ts-ignore: decorator
@inline function legal(mask: u64, value: u64): u64 {
  return (value & ENVCFG_CBIE) == 2 << 4 ? mask & ~ENVCFG_CBIE : mask;
}

export function senvcfg_write(hart: Hart, value: u64): void {
  const mask = legal(BOTH, value);
  hart.senvcfg = (hart.senvcfg & ~mask) | (value & mask);
}

export function menvcfg_write(hart: Hart, value: u64): void {
  const svadu = changetype<Vm>(<usize>hart.vm).svadu ? MENVCFG_ADUE : 0;
  const mask = legal(BOTH | svadu | MENVCFG_PBMTE | MENVCFG_STCE, value);
  const old = hart.menvcfg;
  hart.menvcfg = (old & ~mask) | (value & mask);
  const changed = old ^ hart.menvcfg;
  if (changed & (MENVCFG_ADUE | MENVCFG_PBMTE)) tlb_flush(hart);
  if (changed & MENVCFG_STCE) {
    ask_exit(hart, Exit.TIMER);
    interrupt_check(hart);
  }
}

/** menvcfg after reset, as in QEMU: page-based memory types and hardware updating of A and D are on. */
export function menvcfg_reset(hart: Hart): u64 {
  return changetype<Vm>(<usize>hart.vm).svadu ? MENVCFG_PBMTE | MENVCFG_ADUE : MENVCFG_PBMTE;
}
