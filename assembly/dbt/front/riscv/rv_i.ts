/** RV64I -> IR. Branches and jumps lift to nothing but their link: the block's terminator is what they do. */

import { Op } from "../../../isa/op";
import { imm } from "../../../state/regs";
import { record_length, record_rd, record_rs1, record_rs2 } from "../../region/form";
import { emit, Ir, JUMP_TARGET } from "../../ir/node";
import { Dbt } from "../../ir/dbt";
import { W } from "../../wasm/opcode";
import { binary, immediate, lift_address, lift_const } from "./patterns";

/** False when `op` is not an instruction of RV64I. */
export function lift_i(t: Dbt, op: u32, r: u64, pc: u64): bool {
  const rd = record_rd(r);
  const value = imm(r);
  switch (op) {
    case Op.LUI:
      lift_const(t, rd, value);
      return true;
    case Op.AUIPC:
      lift_address(t, rd, <i64>pc + value);
      return true;
    case Op.JAL:
      lift_address(t, rd, <i64>pc + record_length(r));
      return true;
    case Op.JALR:
      // The target is computed before the link is written: rd may be rs1.
      emit(t, Ir.BINARY_I, W.I64_ADD, JUMP_TARGET, record_rs1(r), 0, value);
      lift_address(t, rd, <i64>pc + record_length(r));
      return true;
    case Op.BEQ:
    case Op.BNE:
    case Op.BLT:
    case Op.BGE:
    case Op.BLTU:
    case Op.BGEU:
    case Op.FENCE:
      return true;
    case Op.LB:
      return lift_load(t, r, W.I64_LOAD8_S, 1);
    case Op.LH:
      return lift_load(t, r, W.I64_LOAD16_S, 2);
    case Op.LW:
      return lift_load(t, r, W.I64_LOAD32_S, 4);
    case Op.LD:
      return lift_load(t, r, W.I64_LOAD, 8);
    case Op.LBU:
      return lift_load(t, r, W.I64_LOAD8_U, 1);
    case Op.LHU:
      return lift_load(t, r, W.I64_LOAD16_U, 2);
    case Op.LWU:
      return lift_load(t, r, W.I64_LOAD32_U, 4);
    case Op.SB:
      return lift_store(t, r, W.I64_STORE8, 1);
    case Op.SH:
      return lift_store(t, r, W.I64_STORE16, 2);
    case Op.SW:
      return lift_store(t, r, W.I64_STORE32, 4);
    case Op.SD:
      return lift_store(t, r, W.I64_STORE, 8);
    case Op.ADDI:
      return immediate(t, r, Ir.BINARY_I, W.I64_ADD);
    case Op.SLTI:
      return immediate(t, r, Ir.COMPARE_I, W.I64_LT_S);
    case Op.SLTIU:
      return immediate(t, r, Ir.COMPARE_I, W.I64_LT_U);
    case Op.XORI:
      return immediate(t, r, Ir.BINARY_I, W.I64_XOR);
    case Op.ORI:
      return immediate(t, r, Ir.BINARY_I, W.I64_OR);
    case Op.ANDI:
      return immediate(t, r, Ir.BINARY_I, W.I64_AND);
    case Op.SLLI:
      return immediate(t, r, Ir.BINARY_I, W.I64_SHL);
    case Op.SRLI:
      return immediate(t, r, Ir.BINARY_I, W.I64_SHR_U);
    case Op.SRAI:
      return immediate(t, r, Ir.BINARY_I, W.I64_SHR_S);
    case Op.ADD:
      return binary(t, r, Ir.BINARY, W.I64_ADD);
    case Op.SUB:
      return binary(t, r, Ir.BINARY, W.I64_SUB);
    case Op.SLL:
      return binary(t, r, Ir.BINARY, W.I64_SHL);
    case Op.SLT:
      return binary(t, r, Ir.COMPARE, W.I64_LT_S);
    case Op.SLTU:
      return binary(t, r, Ir.COMPARE, W.I64_LT_U);
    case Op.XOR:
      return binary(t, r, Ir.BINARY, W.I64_XOR);
    case Op.SRL:
      return binary(t, r, Ir.BINARY, W.I64_SHR_U);
    case Op.SRA:
      return binary(t, r, Ir.BINARY, W.I64_SHR_S);
    case Op.OR:
      return binary(t, r, Ir.BINARY, W.I64_OR);
    case Op.AND:
      return binary(t, r, Ir.BINARY, W.I64_AND);
    case Op.ADDIW:
      return immediate(t, r, Ir.WORD_I, W.I32_ADD);
    case Op.SLLIW:
      return immediate(t, r, Ir.WORD_I, W.I32_SHL);
    case Op.SRLIW:
      return immediate(t, r, Ir.WORD_I, W.I32_SHR_U);
    case Op.SRAIW:
      return immediate(t, r, Ir.WORD_I, W.I32_SHR_S);
    case Op.ADDW:
      return binary(t, r, Ir.WORD, W.I32_ADD);
    case Op.SUBW:
      return binary(t, r, Ir.WORD, W.I32_SUB);
    case Op.SLLW:
      return binary(t, r, Ir.WORD, W.I32_SHL);
    case Op.SRLW:
      return binary(t, r, Ir.WORD, W.I32_SHR_U);
    case Op.SRAW:
      return binary(t, r, Ir.WORD, W.I32_SHR_S);
  }
  return false;
}

function lift_load(t: Dbt, r: u64, w: W, size: u32): bool {
  emit(t, Ir.LOAD, w, record_rd(r), record_rs1(r), 0, imm(r)).size = <u8>size;
  return true;
}

function lift_store(t: Dbt, r: u64, w: W, size: u32): bool {
  emit(t, Ir.STORE, w, 0, record_rs1(r), record_rs2(r), imm(r)).size = <u8>size;
  return true;
}
