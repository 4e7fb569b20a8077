/** The part of F and D that is inlined -> IR. Only reached while mstatus.FS is dirty (`Mode.FLOAT`). */

import { Op } from "../../gen/op";
import { imm } from "../../hart/regs";
import { record_rd, record_rs1, record_rs2 } from "../form";
import { Ir, emit } from "../ir";
import { Dbt } from "../state";
import { W } from "../wasm/opcode";

// @ts-ignore: decorator
@inline function fd(r: u64): u32 {
  return 32 + (((<u32>r) >> 11) & 31);
}

/** False when `op` is left to a callout. */
export function lift_d(t: Dbt, op: u32, r: u64): bool {
  const rs1 = record_rs1(r);
  const rs2 = record_rs2(r);
  switch (op) {
    case Op.FLD:
      emit(t, Ir.LOAD, W.F64_LOAD, fd(r), rs1, 0, imm(r));
      return true;
    case Op.FSD:
      emit(t, Ir.STORE, W.F64_STORE, 0, rs1, 32 + rs2, imm(r));
      return true;
    case Op.FLW:
      emit(t, Ir.LOAD, W.F32_LOAD, fd(r), rs1, 0, imm(r)).size = 4;
      return true;
    case Op.FSW:
      emit(t, Ir.STORE, W.I64_STORE32, 0, rs1, 32 + rs2, imm(r)).size = 4;
      return true;
    case Op.FADD_D:
      return arithmetic(t, r, W.F64_ADD);
    case Op.FSUB_D:
      return arithmetic(t, r, W.F64_SUB);
    case Op.FMUL_D:
      return arithmetic(t, r, W.F64_MUL);
    case Op.FDIV_D:
      return arithmetic(t, r, W.F64_DIV);
    case Op.FSGNJ_D:
      emit(t, Ir.FLOAT_SIGN, 0, fd(r), 32 + rs1, 32 + rs2, 0);
      return true;
    case Op.FSGNJN_D:
      emit(t, Ir.FLOAT_SIGN, 1, fd(r), 32 + rs1, 32 + rs2, 0);
      return true;
    case Op.FSGNJX_D:
      emit(t, Ir.FLOAT_SIGN, 2, fd(r), 32 + rs1, 32 + rs2, 0);
      return true;
    case Op.FEQ_D:
      return compare(t, r, W.F64_EQ);
    case Op.FLT_D:
      return compare(t, r, W.F64_LT);
    case Op.FLE_D:
      return compare(t, r, W.F64_LE);
    case Op.FMV_X_D:
      emit(t, Ir.FLOAT_MOVE, 0, record_rd(r), 32 + rs1, 0, 0);
      return true;
    case Op.FMV_D_X:
      emit(t, Ir.FLOAT_MOVE, 0, fd(r), rs1, 0, 0);
      return true;
    case Op.FCVT_D_W:
      emit(t, Ir.FLOAT_FROM_INT, W.F64_CONVERT_I32_S, fd(r), rs1, 0, 0);
      return true;
    case Op.FCVT_D_WU:
      emit(t, Ir.FLOAT_FROM_INT, W.F64_CONVERT_I32_U, fd(r), rs1, 0, 0);
      return true;
  }
  return false;
}

function arithmetic(t: Dbt, r: u64, w: W): bool {
  emit(t, Ir.FLOAT, w, fd(r), 32 + record_rs1(r), 32 + record_rs2(r), <i64>r);
  return true;
}

function compare(t: Dbt, r: u64, w: W): bool {
  emit(t, Ir.FLOAT_COMPARE, w, record_rd(r), 32 + record_rs1(r), 32 + record_rs2(r), <i64>r);
  return true;
}
