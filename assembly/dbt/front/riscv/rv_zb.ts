/** Zba, Zbb, Zbs and Zicond -> IR. */

import { Op } from "../../../isa/op";
import { imm } from "../../../state/regs";
import { record_rd, record_rs1, record_rs2 } from "../../region/form";
import { emit, Ir, TEMP } from "../../ir/node";
import { Dbt } from "../../ir/dbt";
import { W } from "../../wasm/opcode";
import { binary, immediate } from "./patterns";

const T0: u32 = TEMP + 1;

/** False when `op` is not lifted here. */
export function lift_zb(t: Dbt, op: u32, r: u64): bool {
  const rd = record_rd(r);
  const rs1 = record_rs1(r);
  const rs2 = record_rs2(r);
  switch (op) {
    case Op.SH1ADD:
      return shift_add(t, rd, rs1, rs2, 1);
    case Op.SH2ADD:
      return shift_add(t, rd, rs1, rs2, 2);
    case Op.SH3ADD:
      return shift_add(t, rd, rs1, rs2, 3);
    case Op.ADD_UW:
      return word_shift_add(t, rd, rs1, rs2, 0);
    case Op.SH1ADD_UW:
      return word_shift_add(t, rd, rs1, rs2, 1);
    case Op.SH2ADD_UW:
      return word_shift_add(t, rd, rs1, rs2, 2);
    case Op.SH3ADD_UW:
      return word_shift_add(t, rd, rs1, rs2, 3);
    case Op.SLLI_UW:
      if (!rd) return true;
      emit(t, Ir.BINARY_I, W.I64_AND, T0, rs1, 0, 0xffffffff);
      emit(t, Ir.BINARY_I, W.I64_SHL, rd, T0, 0, imm(r));
      return true;
    case Op.ANDN:
      return inverted(t, rd, rs1, rs2, W.I64_AND);
    case Op.ORN:
      return inverted(t, rd, rs1, rs2, W.I64_OR);
    case Op.XNOR:
      return inverted(t, rd, rs1, rs2, W.I64_XOR);
    case Op.CLZ:
      return unary(t, Ir.UNARY, W.I64_CLZ, rd, rs1);
    case Op.CTZ:
      return unary(t, Ir.UNARY, W.I64_CTZ, rd, rs1);
    case Op.CPOP:
      return unary(t, Ir.UNARY, W.I64_POPCNT, rd, rs1);
    case Op.CLZW:
      return unary(t, Ir.UNARY_W, W.I32_CLZ, rd, rs1);
    case Op.CTZW:
      return unary(t, Ir.UNARY_W, W.I32_CTZ, rd, rs1);
    case Op.CPOPW:
      return unary(t, Ir.UNARY_W, W.I32_POPCNT, rd, rs1);
    case Op.SEXT_B:
      return unary(t, Ir.UNARY, W.I64_EXTEND8_S, rd, rs1);
    case Op.SEXT_H:
      return unary(t, Ir.UNARY, W.I64_EXTEND16_S, rd, rs1);
    case Op.ROL:
      return binary(t, r, Ir.BINARY, W.I64_ROTL);
    case Op.ROR:
      return binary(t, r, Ir.BINARY, W.I64_ROTR);
    case Op.RORI:
      return immediate(t, r, Ir.BINARY_I, W.I64_ROTR);
    case Op.ROLW:
      return binary(t, r, Ir.WORD, W.I32_ROTL);
    case Op.RORW:
      return binary(t, r, Ir.WORD, W.I32_ROTR);
    case Op.RORIW:
      return immediate(t, r, Ir.WORD_I, W.I32_ROTR);
    case Op.CZERO_EQZ:
      if (rd) emit(t, Ir.SELECT_ZERO, 0, rd, rs1, rs2, 0);
      return true;
    case Op.CZERO_NEZ:
      if (rd) emit(t, Ir.SELECT_ZERO, 0, rd, rs1, rs2, 1);
      return true;
    case Op.BEXTI:
      if (!rd) return true;
      emit(t, Ir.BINARY_I, W.I64_SHR_U, T0, rs1, 0, imm(r));
      emit(t, Ir.BINARY_I, W.I64_AND, rd, T0, 0, 1);
      return true;
    case Op.BEXT:
      if (!rd) return true;
      emit(t, Ir.BINARY, W.I64_SHR_U, T0, rs1, rs2, 0);
      emit(t, Ir.BINARY_I, W.I64_AND, rd, T0, 0, 1);
      return true;
    case Op.BSETI:
      if (rd) emit(t, Ir.BINARY_I, W.I64_OR, rd, rs1, 0, (<i64>1) << imm(r));
      return true;
    case Op.BCLRI:
      if (rd) emit(t, Ir.BINARY_I, W.I64_AND, rd, rs1, 0, ~((<i64>1) << imm(r)));
      return true;
    case Op.BINVI:
      if (rd) emit(t, Ir.BINARY_I, W.I64_XOR, rd, rs1, 0, (<i64>1) << imm(r));
      return true;
  }
  return false;
}

function shift_add(t: Dbt, rd: u32, rs1: u32, rs2: u32, shift: i64): bool {
  if (!rd) return true;
  emit(t, Ir.BINARY_I, W.I64_SHL, T0, rs1, 0, shift);
  emit(t, Ir.BINARY, W.I64_ADD, rd, T0, rs2, 0);
  return true;
}

function word_shift_add(t: Dbt, rd: u32, rs1: u32, rs2: u32, shift: i64): bool {
  if (!rd) return true;
  emit(t, Ir.BINARY_I, W.I64_AND, T0, rs1, 0, 0xffffffff);
  return shift_add(t, rd, T0, rs2, shift);
}

function inverted(t: Dbt, rd: u32, rs1: u32, rs2: u32, w: W): bool {
  if (!rd) return true;
  emit(t, Ir.BINARY_I, W.I64_XOR, T0, rs2, 0, -1);
  emit(t, Ir.BINARY, w, rd, rs1, T0, 0);
  return true;
}

function unary(t: Dbt, op: Ir, w: W, rd: u32, rs1: u32): bool {
  if (rd) emit(t, op, w, rd, rs1, 0, 0);
  return true;
}
