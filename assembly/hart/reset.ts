/** Reset. (Privileged ISA, "Reset") */

import { Hart, hart_clear, Vm } from "../state/state";
import { pmp_changed } from "../mem/pmp";
import { jump_reset } from "../mem/jump";
import { tlb_select } from "../mem/tlb";
import { Cause, Exit, Priv } from "../shared/constants";
import { Csr } from "../isa/csr";
import { csr_entry } from "../isa/csr_table";
import { PmpCfg, PmpMatch } from "../shared/csr";
import { MENVCFG_ADUE, MENVCFG_PBMTE, MSTATUS_SXL_64, MSTATUS_UXL_64, PMPADDR_BITS } from "./csr_field";
import { drop_reservation } from "./reservation";

/**
 * Gives a hart the state QEMU's `rv64` cpu has after reset: M mode, everything zero but what follows. `hartid` and `vm` stay;
 * the host sets pc. Empties the TLB.
 */
export function hart_reset_state(hart: Hart): void {
  const hartid = hart.hartid;
  hart_clear(hart);
  hart.hartid = hartid;
  hart.priv = Priv.M;
  hart.misa = csr_entry(Csr.MISA).read;
  hart.mstatus = MSTATUS_SXL_64 | MSTATUS_UXL_64;
  hart.menvcfg = menvcfg_reset(hart);
  // QEMU has a zero here too, but arms no timer before the first write.
  hart.stimecmp = -1;
  drop_reservation(hart);
  hart.trapCause = Cause.NONE;
  hart.trapTval = 0;
  hart.pending = 0;
  hart.attention = 0;
  hart.exitReason = Exit.NONE;
  if (changetype<Vm>(<usize>hart.vm).builtinSbi) pmp_open(hart);
  jump_reset(hart);
  pmp_changed(hart);
  tlb_select(hart);
}

/** menvcfg after reset, as in QEMU: page-based memory types and hardware updating of A and D are on. */
function menvcfg_reset(hart: Hart): u64 {
  return changetype<Vm>(<usize>hart.vm).svadu ? MENVCFG_PBMTE | MENVCFG_ADUE : MENVCFG_PBMTE;
}

/** PMP forbids S and U mode everything until firmware opens it; with the built-in SBI there is no firmware to do so. */
function pmp_open(hart: Hart): void {
  hart.pmpaddr0 = PMPADDR_BITS;
  hart.pmpcfg0 = <u8>((PmpMatch.NAPOT << PmpCfg.A_SHIFT) | PmpCfg.R | PmpCfg.W | PmpCfg.X);
}
