/**
 * Which CSRs exist and who may access them. (Privileged ISA, "CSR Address Mapping Conventions")
 *
 *   11  10 9         8 7        0
 *  +------+-----------+----------+     access 3 is read-only;
 *  |access| privilege | register |     privilege is the lowest mode that may access it
 *  +------+-----------+----------+
 */

import { Hart } from "../gen/state";
import { Priv } from "../shared/constants";
import { Counter, Csr, Status } from "../shared/csr";
import { counter_allowed } from "./csr_counter";
import { MENVCFG_STCE } from "./csr_field";

// @ts-ignore: decorator
@inline function is_hpm(index: u32): bool {
  return index >= <u32>Counter.HPM_FIRST && index <= <u32>Counter.HPM_LAST;
}

/** mhpmevent 19 to 31 exist without a counter, as in QEMU. */
// @ts-ignore: decorator
@inline export function is_mhpmevent(csr: u32): bool {
  return (csr & ~31) == Csr.MHPMEVENT && (csr & 31) >= <u32>Counter.HPM_FIRST;
}

// @ts-ignore: decorator
@inline export function is_pmpaddr(csr: u32): bool {
  return (csr & ~15) == Csr.PMPADDR0;
}

/** Whether there is a CSR of this number. */
export function csr_exists(csr: u32): bool {
  if (is_mhpmevent(csr)) return true;
  if (is_pmpaddr(csr)) return true;
  switch (csr & ~31) {
    case Csr.CYCLE:
      return csr == Csr.TIME || csr == Csr.CYCLE || csr == Csr.INSTRET || is_hpm(csr & 31);
    case Csr.MCYCLE:
      return csr == Csr.MCYCLE || csr == Csr.MINSTRET || is_hpm(csr & 31);
  }
  switch (csr) {
    case Csr.FFLAGS:
    case Csr.FRM:
    case Csr.FCSR:
    case Csr.SSTATUS:
    case Csr.SIE:
    case Csr.STVEC:
    case Csr.SCOUNTEREN:
    case Csr.SENVCFG:
    case Csr.SSCRATCH:
    case Csr.SEPC:
    case Csr.SCAUSE:
    case Csr.STVAL:
    case Csr.SIP:
    case Csr.STIMECMP:
    case Csr.SATP:
    case Csr.MSTATUS:
    case Csr.MISA:
    case Csr.MEDELEG:
    case Csr.MIDELEG:
    case Csr.MIE:
    case Csr.MTVEC:
    case Csr.MCOUNTEREN:
    case Csr.MENVCFG:
    case Csr.MCOUNTINHIBIT:
    case Csr.MSCRATCH:
    case Csr.MEPC:
    case Csr.MCAUSE:
    case Csr.MTVAL:
    case Csr.MIP:
    case Csr.PMPCFG0:
    case Csr.PMPCFG2:
    case Csr.TSELECT:
    case Csr.TDATA1:
    case Csr.TDATA2:
    case Csr.TDATA3:
    case Csr.TINFO:
    case Csr.MVENDORID:
    case Csr.MARCHID:
    case Csr.MIMPID:
    case Csr.MHARTID:
    case Csr.MCONFIGPTR:
      return true;
  }
  return false;
}

/** Whether the present mode may read CSR `csr`, and also write it when `write`. Raises nothing. */
export function csr_access(hart: Hart, csr: u32, write: bool): bool {
  if (((csr >> 8) & 3) > hart.priv || (write && csr >> 10 == 3)) return false;
  switch (csr) {
    case Csr.FFLAGS:
    case Csr.FRM:
    case Csr.FCSR:
      return (hart.mstatus & Status.FS) != 0;
    case Csr.SATP:
      return hart.priv == Priv.M || !(hart.mstatus & Status.TVM);
    case Csr.STIMECMP:
      return hart.priv == Priv.M || ((hart.menvcfg & MENVCFG_STCE) != 0 && ((hart.mcounteren >> Counter.TM) & 1) != 0);
  }
  if (!csr_exists(csr)) return false;
  return (csr & ~31) != Csr.CYCLE || counter_allowed(hart, csr & 31);
}
