/** satp. (Privileged ISA, "Supervisor Address Translation and Protection Register") */

import { Hart } from "../gen/state";
import { tlb_flush } from "../mem/tlb";

/** A write whose MODE is not Bare, Sv39, Sv48 or Sv57 has no effect. All 16 bits of ASID and 44 of PPN can be held. */
export function satp_write(hart: Hart, value: u64): void {
  const mode = value >> 60;
  if (mode && (mode < 8 || mode > 10)) return;
  if (hart.satp == value) return;
  hart.satp = value;
  // No TLB entry knows its ASID.
  tlb_flush(hart);
}
