/** What follows from a write to a CSR. Generated from src/isa by `npm run generate`; do not edit. */

import { Hart } from "../state/state";
import { pmp_changed } from "../mem/pmp";
import { tlb_flush, tlb_select } from "../mem/tlb";
import { Exit } from "../shared/constants";
import { Status } from "../shared/csr";
import { counters_switched } from "./csr_counter";
import { interrupts_changed } from "./interrupt";
import { ask_exit } from "../state/raise";

/** Does what follows from a write that has changed the bits `changed` of a register, for a CSR with this set of effects. */
export function csr_written(hart: Hart, effects: u32, changed: u64): void {
  switch (effects) {
    case 1: // fflags, frm, fcsr
      hart.mstatus |= Status.FS;
      return;
    case 2: // sstatus, mstatus
      if (changed & 0x61800) tlb_select(hart);
      if (changed & 0x80000) tlb_flush(hart);
      if (changed & 0xa) interrupts_changed(hart);
      return;
    case 3: // sie, sip, mideleg, mie, mip
      interrupts_changed(hart);
      return;
    case 4: // stimecmp
      ask_exit(hart, Exit.TIMER);
      return;
    case 5: // satp
      if (changed) tlb_flush(hart);
      return;
    case 6: // menvcfg
      if (changed & 0x6000000000000000) tlb_flush(hart);
      if (changed & 0x8000000000000000) interrupts_changed(hart);
      if (changed & 0x8000000000000000) ask_exit(hart, Exit.TIMER);
      return;
    case 7: // mcountinhibit
      if (changed & 0x5) counters_switched(hart, changed);
      return;
    case 8: // pmpcfg0, pmpcfg2, pmpaddr
      pmp_changed(hart);
      return;
  }
}
