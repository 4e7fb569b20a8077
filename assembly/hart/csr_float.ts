/** fflags, frm and fcsr. (Unprivileged ISA, "Floating-Point Control and Status Register") */

import { Hart } from "../gen/state";
import { Csr, Status } from "../shared/csr";

export function float_read(hart: Hart, csr: u32): u64 {
  if (csr == Csr.FFLAGS) return hart.fflags;
  if (csr == Csr.FRM) return hart.frm;
  return hart.fflags | (hart.frm << 5);
}

/** Every write makes FS Dirty, as in QEMU, whether or not a value changed. Reserved rounding modes can be held. */
export function float_write(hart: Hart, csr: u32, value: u64): void {
  hart.mstatus |= Status.FS;
  if (csr == Csr.FRM) {
    hart.frm = (<u32>value) & 7;
    return;
  }
  hart.fflags = (<u32>value) & 31;
  if (csr == Csr.FCSR) hart.frm = (<u32>(value >> 5)) & 7;
}
