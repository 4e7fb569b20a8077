/** mstatus and its view sstatus. (Privileged ISA, "Machine Status Registers", "Supervisor Status Register") */

import { Hart } from "../gen/state";
import { tlb_flush, tlb_select } from "../mem/tlb";
import { Status } from "../shared/csr";
import { MSTATUS_SD, MSTATUS_UXL_64 } from "./csr_field";
import { interrupt_check } from "./interrupt";

/** Fields of sstatus that can be written. UXL, UBE, VS and XS are fixed: 64 bits, little-endian, no such state. */
const SSTATUS_WRITABLE: u64 = Status.SIE | Status.SPIE | Status.SPP | Status.FS | Status.SUM | Status.MXR;

const MSTATUS_WRITABLE: u64 =
  SSTATUS_WRITABLE | Status.MIE | Status.MPIE | Status.MPP | Status.MPRV | Status.TVM | Status.TW | Status.TSR;

export function mstatus_read(hart: Hart): u64 {
  const status = hart.mstatus;
  return (status & Status.FS) == Status.FS ? status | MSTATUS_SD : status;
}

export function sstatus_read(hart: Hart): u64 {
  return mstatus_read(hart) & (SSTATUS_WRITABLE | MSTATUS_UXL_64 | MSTATUS_SD);
}

export function mstatus_write(hart: Hart, value: u64): void {
  let mask = MSTATUS_WRITABLE;
  // MPP is WARL: there is no mode 2, and writing it leaves MPP alone.
  if (((value >> Status.MPP_SHIFT) & 3) == 2) mask &= ~Status.MPP;
  change(hart, value, mask);
}

export function sstatus_write(hart: Hart, value: u64): void {
  change(hart, value, SSTATUS_WRITABLE);
}

function change(hart: Hart, value: u64, mask: u64): void {
  const old = hart.mstatus;
  hart.mstatus = (old & ~mask) | (value & mask);
  const changed = old ^ hart.mstatus;
  if (changed & (Status.MPRV | Status.MPP | Status.SUM)) tlb_select(hart);
  if (changed & Status.MXR) tlb_flush(hart);
  interrupt_check(hart);
}
