/** Zicsr and translation fences -> IR. */

import { OpFlag } from "../../../isa/op";
import { op_flags } from "../../../isa/optable";
import { Sensitive } from "../../../shared/constants";
import { Ir, emit } from "../../ir/node";
import { Dbt } from "../../ir/dbt";
import { callout_write } from "./callout";

/** False when `op` is neither a CSR access nor a fence that regions may contain. */
export function lift_zicsr(t: Dbt, op: u32, r: u64): bool {
  const flags = op_flags(op);
  if (!(flags & OpFlag.STAYS)) return false;
  const inline = (flags & OpFlag.CSR) != 0 && t.sensitive == Sensitive.INLINE;
  emit(t, inline ? Ir.CSR : Ir.SYSTEM, 0, callout_write(op, r), 0, 0, <i64>r);
  return true;
}
