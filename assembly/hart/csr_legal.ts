/**
 * WARL: which bits of a CSR a write takes. A rule narrows the write mask of the CSR's row, for the value written and the hart's present state.
 * (Privileged ISA, "Write Any Values, Reads Legal Values")
 */

import { CsrEntry, Legal } from "../isa/csr_table";
import { HartField } from "../state/layout";
import { Hart, Vm } from "../state/state";
import { Irq } from "../shared/constants";
import { Csr } from "../isa/csr";
import { Envcfg, Pmp, PmpCfg, PmpMatch, Status } from "../shared/csr";
import { MENVCFG_ADUE, MENVCFG_STCE } from "./csr_field";
import { base } from "../state/regs";

/** The bits that a write of `value` to CSR `csr`, whose row is `entry`, takes. */
export function legal_bits(hart: Hart, entry: CsrEntry, csr: u32, value: u64): u64 {
  const mask = entry.write;
  switch (<i32>entry.legal) {
    case Legal.DELEGATED:
      return mask & hart.mideleg;
    case Legal.STIP:
      return hart.menvcfg & MENVCFG_STCE ? mask & ~(1 << Irq.STI) : mask;
    case Legal.XTVEC:
      return (value & 3) < 2 ? mask : 0;
    case Legal.SATP:
      return satp(mask, value);
    case Legal.MPP:
      // There is no mode 2.
      return ((value >> Status.MPP_SHIFT) & 3) == 2 ? mask & ~Status.MPP : mask;
    case Legal.CBIE:
      return cbie(mask, value);
    case Legal.MENVCFG:
      return cbie(changetype<Vm>(<usize>hart.vm).svadu ? mask : mask & ~MENVCFG_ADUE, value);
    case Legal.PMPCFG:
      return pmpcfg(hart, (csr - Csr.PMPCFG0) << 2, mask, value);
    case Legal.PMPADDR:
      return pmpaddr(hart, csr - Csr.PMPADDR0, mask);
  }
  return mask;
}

/** The modes are Bare, Sv39, Sv48 and Sv57. ("Supervisor Address Translation and Protection Register") */
// @ts-ignore: decorator
@inline function satp(mask: u64, value: u64): u64 {
  const mode = value >> 60;
  return mode && (mode < 8 || mode > 10) ? 0 : mask;
}

/** CBIE = 2 is reserved. ("Machine Environment Configuration") */
// @ts-ignore: decorator
@inline function cbie(mask: u64, value: u64): u64 {
  return (value & Envcfg.CBIE) == 2 << 4 ? mask & ~Envcfg.CBIE : mask;
}

/** The eight bytes from entry `first` on: a locked one stays, and the reserved R = 0, W = 1 is not taken, as in QEMU. ("Locking and Privilege Mode") */
function pmpcfg(hart: Hart, first: u32, mask: u64, value: u64): u64 {
  for (let i: u32 = 0; i < 8; i++) {
    const shift = (<u64>i) << 3;
    const cfg = <u32>(value >> shift);
    const reserved = (cfg & (PmpCfg.R | PmpCfg.W)) == PmpCfg.W;
    if (reserved || cfg_of(hart, first + i) & PmpCfg.L) mask &= ~((<u64>0xff) << shift);
  }
  return mask;
}

/** A locked entry's address stays, and so does the lower bound (the pmpaddr before it) of a locked TOR range. */
function pmpaddr(hart: Hart, index: u32, mask: u64): u64 {
  return cfg_of(hart, index) & PmpCfg.L || bounds_locked(hart, index + 1) ? 0 : mask;
}

// @ts-ignore: decorator
@inline function bounds_locked(hart: Hart, index: u32): bool {
  if (index == Pmp.ENTRIES) return false;
  const cfg = cfg_of(hart, index);
  return (cfg & PmpCfg.L) != 0 && ((cfg >> PmpCfg.A_SHIFT) & PmpCfg.A_MASK) == PmpMatch.TOR;
}

// @ts-ignore: decorator
@inline function cfg_of(hart: Hart, index: u32): u32 {
  return load<u8>(base(hart) + index, HartField.pmpcfg);
}
