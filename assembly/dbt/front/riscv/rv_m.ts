/** M -> IR. */

import { Op } from "../../../isa/op";
import { record_rd, record_rs1, record_rs2 } from "../../region/form";
import { emit, Ir } from "../../ir/node";
import { Dbt } from "../../ir/dbt";
import { W } from "../../wasm/opcode";
import { binary } from "./patterns";

/** False when `op` is not an instruction of M. */
export function lift_m(t: Dbt, op: u32, r: u64): bool {
  switch (op) {
    case Op.MUL:
      return binary(t, r, Ir.BINARY, W.I64_MUL);
    case Op.MULW:
      return binary(t, r, Ir.WORD, W.I32_MUL);
    case Op.MULHU:
      return sized(t, r, Ir.MULTIPLY_HIGH, 0, 0);
    case Op.MULHSU:
      return sized(t, r, Ir.MULTIPLY_HIGH, 0, 1);
    case Op.MULH:
      return sized(t, r, Ir.MULTIPLY_HIGH, 0, 2);
    case Op.DIV:
      return sized(t, r, Ir.DIVIDE, W.I64_DIV_S, 8);
    case Op.DIVU:
      return sized(t, r, Ir.DIVIDE, W.I64_DIV_U, 8);
    case Op.REM:
      return sized(t, r, Ir.DIVIDE, W.I64_REM_S, 8);
    case Op.REMU:
      return sized(t, r, Ir.DIVIDE, W.I64_REM_U, 8);
    case Op.DIVW:
      return sized(t, r, Ir.DIVIDE, W.I32_DIV_S, 4);
    case Op.DIVUW:
      return sized(t, r, Ir.DIVIDE, W.I32_DIV_U, 4);
    case Op.REMW:
      return sized(t, r, Ir.DIVIDE, W.I32_REM_S, 4);
    case Op.REMUW:
      return sized(t, r, Ir.DIVIDE, W.I32_REM_U, 4);
  }
  return false;
}

function sized(t: Dbt, r: u64, op: Ir, w: u32, size: u32): bool {
  const rd = record_rd(r);
  if (rd) emit(t, op, w, rd, record_rs1(r), record_rs2(r), 0).size = <u8>size;
  return true;
}
