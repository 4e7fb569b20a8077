/** A -> IR: atomic memory operations. Harts take turns in one thread, so a load and a store are atomic. */

import { Op } from "../../../isa/op";
import { record_rd, record_rs1, record_rs2 } from "../../region/form";
import { Ir, emit } from "../../ir/node";
import { Dbt } from "../../ir/dbt";
import { W } from "../../wasm/opcode";

/** False when `op` is not an instruction of A. */
export function lift_a(t: Dbt, op: u32, r: u64): bool {
  switch (op) {
    case Op.LR_W:
      return atomic(t, r, Ir.LOAD_RESERVED, 0, 4);
    case Op.LR_D:
      return atomic(t, r, Ir.LOAD_RESERVED, 0, 8);
    case Op.SC_W:
      return atomic(t, r, Ir.STORE_CONDITIONAL, 0, 4);
    case Op.SC_D:
      return atomic(t, r, Ir.STORE_CONDITIONAL, 0, 8);
    case Op.AMOSWAP_W:
      return atomic(t, r, Ir.ATOMIC, SWAP, 4);
    case Op.AMOSWAP_D:
      return atomic(t, r, Ir.ATOMIC, SWAP, 8);
    case Op.AMOADD_W:
      return atomic(t, r, Ir.ATOMIC, W.I64_ADD, 4);
    case Op.AMOADD_D:
      return atomic(t, r, Ir.ATOMIC, W.I64_ADD, 8);
    case Op.AMOXOR_W:
      return atomic(t, r, Ir.ATOMIC, W.I64_XOR, 4);
    case Op.AMOXOR_D:
      return atomic(t, r, Ir.ATOMIC, W.I64_XOR, 8);
    case Op.AMOAND_W:
      return atomic(t, r, Ir.ATOMIC, W.I64_AND, 4);
    case Op.AMOAND_D:
      return atomic(t, r, Ir.ATOMIC, W.I64_AND, 8);
    case Op.AMOOR_W:
      return atomic(t, r, Ir.ATOMIC, W.I64_OR, 4);
    case Op.AMOOR_D:
      return atomic(t, r, Ir.ATOMIC, W.I64_OR, 8);
    case Op.AMOMIN_W:
      return atomic(t, r, Ir.ATOMIC, W.I64_LT_S, 4);
    case Op.AMOMIN_D:
      return atomic(t, r, Ir.ATOMIC, W.I64_LT_S, 8);
    case Op.AMOMAX_W:
      return atomic(t, r, Ir.ATOMIC, W.I64_GT_S, 4);
    case Op.AMOMAX_D:
      return atomic(t, r, Ir.ATOMIC, W.I64_GT_S, 8);
    case Op.AMOMINU_W:
      return atomic(t, r, Ir.ATOMIC, W.I64_LT_U, 4);
    case Op.AMOMINU_D:
      return atomic(t, r, Ir.ATOMIC, W.I64_LT_U, 8);
    case Op.AMOMAXU_W:
      return atomic(t, r, Ir.ATOMIC, W.I64_GT_U, 4);
    case Op.AMOMAXU_D:
      return atomic(t, r, Ir.ATOMIC, W.I64_GT_U, 8);
  }
  return false;
}

/** An AMO's `w` for AMOSWAP. Comparisons stand for minimum and maximum: the old value stays where one holds. */
export const SWAP: u32 = 0;

function atomic(t: Dbt, r: u64, op: Ir, w: u32, size: u32): bool {
  const rs2 = op == Ir.LOAD_RESERVED ? 0 : record_rs2(r);
  emit(t, op, w, record_rd(r), record_rs1(r), rs2, <i64>r).size = <u8>size;
  return true;
}
