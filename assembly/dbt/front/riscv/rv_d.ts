/** D -> IR. Only reached while mstatus.FS is dirty (`Mode.FLOAT`). */

import { Op } from "../../../isa/op";
import { Dbt } from "../../ir/dbt";
import { W } from "../../wasm/opcode";
import {
  arithmetic,
  between,
  classify,
  compare,
  float_load,
  float_store,
  from_integer,
  fused,
  move_from_x,
  move_to_x,
  root,
  select,
  sign,
  to_integer,
} from "./float";

/** False when `op` is left to a callout. */
export function lift_d(t: Dbt, op: u32, r: u64): bool {
  switch (op) {
    case Op.FLD:
      return float_load(t, r, W.F64_LOAD, 8);
    case Op.FSD:
      return float_store(t, r, W.F64_STORE, 8);
    case Op.FMADD_D:
      return fused(t, r, 0, 8);
    case Op.FMSUB_D:
      return fused(t, r, 2, 8);
    case Op.FNMSUB_D:
      return fused(t, r, 1, 8);
    case Op.FNMADD_D:
      return fused(t, r, 3, 8);
    case Op.FADD_D:
      return arithmetic(t, r, W.F64_ADD, 8);
    case Op.FSUB_D:
      return arithmetic(t, r, W.F64_SUB, 8);
    case Op.FMUL_D:
      return arithmetic(t, r, W.F64_MUL, 8);
    case Op.FDIV_D:
      return arithmetic(t, r, W.F64_DIV, 8);
    case Op.FSQRT_D:
      return root(t, r, 8);
    case Op.FSGNJ_D:
      return sign(t, r, 0, 8);
    case Op.FSGNJN_D:
      return sign(t, r, 1, 8);
    case Op.FSGNJX_D:
      return sign(t, r, 2, 8);
    case Op.FMIN_D:
      return select(t, r, W.F64_MIN, 8);
    case Op.FMAX_D:
      return select(t, r, W.F64_MAX, 8);
    case Op.FLE_D:
      return compare(t, r, W.F64_LE, 8);
    case Op.FLT_D:
      return compare(t, r, W.F64_LT, 8);
    case Op.FEQ_D:
      return compare(t, r, W.F64_EQ, 8);
    case Op.FCLASS_D:
      return classify(t, r, 8);
    case Op.FCVT_W_D:
      return to_integer(t, r, 8, 4, true);
    case Op.FCVT_WU_D:
      return to_integer(t, r, 8, 4, false);
    case Op.FCVT_L_D:
      return to_integer(t, r, 8, 8, true);
    case Op.FCVT_LU_D:
      return to_integer(t, r, 8, 8, false);
    case Op.FCVT_D_W:
      return from_integer(t, r, W.F64_CONVERT_I32_S, 8, 4, true);
    case Op.FCVT_D_WU:
      return from_integer(t, r, W.F64_CONVERT_I32_U, 8, 4, false);
    case Op.FCVT_D_L:
      return from_integer(t, r, W.F64_CONVERT_I64_S, 8, 8, true);
    case Op.FCVT_D_LU:
      return from_integer(t, r, W.F64_CONVERT_I64_U, 8, 8, false);
    case Op.FCVT_D_S:
      return between(t, r, 8);
    case Op.FMV_X_D:
      return move_to_x(t, r, 8);
    case Op.FMV_D_X:
      return move_from_x(t, r, 8);
  }
  return false;
}
