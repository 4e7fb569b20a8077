/** Any record through its handler, with all state in the hart. Generated from src/isa by `npm run generate`; do not edit. */

import { imm } from "../state/regs";
import { raise } from "../state/raise";
import * as rv_a from "../insn/rv_a";
import * as rv_d from "../insn/rv_d";
import * as rv_f from "../insn/rv_f";
import * as rv_i from "../insn/rv_i";
import * as rv_m from "../insn/rv_m";
import * as rv_priv from "../insn/rv_priv";
import * as rv_zacas from "../insn/rv_zacas";
import * as rv_zawrs from "../insn/rv_zawrs";
import * as rv_zba from "../insn/rv_zba";
import * as rv_zbb from "../insn/rv_zbb";
import * as rv_zbc from "../insn/rv_zbc";
import * as rv_zbkb from "../insn/rv_zbkb";
import * as rv_zbkx from "../insn/rv_zbkx";
import * as rv_zbs from "../insn/rv_zbs";
import * as rv_zfa from "../insn/rv_zfa";
import * as rv_zfh from "../insn/rv_zfh";
import * as rv_zicbo from "../insn/rv_zicbo";
import * as rv_zicond from "../insn/rv_zicond";
import * as rv_zicsr from "../insn/rv_zicsr";
import * as rv_zifencei from "../insn/rv_zifencei";
import * as rv_zihint from "../insn/rv_zihint";
import * as rv_zimop from "../insn/rv_zimop";
import * as rv_zknd from "../insn/rv_zknd";
import * as rv_zkne from "../insn/rv_zkne";
import * as rv_zknh from "../insn/rv_zknh";
import * as rv_zksed from "../insn/rv_zksed";
import * as rv_zksh from "../insn/rv_zksh";
import { Cause } from "../shared/constants";
import { Op } from "../isa/op";
import { Hart } from "../state/state";

/** Executes record `r`, of an instruction at `hart.runPc`; `hart.pc` is already the next one's, and changes when it jumps. */
export function execute(hart: Hart, r: u64): void {
  switch (<u32>r & 0xff) {
    case Op.LUI:
    case Op.C_LUI:
      rv_i.lui(hart, r);
      break;
    case Op.AUIPC:
      rv_i.auipc(hart, r);
      break;
    case Op.JAL:
    case Op.C_J:
      rv_i.jal(hart, r);
      break;
    case Op.JALR:
    case Op.C_JR:
    case Op.C_JALR:
      rv_i.jalr(hart, r);
      break;
    case Op.BEQ:
    case Op.C_BEQZ:
      if (rv_i.beq(hart, r)) hart.pc = hart.runPc + <u64>imm(r);
      break;
    case Op.BNE:
    case Op.C_BNEZ:
      if (rv_i.bne(hart, r)) hart.pc = hart.runPc + <u64>imm(r);
      break;
    case Op.BLT:
      if (rv_i.blt(hart, r)) hart.pc = hart.runPc + <u64>imm(r);
      break;
    case Op.BGE:
      if (rv_i.bge(hart, r)) hart.pc = hart.runPc + <u64>imm(r);
      break;
    case Op.BLTU:
      if (rv_i.bltu(hart, r)) hart.pc = hart.runPc + <u64>imm(r);
      break;
    case Op.BGEU:
      if (rv_i.bgeu(hart, r)) hart.pc = hart.runPc + <u64>imm(r);
      break;
    case Op.LB:
      rv_i.lb(hart, r);
      break;
    case Op.LH:
    case Op.C_LH:
      rv_i.lh(hart, r);
      break;
    case Op.LW:
    case Op.C_LW:
    case Op.C_LWSP:
      rv_i.lw(hart, r);
      break;
    case Op.LD:
    case Op.C_LD:
    case Op.C_LDSP:
      rv_i.ld(hart, r);
      break;
    case Op.LBU:
    case Op.C_LBU:
      rv_i.lbu(hart, r);
      break;
    case Op.LHU:
    case Op.C_LHU:
      rv_i.lhu(hart, r);
      break;
    case Op.LWU:
      rv_i.lwu(hart, r);
      break;
    case Op.SB:
    case Op.C_SB:
      rv_i.sb(hart, r);
      break;
    case Op.SH:
    case Op.C_SH:
      rv_i.sh(hart, r);
      break;
    case Op.SW:
    case Op.C_SW:
    case Op.C_SWSP:
      rv_i.sw(hart, r);
      break;
    case Op.SD:
    case Op.C_SD:
    case Op.C_SDSP:
      rv_i.sd(hart, r);
      break;
    case Op.ADDI:
    case Op.C_ADDI4SPN:
    case Op.C_ADDI:
    case Op.C_LI:
    case Op.C_ADDI16SP:
      rv_i.addi(hart, r);
      break;
    case Op.SLTI:
      rv_i.slti(hart, r);
      break;
    case Op.SLTIU:
      rv_i.sltiu(hart, r);
      break;
    case Op.XORI:
    case Op.C_NOT:
      rv_i.xori(hart, r);
      break;
    case Op.ORI:
      rv_i.ori(hart, r);
      break;
    case Op.ANDI:
    case Op.C_ANDI:
    case Op.C_ZEXT_B:
      rv_i.andi(hart, r);
      break;
    case Op.SLLI:
    case Op.C_SLLI:
      rv_i.slli(hart, r);
      break;
    case Op.SRLI:
    case Op.C_SRLI:
      rv_i.srli(hart, r);
      break;
    case Op.SRAI:
    case Op.C_SRAI:
      rv_i.srai(hart, r);
      break;
    case Op.ADD:
    case Op.C_MV:
    case Op.C_ADD:
      rv_i.add(hart, r);
      break;
    case Op.SUB:
    case Op.C_SUB:
      rv_i.sub(hart, r);
      break;
    case Op.SLL:
      rv_i.sll(hart, r);
      break;
    case Op.SLT:
      rv_i.slt(hart, r);
      break;
    case Op.SLTU:
      rv_i.sltu(hart, r);
      break;
    case Op.XOR:
    case Op.C_XOR:
      rv_i.xor(hart, r);
      break;
    case Op.SRL:
      rv_i.srl(hart, r);
      break;
    case Op.SRA:
      rv_i.sra(hart, r);
      break;
    case Op.OR:
    case Op.C_OR:
      rv_i.or(hart, r);
      break;
    case Op.AND:
    case Op.C_AND:
      rv_i.and(hart, r);
      break;
    case Op.ADDIW:
    case Op.C_ADDIW:
      rv_i.addiw(hart, r);
      break;
    case Op.SLLIW:
      rv_i.slliw(hart, r);
      break;
    case Op.SRLIW:
      rv_i.srliw(hart, r);
      break;
    case Op.SRAIW:
      rv_i.sraiw(hart, r);
      break;
    case Op.ADDW:
    case Op.C_ADDW:
      rv_i.addw(hart, r);
      break;
    case Op.SUBW:
    case Op.C_SUBW:
      rv_i.subw(hart, r);
      break;
    case Op.SLLW:
      rv_i.sllw(hart, r);
      break;
    case Op.SRLW:
      rv_i.srlw(hart, r);
      break;
    case Op.SRAW:
      rv_i.sraw(hart, r);
      break;
    case Op.FENCE:
      rv_i.fence(hart, r);
      break;
    case Op.MUL:
    case Op.C_MUL:
      rv_m.mul(hart, r);
      break;
    case Op.MULH:
      rv_m.mulh(hart, r);
      break;
    case Op.MULHSU:
      rv_m.mulhsu(hart, r);
      break;
    case Op.MULHU:
      rv_m.mulhu(hart, r);
      break;
    case Op.DIV:
      rv_m.div(hart, r);
      break;
    case Op.DIVU:
      rv_m.divu(hart, r);
      break;
    case Op.REM:
      rv_m.rem(hart, r);
      break;
    case Op.REMU:
      rv_m.remu(hart, r);
      break;
    case Op.MULW:
      rv_m.mulw(hart, r);
      break;
    case Op.DIVW:
      rv_m.divw(hart, r);
      break;
    case Op.DIVUW:
      rv_m.divuw(hart, r);
      break;
    case Op.REMW:
      rv_m.remw(hart, r);
      break;
    case Op.REMUW:
      rv_m.remuw(hart, r);
      break;
    case Op.ADD_UW:
    case Op.C_ZEXT_W:
      rv_zba.add_uw(hart, r);
      break;
    case Op.SH1ADD:
      rv_zba.sh1add(hart, r);
      break;
    case Op.SH2ADD:
      rv_zba.sh2add(hart, r);
      break;
    case Op.SH3ADD:
      rv_zba.sh3add(hart, r);
      break;
    case Op.SH1ADD_UW:
      rv_zba.sh1add_uw(hart, r);
      break;
    case Op.SH2ADD_UW:
      rv_zba.sh2add_uw(hart, r);
      break;
    case Op.SH3ADD_UW:
      rv_zba.sh3add_uw(hart, r);
      break;
    case Op.SLLI_UW:
      rv_zba.slli_uw(hart, r);
      break;
    case Op.ANDN:
      rv_zbb.andn(hart, r);
      break;
    case Op.ORN:
      rv_zbb.orn(hart, r);
      break;
    case Op.XNOR:
      rv_zbb.xnor(hart, r);
      break;
    case Op.CLZ:
      rv_zbb.clz(hart, r);
      break;
    case Op.CLZW:
      rv_zbb.clzw(hart, r);
      break;
    case Op.CTZ:
      rv_zbb.ctz(hart, r);
      break;
    case Op.CTZW:
      rv_zbb.ctzw(hart, r);
      break;
    case Op.CPOP:
      rv_zbb.cpop(hart, r);
      break;
    case Op.CPOPW:
      rv_zbb.cpopw(hart, r);
      break;
    case Op.MAX:
      rv_zbb.max(hart, r);
      break;
    case Op.MAXU:
      rv_zbb.maxu(hart, r);
      break;
    case Op.MIN:
      rv_zbb.min(hart, r);
      break;
    case Op.MINU:
      rv_zbb.minu(hart, r);
      break;
    case Op.SEXT_B:
    case Op.C_SEXT_B:
      rv_zbb.sext_b(hart, r);
      break;
    case Op.SEXT_H:
    case Op.C_SEXT_H:
      rv_zbb.sext_h(hart, r);
      break;
    case Op.ZEXT_H:
    case Op.C_ZEXT_H:
      rv_zbb.zext_h(hart, r);
      break;
    case Op.ROL:
      rv_zbb.rol(hart, r);
      break;
    case Op.ROLW:
      rv_zbb.rolw(hart, r);
      break;
    case Op.ROR:
      rv_zbb.ror(hart, r);
      break;
    case Op.RORW:
      rv_zbb.rorw(hart, r);
      break;
    case Op.RORI:
      rv_zbb.rori(hart, r);
      break;
    case Op.RORIW:
      rv_zbb.roriw(hart, r);
      break;
    case Op.ORC_B:
      rv_zbb.orc_b(hart, r);
      break;
    case Op.REV8:
      rv_zbb.rev8(hart, r);
      break;
    case Op.BCLR:
      rv_zbs.bclr(hart, r);
      break;
    case Op.BCLRI:
      rv_zbs.bclri(hart, r);
      break;
    case Op.BEXT:
      rv_zbs.bext(hart, r);
      break;
    case Op.BEXTI:
      rv_zbs.bexti(hart, r);
      break;
    case Op.BINV:
      rv_zbs.binv(hart, r);
      break;
    case Op.BINVI:
      rv_zbs.binvi(hart, r);
      break;
    case Op.BSET:
      rv_zbs.bset(hart, r);
      break;
    case Op.BSETI:
      rv_zbs.bseti(hart, r);
      break;
    case Op.CZERO_EQZ:
      rv_zicond.czero_eqz(hart, r);
      break;
    case Op.CZERO_NEZ:
      rv_zicond.czero_nez(hart, r);
      break;
    case Op.FLW:
      rv_f.flw(hart, r);
      break;
    case Op.FSW:
      rv_f.fsw(hart, r);
      break;
    case Op.FMADD_S:
      rv_f.fmadd_s(hart, r);
      break;
    case Op.FMSUB_S:
      rv_f.fmsub_s(hart, r);
      break;
    case Op.FNMSUB_S:
      rv_f.fnmsub_s(hart, r);
      break;
    case Op.FNMADD_S:
      rv_f.fnmadd_s(hart, r);
      break;
    case Op.FADD_S:
      rv_f.fadd_s(hart, r);
      break;
    case Op.FSUB_S:
      rv_f.fsub_s(hart, r);
      break;
    case Op.FMUL_S:
      rv_f.fmul_s(hart, r);
      break;
    case Op.FDIV_S:
      rv_f.fdiv_s(hart, r);
      break;
    case Op.FSQRT_S:
      rv_f.fsqrt_s(hart, r);
      break;
    case Op.FSGNJ_S:
      rv_f.fsgnj_s(hart, r);
      break;
    case Op.FSGNJN_S:
      rv_f.fsgnjn_s(hart, r);
      break;
    case Op.FSGNJX_S:
      rv_f.fsgnjx_s(hart, r);
      break;
    case Op.FMIN_S:
      rv_f.fmin_s(hart, r);
      break;
    case Op.FMAX_S:
      rv_f.fmax_s(hart, r);
      break;
    case Op.FLE_S:
      rv_f.fle_s(hart, r);
      break;
    case Op.FLT_S:
      rv_f.flt_s(hart, r);
      break;
    case Op.FEQ_S:
      rv_f.feq_s(hart, r);
      break;
    case Op.FCLASS_S:
      rv_f.fclass_s(hart, r);
      break;
    case Op.FCVT_W_S:
      rv_f.fcvt_w_s(hart, r);
      break;
    case Op.FCVT_WU_S:
      rv_f.fcvt_wu_s(hart, r);
      break;
    case Op.FCVT_L_S:
      rv_f.fcvt_l_s(hart, r);
      break;
    case Op.FCVT_LU_S:
      rv_f.fcvt_lu_s(hart, r);
      break;
    case Op.FCVT_S_W:
      rv_f.fcvt_s_w(hart, r);
      break;
    case Op.FCVT_S_WU:
      rv_f.fcvt_s_wu(hart, r);
      break;
    case Op.FCVT_S_L:
      rv_f.fcvt_s_l(hart, r);
      break;
    case Op.FCVT_S_LU:
      rv_f.fcvt_s_lu(hart, r);
      break;
    case Op.FMV_X_W:
      rv_f.fmv_x_w(hart, r);
      break;
    case Op.FMV_W_X:
      rv_f.fmv_w_x(hart, r);
      break;
    case Op.FLD:
    case Op.C_FLD:
    case Op.C_FLDSP:
      rv_d.fld(hart, r);
      break;
    case Op.FSD:
    case Op.C_FSD:
    case Op.C_FSDSP:
      rv_d.fsd(hart, r);
      break;
    case Op.FMADD_D:
      rv_d.fmadd_d(hart, r);
      break;
    case Op.FMSUB_D:
      rv_d.fmsub_d(hart, r);
      break;
    case Op.FNMSUB_D:
      rv_d.fnmsub_d(hart, r);
      break;
    case Op.FNMADD_D:
      rv_d.fnmadd_d(hart, r);
      break;
    case Op.FADD_D:
      rv_d.fadd_d(hart, r);
      break;
    case Op.FSUB_D:
      rv_d.fsub_d(hart, r);
      break;
    case Op.FMUL_D:
      rv_d.fmul_d(hart, r);
      break;
    case Op.FDIV_D:
      rv_d.fdiv_d(hart, r);
      break;
    case Op.FSQRT_D:
      rv_d.fsqrt_d(hart, r);
      break;
    case Op.FSGNJ_D:
      rv_d.fsgnj_d(hart, r);
      break;
    case Op.FSGNJN_D:
      rv_d.fsgnjn_d(hart, r);
      break;
    case Op.FSGNJX_D:
      rv_d.fsgnjx_d(hart, r);
      break;
    case Op.FMIN_D:
      rv_d.fmin_d(hart, r);
      break;
    case Op.FMAX_D:
      rv_d.fmax_d(hart, r);
      break;
    case Op.FLE_D:
      rv_d.fle_d(hart, r);
      break;
    case Op.FLT_D:
      rv_d.flt_d(hart, r);
      break;
    case Op.FEQ_D:
      rv_d.feq_d(hart, r);
      break;
    case Op.FCLASS_D:
      rv_d.fclass_d(hart, r);
      break;
    case Op.FCVT_W_D:
      rv_d.fcvt_w_d(hart, r);
      break;
    case Op.FCVT_WU_D:
      rv_d.fcvt_wu_d(hart, r);
      break;
    case Op.FCVT_L_D:
      rv_d.fcvt_l_d(hart, r);
      break;
    case Op.FCVT_LU_D:
      rv_d.fcvt_lu_d(hart, r);
      break;
    case Op.FCVT_D_W:
      rv_d.fcvt_d_w(hart, r);
      break;
    case Op.FCVT_D_WU:
      rv_d.fcvt_d_wu(hart, r);
      break;
    case Op.FCVT_D_L:
      rv_d.fcvt_d_l(hart, r);
      break;
    case Op.FCVT_D_LU:
      rv_d.fcvt_d_lu(hart, r);
      break;
    case Op.FMV_X_D:
      rv_d.fmv_x_d(hart, r);
      break;
    case Op.FMV_D_X:
      rv_d.fmv_d_x(hart, r);
      break;
    case Op.FCVT_S_D:
      rv_d.fcvt_s_d(hart, r);
      break;
    case Op.FCVT_D_S:
      rv_d.fcvt_d_s(hart, r);
      break;
    case Op.FLH:
      rv_zfh.flh(hart, r);
      break;
    case Op.FSH:
      rv_zfh.fsh(hart, r);
      break;
    case Op.EXT:
    case Op.C_EXT:
      execute_ext(hart, <u32>(r >> 32) & 0xffff, r);
      break;
    default:
      raise(hart, Cause.ILLEGAL, r >> 32);
  }
}

/** Executes an EXT or C_EXT record whose op is `op`. */
export function execute_ext(hart: Hart, op: u32, r: u64): void {
  switch (op) {
    case Op.FMADD_H:
      rv_zfh.fmadd_h(hart, r);
      break;
    case Op.FMSUB_H:
      rv_zfh.fmsub_h(hart, r);
      break;
    case Op.FNMSUB_H:
      rv_zfh.fnmsub_h(hart, r);
      break;
    case Op.FNMADD_H:
      rv_zfh.fnmadd_h(hart, r);
      break;
    case Op.FADD_H:
      rv_zfh.fadd_h(hart, r);
      break;
    case Op.FSUB_H:
      rv_zfh.fsub_h(hart, r);
      break;
    case Op.FMUL_H:
      rv_zfh.fmul_h(hart, r);
      break;
    case Op.FDIV_H:
      rv_zfh.fdiv_h(hart, r);
      break;
    case Op.FSQRT_H:
      rv_zfh.fsqrt_h(hart, r);
      break;
    case Op.FSGNJ_H:
      rv_zfh.fsgnj_h(hart, r);
      break;
    case Op.FSGNJN_H:
      rv_zfh.fsgnjn_h(hart, r);
      break;
    case Op.FSGNJX_H:
      rv_zfh.fsgnjx_h(hart, r);
      break;
    case Op.FMIN_H:
      rv_zfh.fmin_h(hart, r);
      break;
    case Op.FMAX_H:
      rv_zfh.fmax_h(hart, r);
      break;
    case Op.FLE_H:
      rv_zfh.fle_h(hart, r);
      break;
    case Op.FLT_H:
      rv_zfh.flt_h(hart, r);
      break;
    case Op.FEQ_H:
      rv_zfh.feq_h(hart, r);
      break;
    case Op.FCLASS_H:
      rv_zfh.fclass_h(hart, r);
      break;
    case Op.FCVT_W_H:
      rv_zfh.fcvt_w_h(hart, r);
      break;
    case Op.FCVT_WU_H:
      rv_zfh.fcvt_wu_h(hart, r);
      break;
    case Op.FCVT_L_H:
      rv_zfh.fcvt_l_h(hart, r);
      break;
    case Op.FCVT_LU_H:
      rv_zfh.fcvt_lu_h(hart, r);
      break;
    case Op.FCVT_H_W:
      rv_zfh.fcvt_h_w(hart, r);
      break;
    case Op.FCVT_H_WU:
      rv_zfh.fcvt_h_wu(hart, r);
      break;
    case Op.FCVT_H_L:
      rv_zfh.fcvt_h_l(hart, r);
      break;
    case Op.FCVT_H_LU:
      rv_zfh.fcvt_h_lu(hart, r);
      break;
    case Op.FMV_X_H:
      rv_zfh.fmv_x_h(hart, r);
      break;
    case Op.FMV_H_X:
      rv_zfh.fmv_h_x(hart, r);
      break;
    case Op.FCVT_S_H:
      rv_zfh.fcvt_s_h(hart, r);
      break;
    case Op.FCVT_H_S:
      rv_zfh.fcvt_h_s(hart, r);
      break;
    case Op.FCVT_D_H:
      rv_zfh.fcvt_d_h(hart, r);
      break;
    case Op.FCVT_H_D:
      rv_zfh.fcvt_h_d(hart, r);
      break;
    case Op.FLI_S:
      rv_zfa.fli_s(hart, r);
      break;
    case Op.FMINM_S:
      rv_zfa.fminm_s(hart, r);
      break;
    case Op.FMAXM_S:
      rv_zfa.fmaxm_s(hart, r);
      break;
    case Op.FROUND_S:
      rv_zfa.fround_s(hart, r);
      break;
    case Op.FROUNDNX_S:
      rv_zfa.froundnx_s(hart, r);
      break;
    case Op.FLEQ_S:
      rv_zfa.fleq_s(hart, r);
      break;
    case Op.FLTQ_S:
      rv_zfa.fltq_s(hart, r);
      break;
    case Op.FLI_D:
      rv_zfa.fli_d(hart, r);
      break;
    case Op.FMINM_D:
      rv_zfa.fminm_d(hart, r);
      break;
    case Op.FMAXM_D:
      rv_zfa.fmaxm_d(hart, r);
      break;
    case Op.FROUND_D:
      rv_zfa.fround_d(hart, r);
      break;
    case Op.FROUNDNX_D:
      rv_zfa.froundnx_d(hart, r);
      break;
    case Op.FLEQ_D:
      rv_zfa.fleq_d(hart, r);
      break;
    case Op.FLTQ_D:
      rv_zfa.fltq_d(hart, r);
      break;
    case Op.FCVTMOD_W_D:
      rv_zfa.fcvtmod_w_d(hart, r);
      break;
    case Op.FLI_H:
      rv_zfa.fli_h(hart, r);
      break;
    case Op.FMINM_H:
      rv_zfa.fminm_h(hart, r);
      break;
    case Op.FMAXM_H:
      rv_zfa.fmaxm_h(hart, r);
      break;
    case Op.FROUND_H:
      rv_zfa.fround_h(hart, r);
      break;
    case Op.FROUNDNX_H:
      rv_zfa.froundnx_h(hart, r);
      break;
    case Op.FLEQ_H:
      rv_zfa.fleq_h(hart, r);
      break;
    case Op.FLTQ_H:
      rv_zfa.fltq_h(hart, r);
      break;
    case Op.LR_W:
      rv_a.lr_w(hart, r);
      break;
    case Op.SC_W:
      rv_a.sc_w(hart, r);
      break;
    case Op.AMOSWAP_W:
      rv_a.amoswap_w(hart, r);
      break;
    case Op.AMOADD_W:
      rv_a.amoadd_w(hart, r);
      break;
    case Op.AMOXOR_W:
      rv_a.amoxor_w(hart, r);
      break;
    case Op.AMOAND_W:
      rv_a.amoand_w(hart, r);
      break;
    case Op.AMOOR_W:
      rv_a.amoor_w(hart, r);
      break;
    case Op.AMOMIN_W:
      rv_a.amomin_w(hart, r);
      break;
    case Op.AMOMAX_W:
      rv_a.amomax_w(hart, r);
      break;
    case Op.AMOMINU_W:
      rv_a.amominu_w(hart, r);
      break;
    case Op.AMOMAXU_W:
      rv_a.amomaxu_w(hart, r);
      break;
    case Op.LR_D:
      rv_a.lr_d(hart, r);
      break;
    case Op.SC_D:
      rv_a.sc_d(hart, r);
      break;
    case Op.AMOSWAP_D:
      rv_a.amoswap_d(hart, r);
      break;
    case Op.AMOADD_D:
      rv_a.amoadd_d(hart, r);
      break;
    case Op.AMOXOR_D:
      rv_a.amoxor_d(hart, r);
      break;
    case Op.AMOAND_D:
      rv_a.amoand_d(hart, r);
      break;
    case Op.AMOOR_D:
      rv_a.amoor_d(hart, r);
      break;
    case Op.AMOMIN_D:
      rv_a.amomin_d(hart, r);
      break;
    case Op.AMOMAX_D:
      rv_a.amomax_d(hart, r);
      break;
    case Op.AMOMINU_D:
      rv_a.amominu_d(hart, r);
      break;
    case Op.AMOMAXU_D:
      rv_a.amomaxu_d(hart, r);
      break;
    case Op.AMOCAS_W:
      rv_zacas.amocas_w(hart, r);
      break;
    case Op.AMOCAS_D:
      rv_zacas.amocas_d(hart, r);
      break;
    case Op.AMOCAS_Q:
      rv_zacas.amocas_q(hart, r);
      break;
    case Op.WRS_NTO:
      rv_zawrs.wrs_nto(hart, r);
      break;
    case Op.WRS_STO:
      rv_zawrs.wrs_sto(hart, r);
      break;
    case Op.CSRRW:
      rv_zicsr.csrrw(hart, r);
      break;
    case Op.CSRRS:
      rv_zicsr.csrrs(hart, r);
      break;
    case Op.CSRRC:
      rv_zicsr.csrrc(hart, r);
      break;
    case Op.CSRRWI:
      rv_zicsr.csrrwi(hart, r);
      break;
    case Op.CSRRSI:
      rv_zicsr.csrrsi(hart, r);
      break;
    case Op.CSRRCI:
      rv_zicsr.csrrci(hart, r);
      break;
    case Op.FENCE_I:
      rv_zifencei.fence_i(hart, r);
      break;
    case Op.ECALL:
      rv_priv.ecall(hart, r);
      break;
    case Op.EBREAK:
      rv_priv.ebreak(hart, r);
      break;
    case Op.SRET:
      rv_priv.sret(hart, r);
      break;
    case Op.MRET:
      rv_priv.mret(hart, r);
      break;
    case Op.WFI:
      rv_priv.wfi(hart, r);
      break;
    case Op.SFENCE_VMA:
      rv_priv.sfence_vma(hart, r);
      break;
    case Op.SINVAL_VMA:
      rv_priv.sinval_vma(hart, r);
      break;
    case Op.SFENCE_W_INVAL:
      rv_priv.sfence_w_inval(hart, r);
      break;
    case Op.SFENCE_INVAL_IR:
      rv_priv.sfence_inval_ir(hart, r);
      break;
    case Op.PAUSE:
      rv_zihint.pause(hart, r);
      break;
    case Op.CBO_INVAL:
      rv_zicbo.cbo_inval(hart, r);
      break;
    case Op.CBO_CLEAN:
      rv_zicbo.cbo_clean(hart, r);
      break;
    case Op.CBO_FLUSH:
      rv_zicbo.cbo_flush(hart, r);
      break;
    case Op.CBO_ZERO:
      rv_zicbo.cbo_zero(hart, r);
      break;
    case Op.MOP_R:
      rv_zimop.mop_r(hart, r);
      break;
    case Op.MOP_RR:
      rv_zimop.mop_rr(hart, r);
      break;
    case Op.CLMUL:
      rv_zbc.clmul(hart, r);
      break;
    case Op.CLMULR:
      rv_zbc.clmulr(hart, r);
      break;
    case Op.CLMULH:
      rv_zbc.clmulh(hart, r);
      break;
    case Op.PACK:
      rv_zbkb.pack(hart, r);
      break;
    case Op.PACKH:
      rv_zbkb.packh(hart, r);
      break;
    case Op.PACKW:
      rv_zbkb.packw(hart, r);
      break;
    case Op.BREV8:
      rv_zbkb.brev8(hart, r);
      break;
    case Op.XPERM4:
      rv_zbkx.xperm4(hart, r);
      break;
    case Op.XPERM8:
      rv_zbkx.xperm8(hart, r);
      break;
    case Op.AES64DS:
      rv_zknd.aes64ds(hart, r);
      break;
    case Op.AES64DSM:
      rv_zknd.aes64dsm(hart, r);
      break;
    case Op.AES64IM:
      rv_zknd.aes64im(hart, r);
      break;
    case Op.AES64ES:
      rv_zkne.aes64es(hart, r);
      break;
    case Op.AES64ESM:
      rv_zkne.aes64esm(hart, r);
      break;
    case Op.AES64KS1I:
      rv_zkne.aes64ks1i(hart, r);
      break;
    case Op.AES64KS2:
      rv_zkne.aes64ks2(hart, r);
      break;
    case Op.SHA256SUM0:
      rv_zknh.sha256sum0(hart, r);
      break;
    case Op.SHA256SUM1:
      rv_zknh.sha256sum1(hart, r);
      break;
    case Op.SHA256SIG0:
      rv_zknh.sha256sig0(hart, r);
      break;
    case Op.SHA256SIG1:
      rv_zknh.sha256sig1(hart, r);
      break;
    case Op.SHA512SUM0:
      rv_zknh.sha512sum0(hart, r);
      break;
    case Op.SHA512SUM1:
      rv_zknh.sha512sum1(hart, r);
      break;
    case Op.SHA512SIG0:
      rv_zknh.sha512sig0(hart, r);
      break;
    case Op.SHA512SIG1:
      rv_zknh.sha512sig1(hart, r);
      break;
    case Op.SM4ED:
      rv_zksed.sm4ed(hart, r);
      break;
    case Op.SM4KS:
      rv_zksed.sm4ks(hart, r);
      break;
    case Op.SM3P0:
      rv_zksh.sm3p0(hart, r);
      break;
    case Op.SM3P1:
      rv_zksh.sm3p1(hart, r);
      break;
    default:
      raise(hart, Cause.ILLEGAL, r >> 32);
  }
}
