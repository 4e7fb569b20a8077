/** What many instructions lift to: a constant, a register and an immediate, two registers. */

import { imm } from "../../../state/regs";
import { record_rd, record_rs1, record_rs2 } from "../../region/form";
import { emit, Ir } from "../../ir/node";
import { Dbt, is_position_independent } from "../../ir/dbt";
import { W } from "../../wasm/opcode";

/** dst = imm, unless dst is x0. */
export function lift_const(t: Dbt, rd: u32, value: i64): void {
  if (rd) emit(t, Ir.CONST, 0, rd, 0, 0, value);
}

/** dst = the address `pc`, unless dst is x0. Regions that may lie at several addresses know only how far it is from their entry. */
export function lift_address(t: Dbt, rd: u32, pc: i64): void {
  if (!rd) return;
  if (is_position_independent(t)) emit(t, Ir.ENTRY, 0, rd, 0, 0, pc - <i64>t.entryPc);
  else emit(t, Ir.CONST, 0, rd, 0, 0, pc);
}

/** dst = rs1 w rs2. True, so that callers can return it. */
export function binary(t: Dbt, r: u64, op: Ir, w: W): bool {
  const rd = record_rd(r);
  if (!rd) return true;
  if (op == Ir.BINARY && w == W.I64_ADD) {
    if (!record_rs1(r)) emit(t, Ir.MOVE, 0, rd, record_rs2(r), 0, 0);
    else if (!record_rs2(r)) emit(t, Ir.MOVE, 0, rd, record_rs1(r), 0, 0);
    else emit(t, op, w, rd, record_rs1(r), record_rs2(r), 0);
    return true;
  }
  emit(t, op, w, rd, record_rs1(r), record_rs2(r), 0);
  return true;
}

/** dst = rs1 w imm. True, so that callers can return it. */
export function immediate(t: Dbt, r: u64, op: Ir, w: W): bool {
  const rd = record_rd(r);
  const rs1 = record_rs1(r);
  const value = imm(r);
  if (!rd) return true;
  if (op == Ir.BINARY_I && w == W.I64_ADD && !rs1) lift_const(t, rd, value);
  else if (op == Ir.BINARY_I && w == W.I64_ADD && !value) emit(t, Ir.MOVE, 0, rd, rs1, 0, 0);
  else emit(t, op, w, rd, rs1, 0, value);
  return true;
}
