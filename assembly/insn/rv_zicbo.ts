/**
 * Zicbom and Zicboz: cache-block operations. There is no cache, so CBO.INVAL, CBO.CLEAN and CBO.FLUSH only check that
 * they would be allowed. (Unprivileged ISA, "Extensions for Base Cache Management Operations")
 */

import { Hart } from "../state/state";
import { raise_illegal } from "../hart/illegal";
import { x1 } from "../state/regs";
import { amo_address, probe } from "../mem/vmem";
import { Access, Cause, Priv } from "../shared/constants";
import { Envcfg } from "../shared/csr";

const BLOCK: u64 = 64;

/** Whether menvcfg (below M mode) and senvcfg (in U mode) enable what `field` controls. */
// @ts-ignore: decorator
@inline function enabled(hart: Hart, field: u64): bool {
  if (hart.priv == Priv.M) return true;
  if (!(hart.menvcfg & field)) return false;
  return hart.priv == Priv.S || (hart.senvcfg & field) != 0;
}

/** Allowed where a load or a store is. Faults are a store's, and report the address in rs1, not the block's. */
function manage(hart: Hart, va: u64, field: u64): void {
  if (!enabled(hart, field)) {
    raise_illegal(hart);
    return;
  }
  const block = va & ~(BLOCK - 1);
  if (probe(hart, block, <u32>BLOCK, Access.LOAD)) return;
  hart.trapCause = Cause.NONE;
  if (!probe(hart, block, <u32>BLOCK, Access.STORE)) hart.trapTval = va;
}

export function cbo_inval(hart: Hart, r: u64): void {
  manage(hart, x1(hart, r), Envcfg.CBIE);
}

export function cbo_clean(hart: Hart, r: u64): void {
  manage(hart, x1(hart, r), Envcfg.CBCFE);
}

export function cbo_flush(hart: Hart, r: u64): void {
  manage(hart, x1(hart, r), Envcfg.CBCFE);
}

export function cbo_zero(hart: Hart, r: u64): void {
  if (!enabled(hart, Envcfg.CBZE)) {
    raise_illegal(hart);
    return;
  }
  const va = x1(hart, r);
  const ma = amo_address(hart, va & ~(BLOCK - 1), <u32>BLOCK);
  if (ma) memory.fill(ma, 0, <usize>BLOCK);
  else hart.trapTval = va;
}
