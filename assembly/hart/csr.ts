/**
 * CSRs: what they read and how a write is taken. Where the specification leaves a choice it is QEMU's `rv64` cpu that
 * decides. (Privileged ISA, "Control and Status Registers (CSRs)")
 */

import { Hart } from "../gen/state";
import { Counter, Csr } from "../shared/csr";
import { is_mhpmevent, is_pmpaddr } from "./csr_access";
import { counter_read, counter_write, mcountinhibit_write, mhpmevent_read, mhpmevent_write } from "./csr_counter";
import { menvcfg_write, senvcfg_write } from "./csr_envcfg";
import { float_read, float_write } from "./csr_float";
import {
  mideleg_write,
  mie_write,
  mip_write,
  sie_read,
  sie_write,
  sip_read,
  sip_write,
  stimecmp_write,
} from "./csr_interrupt";
import { pmpaddr_read, pmpaddr_write, pmpcfg_read, pmpcfg_write } from "./csr_pmp";
import { mstatus_read, mstatus_write, sstatus_read, sstatus_write } from "./csr_status";
import { satp_write } from "./csr_satp";
import { interrupts } from "./interrupt";

export { csr_access, csr_exists } from "./csr_access";

/** misa: RV64 (MXL = 2) with A, C, D, F, I, M, S and U. Writes are ignored. */
export const MISA_RV64GC: u64 = 0x8000_0000_0014_112d;

/** Every exception that can occur in U or S mode: all but the reserved ones and ECALL from M mode. */
const MEDELEG_WRITABLE: u64 = 0xb3ff;

/** marchid and mimpid of QEMU 7.2's generic cpus: the version of QEMU. */
const MARCHID: u64 = 0x7_02_00;

/** What an existing CSR reads. The caller has asked `csr_access`, or is a debugger. */
export function csr_read(hart: Hart, csr: u32): u64 {
  if (is_mhpmevent(csr)) return mhpmevent_read(hart, csr & 31);
  if (is_pmpaddr(csr)) return pmpaddr_read(hart, csr & 15);
  if ((csr & ~31) == Csr.CYCLE || (csr & ~31) == Csr.MCYCLE) return counter_read(hart, csr & 31);
  switch (csr) {
    case Csr.FFLAGS:
    case Csr.FRM:
    case Csr.FCSR:
      return float_read(hart, csr);
    case Csr.SSTATUS:
      return sstatus_read(hart);
    case Csr.SIE:
      return sie_read(hart);
    case Csr.STVEC:
      return hart.stvec;
    case Csr.SCOUNTEREN:
      return hart.scounteren;
    case Csr.SENVCFG:
      return hart.senvcfg;
    case Csr.SSCRATCH:
      return hart.sscratch;
    case Csr.SEPC:
      return hart.sepc;
    case Csr.SCAUSE:
      return hart.scause;
    case Csr.STVAL:
      return hart.stval;
    case Csr.SIP:
      return sip_read(hart);
    case Csr.STIMECMP:
      return hart.stimecmp;
    case Csr.SATP:
      return hart.satp;
    case Csr.MSTATUS:
      return mstatus_read(hart);
    case Csr.MISA:
      return hart.misa;
    case Csr.MEDELEG:
      return hart.medeleg;
    case Csr.MIDELEG:
      return hart.mideleg;
    case Csr.MIE:
      return hart.mie;
    case Csr.MTVEC:
      return hart.mtvec;
    case Csr.MCOUNTEREN:
      return hart.mcounteren;
    case Csr.MENVCFG:
      return hart.menvcfg;
    case Csr.MCOUNTINHIBIT:
      return hart.mcountinhibit;
    case Csr.MSCRATCH:
      return hart.mscratch;
    case Csr.MEPC:
      return hart.mepc;
    case Csr.MCAUSE:
      return hart.mcause;
    case Csr.MTVAL:
      return hart.mtval;
    case Csr.MIP:
      return interrupts(hart);
    case Csr.PMPCFG0:
    case Csr.PMPCFG2:
      return pmpcfg_read(hart, (csr & 2) << 2);
    case Csr.TINFO:
      // "Type 0": there is no trigger. (Debug specification, "Trigger Module")
      return 1;
    case Csr.MARCHID:
    case Csr.MIMPID:
      return MARCHID;
    case Csr.MHARTID:
      return hart.hartid;
  }
  // mvendorid and mconfigptr; tselect and tdata1 to 3, for there are no triggers.
  return 0;
}

/** Writes an existing, writable CSR by its WARL rules. The caller has asked `csr_access`, or is a debugger. */
export function csr_write(hart: Hart, csr: u32, value: u64): void {
  if (is_mhpmevent(csr)) return mhpmevent_write(hart, csr & 31, value);
  if (is_pmpaddr(csr)) return pmpaddr_write(hart, csr & 15, value);
  if ((csr & ~31) == Csr.MCYCLE) return counter_write(hart, csr & 31, value);
  switch (csr) {
    case Csr.FFLAGS:
    case Csr.FRM:
    case Csr.FCSR:
      float_write(hart, csr, value);
      break;
    case Csr.SSTATUS:
      sstatus_write(hart, value);
      break;
    case Csr.SIE:
      sie_write(hart, value);
      break;
    case Csr.STVEC:
      if ((value & 3) < 2) hart.stvec = value;
      break;
    case Csr.SCOUNTEREN:
      hart.scounteren = value & Counter.MASK;
      break;
    case Csr.SENVCFG:
      senvcfg_write(hart, value);
      break;
    case Csr.SSCRATCH:
      hart.sscratch = value;
      break;
    case Csr.SEPC:
      hart.sepc = value & ~1;
      break;
    case Csr.SCAUSE:
      hart.scause = value;
      break;
    case Csr.STVAL:
      hart.stval = value;
      break;
    case Csr.SIP:
      sip_write(hart, value);
      break;
    case Csr.STIMECMP:
      stimecmp_write(hart, value);
      break;
    case Csr.SATP:
      satp_write(hart, value);
      break;
    case Csr.MSTATUS:
      mstatus_write(hart, value);
      break;
    case Csr.MEDELEG:
      hart.medeleg = value & MEDELEG_WRITABLE;
      break;
    case Csr.MIDELEG:
      mideleg_write(hart, value);
      break;
    case Csr.MIE:
      mie_write(hart, value);
      break;
    case Csr.MTVEC:
      if ((value & 3) < 2) hart.mtvec = value;
      break;
    case Csr.MCOUNTEREN:
      hart.mcounteren = value & Counter.MASK;
      break;
    case Csr.MENVCFG:
      menvcfg_write(hart, value);
      break;
    case Csr.MCOUNTINHIBIT:
      mcountinhibit_write(hart, value);
      break;
    case Csr.MSCRATCH:
      hart.mscratch = value;
      break;
    case Csr.MEPC:
      hart.mepc = value & ~1;
      break;
    case Csr.MCAUSE:
      hart.mcause = value;
      break;
    case Csr.MTVAL:
      hart.mtval = value;
      break;
    case Csr.MIP:
      mip_write(hart, value);
      break;
    case Csr.PMPCFG0:
    case Csr.PMPCFG2:
      pmpcfg_write(hart, (csr & 2) << 2, value);
      break;
  }
}

/** Writes a CSR between instructions, as a debugger does: counters then read exactly `value`. */
export function csr_poke(hart: Hart, csr: u32, value: u64): void {
  hart.instret -= 1;
  csr_write(hart, csr, value);
  hart.instret += 1;
}
