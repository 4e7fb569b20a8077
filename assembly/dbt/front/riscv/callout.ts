/** What is not inlined: the core executes the record, with only its operands written to the hart and read back. */

import { op_operands } from "../../../isa/optable";
import { Ir, emit } from "../../ir/node";
import { Dbt } from "../../ir/dbt";

/** Registers (x in the low half, f in the high) that record `r` of `op` reads. */
export function callout_reads(op: u32, r: u64): u64 {
  const operands = op_operands(op);
  const rs1 = (<u64>r >> 19) & 31;
  const rs2 = (<u64>r >> 27) & 31;
  let mask: u64 = 0;
  if (operands & 4) mask |= (<u64>1) << rs1;
  if (operands & 8) mask |= (<u64>1) << (32 + rs1);
  if (operands & 16) mask |= (<u64>1) << rs2;
  if (operands & 32) mask |= (<u64>1) << (32 + rs2);
  if (operands & 64) mask |= (<u64>1) << (32 + (r >> 59));
  return mask & ~1;
}

/** The value that record `r` of `op` writes, or 0 for none. */
export function callout_write(op: u32, r: u64): u32 {
  const operands = op_operands(op);
  if (operands & 1) return ((<u32>r + 0x800) >> 11) & 31;
  return operands & 2 ? 32 + ((<u32>r >> 11) & 31) : 0;
}

export function callout(t: Dbt, op: u32, r: u64): void {
  emit(t, Ir.CALLOUT, 0, callout_write(op, r), 0, 0, <i64>r);
}
