/**
 * Who may access a CSR. (Privileged ISA, "CSR Address Mapping Conventions")
 *
 *   11  10 9         8 7        0
 *  +------+-----------+----------+     access 3 is read-only;
 *  |access| privilege | register |     privilege is the lowest mode that may access it
 *  +------+-----------+----------+
 */

import { Condition, csr_entry, csr_exists } from "../isa/csr_table";
import { Hart } from "../state/state";
import { Priv } from "../shared/constants";
import { Counter, Status } from "../shared/csr";
import { counter_allowed } from "./csr_counter";
import { MENVCFG_STCE } from "./csr_field";

/** Whether the present mode may read CSR `csr`, and also write it when `write`. Raises nothing. */
export function csr_access(hart: Hart, csr: u32, write: bool): bool {
  if (((csr >> 8) & 3) > hart.priv || (write && csr_read_only(csr)) || !csr_exists(csr)) return false;
  switch (<i32>csr_entry(csr).condition) {
    case Condition.FS:
      return (hart.mstatus & Status.FS) != 0;
    case Condition.TVM:
      return hart.priv == Priv.M || !(hart.mstatus & Status.TVM);
    case Condition.STCE:
      return hart.priv == Priv.M || ((hart.menvcfg & MENVCFG_STCE) != 0 && ((hart.mcounteren >> Counter.TM) & 1) != 0);
    case Condition.COUNTEREN:
      return counter_allowed(hart, csr & 31);
  }
  return true;
}

/** Whether CSR `csr`, whether or not it exists, has a number of those that can only be read. */
// @ts-ignore: decorator
@inline export function csr_read_only(csr: u32): bool {
  return csr >> 10 == 3;
}
