/** Reset. (Privileged ISA, "Reset") */

import { HartField } from "../gen/layout";
import { Hart } from "../gen/state";
import { tlb_flush_all, tlb_select } from "../mem/tlb";
import { Cause, Exit, Priv } from "../shared/constants";
import { MISA_RV64GC } from "./csr";
import { menvcfg_reset } from "./csr_envcfg";
import { MSTATUS_SXL_64, MSTATUS_UXL_64 } from "./csr_field";
import { base } from "./regs";
import { drop_reservation } from "./reservation";

/**
 * Gives a hart the state QEMU's `rv64` cpu has after reset: M mode, everything zero but what follows. `hartid` and `vm` stay;
 * the host sets pc. Empties the TLB.
 */
export function hart_reset_state(hart: Hart): void {
  const hartid = hart.hartid;
  memory.fill(base(hart), 0, HartField.trapCause);
  hart.hartid = hartid;
  hart.priv = Priv.M;
  hart.misa = MISA_RV64GC;
  hart.mstatus = MSTATUS_SXL_64 | MSTATUS_UXL_64;
  hart.menvcfg = menvcfg_reset(hart);
  // QEMU has a zero here too, but arms no timer before the first write.
  hart.stimecmp = -1;
  drop_reservation(hart);
  hart.trapCause = Cause.NONE;
  hart.trapTval = 0;
  hart.attention = 0;
  hart.exitReason = Exit.NONE;
  hart.pmpActive = 0;
  tlb_flush_all(hart);
  tlb_select(hart);
}
