/** Zicsr and translation fences -> IR. */

import { Op } from "../../gen/op";
import { Sensitive } from "../../shared/constants";
import { Ir, emit } from "../ir";
import { Dbt } from "../state";
import { callout_write } from "./callout";

/** False when `op` is neither a CSR access nor a fence that regions may contain. */
export function lift_zicsr(t: Dbt, op: u32, r: u64): bool {
  const access = op >= <u32>Op.CSRRW && op <= <u32>Op.CSRRCI;
  if (!access && op != Op.SFENCE_VMA && op != Op.SINVAL_VMA) return false;
  const inline = access && t.sensitive == Sensitive.INLINE;
  emit(t, inline ? Ir.CSR : Ir.SYSTEM, 0, callout_write(op, r), 0, 0, <i64>r);
  return true;
}
