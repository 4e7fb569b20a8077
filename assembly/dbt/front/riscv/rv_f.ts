/** F -> IR. Only reached while mstatus.FS is dirty (`Mode.FLOAT`). */

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
export function lift_f(t: Dbt, op: u32, r: u64): bool {
  switch (op) {
    case Op.FLW:
      return float_load(t, r, W.F32_LOAD, 4);
    case Op.FSW:
      return float_store(t, r, W.I64_STORE32, 4);
    case Op.FMADD_S:
      return fused(t, r, 0, 4);
    case Op.FMSUB_S:
      return fused(t, r, 2, 4);
    case Op.FNMSUB_S:
      return fused(t, r, 1, 4);
    case Op.FNMADD_S:
      return fused(t, r, 3, 4);
    case Op.FADD_S:
      return arithmetic(t, r, W.F32_ADD, 4);
    case Op.FSUB_S:
      return arithmetic(t, r, W.F32_SUB, 4);
    case Op.FMUL_S:
      return arithmetic(t, r, W.F32_MUL, 4);
    case Op.FDIV_S:
      return arithmetic(t, r, W.F32_DIV, 4);
    case Op.FSQRT_S:
      return root(t, r, 4);
    case Op.FSGNJ_S:
      return sign(t, r, 0, 4);
    case Op.FSGNJN_S:
      return sign(t, r, 1, 4);
    case Op.FSGNJX_S:
      return sign(t, r, 2, 4);
    case Op.FMIN_S:
      return select(t, r, W.F32_MIN, 4);
    case Op.FMAX_S:
      return select(t, r, W.F32_MAX, 4);
    case Op.FLE_S:
      return compare(t, r, W.F32_LE, 4);
    case Op.FLT_S:
      return compare(t, r, W.F32_LT, 4);
    case Op.FEQ_S:
      return compare(t, r, W.F32_EQ, 4);
    case Op.FCLASS_S:
      return classify(t, r, 4);
    case Op.FCVT_W_S:
      return to_integer(t, r, 4, 4, true);
    case Op.FCVT_WU_S:
      return to_integer(t, r, 4, 4, false);
    case Op.FCVT_L_S:
      return to_integer(t, r, 4, 8, true);
    case Op.FCVT_LU_S:
      return to_integer(t, r, 4, 8, false);
    case Op.FCVT_S_W:
      return from_integer(t, r, W.F32_CONVERT_I32_S, 4, 4, true);
    case Op.FCVT_S_WU:
      return from_integer(t, r, W.F32_CONVERT_I32_U, 4, 4, false);
    case Op.FCVT_S_L:
      return from_integer(t, r, W.F32_CONVERT_I64_S, 4, 8, true);
    case Op.FCVT_S_LU:
      return from_integer(t, r, W.F32_CONVERT_I64_U, 4, 8, false);
    case Op.FCVT_S_D:
      return between(t, r, 4);
    case Op.FMV_X_W:
      return move_to_x(t, r, 4);
    case Op.FMV_W_X:
      return move_from_x(t, r, 4);
  }
  return false;
}
