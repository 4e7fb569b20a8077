/** The predecoded interpreter: the hot instructions in one switch; the rest and TLB misses take the slow tail. Generated from src/isa by `npm run generate`; do not edit. */

import { f2, imm, record_pc, setF, setX, x1, x2 } from "../state/regs";
import * as in_place from "./in_place";
import * as rv_i from "../insn/rv_i";
import * as rv_m from "../insn/rv_m";
import * as rv_zba from "../insn/rv_zba";
import * as rv_zbb from "../insn/rv_zbb";
import * as rv_zbs from "../insn/rv_zbs";
import * as rv_zicond from "../insn/rv_zicond";
import { tlb_entry } from "../mem/tlb";
import { CodePage, Tlb } from "../shared/constants";
import { Op } from "../isa/op";
import { Hart } from "../state/state";

const RECORD_BYTES: usize = 2048 * 8;

// Both are leaf functions, so that the engine keeps the loop's variables in registers: whatever needs a call ends the loop,
// with `hart.pc` exact and `hart.slowRecord` the address of the record to be done slowly, or 0. They return how many
// instructions have retired.

/** Runs from `hart.pc`, in `page`, until `room` instructions are done and a jump is taken backward or out of the page. */
export function run_leaf(hart: Hart, page: usize, room: u32): u32 {
  const tlb = hart.tlbLoad;
  const ready = in_place.float_ready(hart);
  let n: u32 = 0;
  let pc = hart.pc;
  let pageVa = pc & ~0xfff;
  let recs = page + CodePage.RECORDS;
  let rec = recs + (<usize>(pc & 0xffe) << 2);
  let leave = false;
  let r: u64 = 0;
  while (true) {
    r = load<u64>(rec);
    switch (<u32>r & 0xff) {
        case Op.LUI: {
          setX(hart, r, <u64>imm(r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.AUIPC: {
          setX(hart, r, record_pc(pageVa, recs, rec) + <u64>imm(r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.JAL: {
          setX(hart, r, record_pc(pageVa, recs, rec) + 4);
          n += 1;
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && n < room) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.JALR: {
          const to = (x1(hart, r) + <u64>imm(r)) & ~1;
          setX(hart, r, record_pc(pageVa, recs, rec) + 4);
          n += 1;
          if (to == hart.stopPc) room = 0;
          if (to - pageVa < 4096 && n < room) {
            rec = recs + (<usize>(to - pageVa) << 2);
            continue;
          }
          leave = true;
          pc = to;
          break;
        }
        case Op.BEQ: {
          n += 1;
          if (!(rv_i.beq(hart, r))) {
            rec += 16;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.BNE: {
          n += 1;
          if (!(rv_i.bne(hart, r))) {
            rec += 16;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.BLT: {
          n += 1;
          if (!(rv_i.blt(hart, r))) {
            rec += 16;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.BGE: {
          n += 1;
          if (!(rv_i.bge(hart, r))) {
            rec += 16;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.BLTU: {
          n += 1;
          if (!(rv_i.bltu(hart, r))) {
            rec += 16;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.BGEU: {
          n += 1;
          if (!(rv_i.bgeu(hart, r))) {
            rec += 16;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.LB: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & ~0xfff)) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>(<i64>load<i8>(at)));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.LH: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 1))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>(<i64>load<i16>(at)));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.LW: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 3))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>(<i64>load<i32>(at)));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.LD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 7))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, load<u64>(at));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.LBU: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & ~0xfff)) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>load<u8>(at));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.LHU: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 1))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>load<u16>(at));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.LWU: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 3))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>load<u32>(at));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SB: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & ~0xfff)) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u8>(at, <u8>x2(hart, r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SH: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 1))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u16>(at, <u16>x2(hart, r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SW: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 3))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u32>(at, <u32>x2(hart, r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 7))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u64>(at, x2(hart, r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ADDI: {
          rv_i.addi(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLTI: {
          rv_i.slti(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLTIU: {
          rv_i.sltiu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.XORI: {
          rv_i.xori(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ORI: {
          rv_i.ori(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ANDI: {
          rv_i.andi(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLLI: {
          rv_i.slli(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRLI: {
          rv_i.srli(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRAI: {
          rv_i.srai(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ADD: {
          rv_i.add(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SUB: {
          rv_i.sub(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLL: {
          rv_i.sll(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLT: {
          rv_i.slt(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLTU: {
          rv_i.sltu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.XOR: {
          rv_i.xor(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRL: {
          rv_i.srl(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRA: {
          rv_i.sra(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.OR: {
          rv_i.or(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.AND: {
          rv_i.and(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ADDIW: {
          rv_i.addiw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLLIW: {
          rv_i.slliw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRLIW: {
          rv_i.srliw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRAIW: {
          rv_i.sraiw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ADDW: {
          rv_i.addw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SUBW: {
          rv_i.subw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLLW: {
          rv_i.sllw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRLW: {
          rv_i.srlw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRAW: {
          rv_i.sraw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FENCE: {
          rv_i.fence(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MUL: {
          rv_m.mul(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MULH: {
          rv_m.mulh(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MULHSU: {
          rv_m.mulhsu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MULHU: {
          rv_m.mulhu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.DIV: {
          rv_m.div(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.DIVU: {
          rv_m.divu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.REM: {
          rv_m.rem(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.REMU: {
          rv_m.remu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MULW: {
          rv_m.mulw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.DIVW: {
          rv_m.divw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.DIVUW: {
          rv_m.divuw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.REMW: {
          rv_m.remw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.REMUW: {
          rv_m.remuw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ADD_UW: {
          rv_zba.add_uw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SH1ADD: {
          rv_zba.sh1add(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SH2ADD: {
          rv_zba.sh2add(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SH3ADD: {
          rv_zba.sh3add(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SH1ADD_UW: {
          rv_zba.sh1add_uw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SH2ADD_UW: {
          rv_zba.sh2add_uw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SH3ADD_UW: {
          rv_zba.sh3add_uw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLLI_UW: {
          rv_zba.slli_uw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ANDN: {
          rv_zbb.andn(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ORN: {
          rv_zbb.orn(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.XNOR: {
          rv_zbb.xnor(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CLZ: {
          rv_zbb.clz(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CLZW: {
          rv_zbb.clzw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CTZ: {
          rv_zbb.ctz(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CTZW: {
          rv_zbb.ctzw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CPOP: {
          rv_zbb.cpop(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CPOPW: {
          rv_zbb.cpopw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MAX: {
          rv_zbb.max(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MAXU: {
          rv_zbb.maxu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MIN: {
          rv_zbb.min(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MINU: {
          rv_zbb.minu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SEXT_B: {
          rv_zbb.sext_b(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SEXT_H: {
          rv_zbb.sext_h(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ZEXT_H: {
          rv_zbb.zext_h(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ROL: {
          rv_zbb.rol(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ROLW: {
          rv_zbb.rolw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ROR: {
          rv_zbb.ror(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.RORW: {
          rv_zbb.rorw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.RORI: {
          rv_zbb.rori(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.RORIW: {
          rv_zbb.roriw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ORC_B: {
          rv_zbb.orc_b(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.REV8: {
          rv_zbb.rev8(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BCLR: {
          rv_zbs.bclr(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BCLRI: {
          rv_zbs.bclri(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BEXT: {
          rv_zbs.bext(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BEXTI: {
          rv_zbs.bexti(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BINV: {
          rv_zbs.binv(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BINVI: {
          rv_zbs.binvi(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BSET: {
          rv_zbs.bset(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BSETI: {
          rv_zbs.bseti(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CZERO_EQZ: {
          rv_zicond.czero_eqz(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CZERO_NEZ: {
          rv_zicond.czero_nez(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FLW: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 3)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          setF(hart, r, <u64>load<u32>(at) | 0xffff_ffff_0000_0000);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSW: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 3)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u32>(at, <u32>f2(hart, r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMADD_S: {
          if (!in_place.fma<f32>(hart, r, ready, false, false)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMSUB_S: {
          if (!in_place.fma<f32>(hart, r, ready, false, true)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FNMSUB_S: {
          if (!in_place.fma<f32>(hart, r, ready, true, false)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FNMADD_S: {
          if (!in_place.fma<f32>(hart, r, ready, true, true)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FADD_S: {
          if (!in_place.fadd<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSUB_S: {
          if (!in_place.fsub<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMUL_S: {
          if (!in_place.fmul<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FDIV_S: {
          if (!in_place.fdiv<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSQRT_S: {
          if (!in_place.fsqrt<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSGNJ_S: {
          if (!in_place.fsgnj<f32>(hart, r, ready, 0)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSGNJN_S: {
          if (!in_place.fsgnj<f32>(hart, r, ready, -1)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSGNJX_S: {
          if (!in_place.fsgnjx<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMIN_S: {
          if (!in_place.fmin<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMAX_S: {
          if (!in_place.fmax<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FLE_S: {
          if (!in_place.fle<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FLT_S: {
          if (!in_place.flt<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FEQ_S: {
          if (!in_place.feq<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_W_S: {
          if (!in_place.to_integer<f32, i32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_WU_S: {
          if (!in_place.to_integer<f32, u32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_L_S: {
          if (!in_place.to_integer<f32, i64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_LU_S: {
          if (!in_place.to_integer<f32, u64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_S_W: {
          if (!in_place.from_integer<i32, f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_S_WU: {
          if (!in_place.from_integer<u32, f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_S_L: {
          if (!in_place.from_integer<i64, f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_S_LU: {
          if (!in_place.from_integer<u64, f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMV_X_W: {
          if (!in_place.to_bits<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMV_W_X: {
          if (!in_place.from_bits<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FLD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 7)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          setF(hart, r, load<u64>(at));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 7)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u64>(at, f2(hart, r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMADD_D: {
          if (!in_place.fma<f64>(hart, r, ready, false, false)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMSUB_D: {
          if (!in_place.fma<f64>(hart, r, ready, false, true)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FNMSUB_D: {
          if (!in_place.fma<f64>(hart, r, ready, true, false)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FNMADD_D: {
          if (!in_place.fma<f64>(hart, r, ready, true, true)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FADD_D: {
          if (!in_place.fadd<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSUB_D: {
          if (!in_place.fsub<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMUL_D: {
          if (!in_place.fmul<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FDIV_D: {
          if (!in_place.fdiv<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSQRT_D: {
          if (!in_place.fsqrt<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSGNJ_D: {
          if (!in_place.fsgnj<f64>(hart, r, ready, 0)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSGNJN_D: {
          if (!in_place.fsgnj<f64>(hart, r, ready, -1)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSGNJX_D: {
          if (!in_place.fsgnjx<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMIN_D: {
          if (!in_place.fmin<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMAX_D: {
          if (!in_place.fmax<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FLE_D: {
          if (!in_place.fle<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FLT_D: {
          if (!in_place.flt<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FEQ_D: {
          if (!in_place.feq<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_W_D: {
          if (!in_place.to_integer<f64, i32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_WU_D: {
          if (!in_place.to_integer<f64, u32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_L_D: {
          if (!in_place.to_integer<f64, i64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_LU_D: {
          if (!in_place.to_integer<f64, u64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_D_W: {
          if (!in_place.from_integer<i32, f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_D_WU: {
          if (!in_place.from_integer<u32, f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_D_L: {
          if (!in_place.from_integer<i64, f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_D_LU: {
          if (!in_place.from_integer<u64, f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMV_X_D: {
          if (!in_place.to_bits<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMV_D_X: {
          if (!in_place.from_bits<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_S_D: {
          if (!in_place.narrow(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_D_S: {
          if (!in_place.widen(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.C_ADDI4SPN: {
          rv_i.addi(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_FLD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 7)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          setF(hart, r, load<u64>(at));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LW: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 3))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>(<i64>load<i32>(at)));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 7))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, load<u64>(at));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_FSD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 7)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u64>(at, f2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SW: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 3))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u32>(at, <u32>x2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 7))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u64>(at, x2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LBU: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & ~0xfff)) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>load<u8>(at));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LHU: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 1))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>load<u16>(at));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LH: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 1))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>(<i64>load<i16>(at)));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SB: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & ~0xfff)) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u8>(at, <u8>x2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SH: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 1))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u16>(at, <u16>x2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ADDI: {
          rv_i.addi(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ADDIW: {
          rv_i.addiw(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LI: {
          setX(hart, r, <u64>imm(r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ADDI16SP: {
          rv_i.addi(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LUI: {
          setX(hart, r, <u64>imm(r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SRLI: {
          rv_i.srli(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SRAI: {
          rv_i.srai(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ANDI: {
          rv_i.andi(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SUB: {
          rv_i.sub(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_XOR: {
          rv_i.xor(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_OR: {
          rv_i.or(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_AND: {
          rv_i.and(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SUBW: {
          rv_i.subw(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ADDW: {
          rv_i.addw(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_MUL: {
          rv_m.mul(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ZEXT_B: {
          rv_i.andi(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SEXT_B: {
          rv_zbb.sext_b(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ZEXT_H: {
          rv_zbb.zext_h(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SEXT_H: {
          rv_zbb.sext_h(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ZEXT_W: {
          rv_zba.add_uw(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_NOT: {
          rv_i.xori(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_J: {
          setX(hart, r, record_pc(pageVa, recs, rec) + 2);
          n += 1;
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && n < room) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.C_BEQZ: {
          n += 1;
          if (!(x1(hart, r) == 0)) {
            rec += 8;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.C_BNEZ: {
          n += 1;
          if (!(x1(hart, r) != 0)) {
            rec += 8;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.C_SLLI: {
          rv_i.slli(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_FLDSP: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 7)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          setF(hart, r, load<u64>(at));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LWSP: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 3))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>(<i64>load<i32>(at)));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LDSP: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 7))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, load<u64>(at));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_JR: {
          const to = (x1(hart, r) + <u64>imm(r)) & ~1;
          setX(hart, r, record_pc(pageVa, recs, rec) + 2);
          n += 1;
          if (to == hart.stopPc) room = 0;
          if (to - pageVa < 4096 && n < room) {
            rec = recs + (<usize>(to - pageVa) << 2);
            continue;
          }
          leave = true;
          pc = to;
          break;
        }
        case Op.C_MV: {
          setX(hart, r, x2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_JALR: {
          const to = (x1(hart, r) + <u64>imm(r)) & ~1;
          setX(hart, r, record_pc(pageVa, recs, rec) + 2);
          n += 1;
          if (to == hart.stopPc) room = 0;
          if (to - pageVa < 4096 && n < room) {
            rec = recs + (<usize>(to - pageVa) << 2);
            continue;
          }
          leave = true;
          pc = to;
          break;
        }
        case Op.C_ADD: {
          rv_i.add(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_FSDSP: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 7)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u64>(at, f2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SWSP: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 3))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u32>(at, <u32>x2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SDSP: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 7))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u64>(at, x2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
      case Op.PAGE_END: {
        leave = true;
        pc = pageVa + 4096;
        break;
      }
    }
    if (!leave) break;
    leave = false;
    const entry = tlb_entry(hart.tlbFetch, pc);
    if (load<u64>(entry) != (pc & ~0xfff) || n >= room) {
      hart.pc = pc;
      hart.slowRecord = 0;
      return n;
    }
    recs = <usize>load<u32>(entry, 8) + CodePage.RECORDS;
    pageVa = pc & ~0xfff;
    rec = recs + (<usize>(pc & 0xffe) << 2);
  }
  hart.pc = record_pc(pageVa, recs, rec);
  hart.slowRecord = <u32>rec;
  return n;
}

/** Runs from `hart.pc`, in `page`, until exactly `room` instructions are done. */
export function run_leaf_exact(hart: Hart, page: usize, room: u32): u32 {
  const tlb = hart.tlbLoad;
  const ready = in_place.float_ready(hart);
  let n: u32 = 0;
  let pc = hart.pc;
  let pageVa = pc & ~0xfff;
  let recs = page + CodePage.RECORDS;
  let rec = recs + (<usize>(pc & 0xffe) << 2);
  let leave = false;
  let r: u64 = 0;
  while (true) {
    if (n >= room) break;
    r = load<u64>(rec);
    switch (<u32>r & 0xff) {
        case Op.LUI: {
          setX(hart, r, <u64>imm(r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.AUIPC: {
          setX(hart, r, record_pc(pageVa, recs, rec) + <u64>imm(r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.JAL: {
          setX(hart, r, record_pc(pageVa, recs, rec) + 4);
          n += 1;
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && n < room) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.JALR: {
          const to = (x1(hart, r) + <u64>imm(r)) & ~1;
          setX(hart, r, record_pc(pageVa, recs, rec) + 4);
          n += 1;
          if (to == hart.stopPc) room = 0;
          if (to - pageVa < 4096 && n < room) {
            rec = recs + (<usize>(to - pageVa) << 2);
            continue;
          }
          leave = true;
          pc = to;
          break;
        }
        case Op.BEQ: {
          n += 1;
          if (!(rv_i.beq(hart, r))) {
            rec += 16;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.BNE: {
          n += 1;
          if (!(rv_i.bne(hart, r))) {
            rec += 16;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.BLT: {
          n += 1;
          if (!(rv_i.blt(hart, r))) {
            rec += 16;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.BGE: {
          n += 1;
          if (!(rv_i.bge(hart, r))) {
            rec += 16;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.BLTU: {
          n += 1;
          if (!(rv_i.bltu(hart, r))) {
            rec += 16;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.BGEU: {
          n += 1;
          if (!(rv_i.bgeu(hart, r))) {
            rec += 16;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.LB: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & ~0xfff)) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>(<i64>load<i8>(at)));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.LH: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 1))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>(<i64>load<i16>(at)));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.LW: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 3))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>(<i64>load<i32>(at)));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.LD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 7))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, load<u64>(at));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.LBU: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & ~0xfff)) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>load<u8>(at));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.LHU: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 1))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>load<u16>(at));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.LWU: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 3))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>load<u32>(at));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SB: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & ~0xfff)) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u8>(at, <u8>x2(hart, r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SH: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 1))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u16>(at, <u16>x2(hart, r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SW: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 3))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u32>(at, <u32>x2(hart, r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 7))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u64>(at, x2(hart, r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ADDI: {
          rv_i.addi(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLTI: {
          rv_i.slti(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLTIU: {
          rv_i.sltiu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.XORI: {
          rv_i.xori(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ORI: {
          rv_i.ori(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ANDI: {
          rv_i.andi(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLLI: {
          rv_i.slli(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRLI: {
          rv_i.srli(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRAI: {
          rv_i.srai(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ADD: {
          rv_i.add(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SUB: {
          rv_i.sub(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLL: {
          rv_i.sll(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLT: {
          rv_i.slt(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLTU: {
          rv_i.sltu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.XOR: {
          rv_i.xor(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRL: {
          rv_i.srl(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRA: {
          rv_i.sra(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.OR: {
          rv_i.or(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.AND: {
          rv_i.and(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ADDIW: {
          rv_i.addiw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLLIW: {
          rv_i.slliw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRLIW: {
          rv_i.srliw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRAIW: {
          rv_i.sraiw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ADDW: {
          rv_i.addw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SUBW: {
          rv_i.subw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLLW: {
          rv_i.sllw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRLW: {
          rv_i.srlw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SRAW: {
          rv_i.sraw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FENCE: {
          rv_i.fence(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MUL: {
          rv_m.mul(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MULH: {
          rv_m.mulh(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MULHSU: {
          rv_m.mulhsu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MULHU: {
          rv_m.mulhu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.DIV: {
          rv_m.div(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.DIVU: {
          rv_m.divu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.REM: {
          rv_m.rem(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.REMU: {
          rv_m.remu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MULW: {
          rv_m.mulw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.DIVW: {
          rv_m.divw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.DIVUW: {
          rv_m.divuw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.REMW: {
          rv_m.remw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.REMUW: {
          rv_m.remuw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ADD_UW: {
          rv_zba.add_uw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SH1ADD: {
          rv_zba.sh1add(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SH2ADD: {
          rv_zba.sh2add(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SH3ADD: {
          rv_zba.sh3add(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SH1ADD_UW: {
          rv_zba.sh1add_uw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SH2ADD_UW: {
          rv_zba.sh2add_uw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SH3ADD_UW: {
          rv_zba.sh3add_uw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SLLI_UW: {
          rv_zba.slli_uw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ANDN: {
          rv_zbb.andn(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ORN: {
          rv_zbb.orn(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.XNOR: {
          rv_zbb.xnor(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CLZ: {
          rv_zbb.clz(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CLZW: {
          rv_zbb.clzw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CTZ: {
          rv_zbb.ctz(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CTZW: {
          rv_zbb.ctzw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CPOP: {
          rv_zbb.cpop(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CPOPW: {
          rv_zbb.cpopw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MAX: {
          rv_zbb.max(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MAXU: {
          rv_zbb.maxu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MIN: {
          rv_zbb.min(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.MINU: {
          rv_zbb.minu(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SEXT_B: {
          rv_zbb.sext_b(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.SEXT_H: {
          rv_zbb.sext_h(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ZEXT_H: {
          rv_zbb.zext_h(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ROL: {
          rv_zbb.rol(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ROLW: {
          rv_zbb.rolw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ROR: {
          rv_zbb.ror(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.RORW: {
          rv_zbb.rorw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.RORI: {
          rv_zbb.rori(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.RORIW: {
          rv_zbb.roriw(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.ORC_B: {
          rv_zbb.orc_b(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.REV8: {
          rv_zbb.rev8(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BCLR: {
          rv_zbs.bclr(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BCLRI: {
          rv_zbs.bclri(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BEXT: {
          rv_zbs.bext(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BEXTI: {
          rv_zbs.bexti(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BINV: {
          rv_zbs.binv(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BINVI: {
          rv_zbs.binvi(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BSET: {
          rv_zbs.bset(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.BSETI: {
          rv_zbs.bseti(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CZERO_EQZ: {
          rv_zicond.czero_eqz(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.CZERO_NEZ: {
          rv_zicond.czero_nez(hart, r);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FLW: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 3)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          setF(hart, r, <u64>load<u32>(at) | 0xffff_ffff_0000_0000);
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSW: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 3)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u32>(at, <u32>f2(hart, r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMADD_S: {
          if (!in_place.fma<f32>(hart, r, ready, false, false)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMSUB_S: {
          if (!in_place.fma<f32>(hart, r, ready, false, true)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FNMSUB_S: {
          if (!in_place.fma<f32>(hart, r, ready, true, false)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FNMADD_S: {
          if (!in_place.fma<f32>(hart, r, ready, true, true)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FADD_S: {
          if (!in_place.fadd<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSUB_S: {
          if (!in_place.fsub<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMUL_S: {
          if (!in_place.fmul<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FDIV_S: {
          if (!in_place.fdiv<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSQRT_S: {
          if (!in_place.fsqrt<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSGNJ_S: {
          if (!in_place.fsgnj<f32>(hart, r, ready, 0)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSGNJN_S: {
          if (!in_place.fsgnj<f32>(hart, r, ready, -1)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSGNJX_S: {
          if (!in_place.fsgnjx<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMIN_S: {
          if (!in_place.fmin<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMAX_S: {
          if (!in_place.fmax<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FLE_S: {
          if (!in_place.fle<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FLT_S: {
          if (!in_place.flt<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FEQ_S: {
          if (!in_place.feq<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_W_S: {
          if (!in_place.to_integer<f32, i32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_WU_S: {
          if (!in_place.to_integer<f32, u32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_L_S: {
          if (!in_place.to_integer<f32, i64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_LU_S: {
          if (!in_place.to_integer<f32, u64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_S_W: {
          if (!in_place.from_integer<i32, f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_S_WU: {
          if (!in_place.from_integer<u32, f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_S_L: {
          if (!in_place.from_integer<i64, f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_S_LU: {
          if (!in_place.from_integer<u64, f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMV_X_W: {
          if (!in_place.to_bits<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMV_W_X: {
          if (!in_place.from_bits<f32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FLD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 7)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          setF(hart, r, load<u64>(at));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 7)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u64>(at, f2(hart, r));
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMADD_D: {
          if (!in_place.fma<f64>(hart, r, ready, false, false)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMSUB_D: {
          if (!in_place.fma<f64>(hart, r, ready, false, true)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FNMSUB_D: {
          if (!in_place.fma<f64>(hart, r, ready, true, false)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FNMADD_D: {
          if (!in_place.fma<f64>(hart, r, ready, true, true)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FADD_D: {
          if (!in_place.fadd<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSUB_D: {
          if (!in_place.fsub<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMUL_D: {
          if (!in_place.fmul<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FDIV_D: {
          if (!in_place.fdiv<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSQRT_D: {
          if (!in_place.fsqrt<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSGNJ_D: {
          if (!in_place.fsgnj<f64>(hart, r, ready, 0)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSGNJN_D: {
          if (!in_place.fsgnj<f64>(hart, r, ready, -1)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FSGNJX_D: {
          if (!in_place.fsgnjx<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMIN_D: {
          if (!in_place.fmin<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMAX_D: {
          if (!in_place.fmax<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FLE_D: {
          if (!in_place.fle<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FLT_D: {
          if (!in_place.flt<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FEQ_D: {
          if (!in_place.feq<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_W_D: {
          if (!in_place.to_integer<f64, i32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_WU_D: {
          if (!in_place.to_integer<f64, u32>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_L_D: {
          if (!in_place.to_integer<f64, i64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_LU_D: {
          if (!in_place.to_integer<f64, u64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_D_W: {
          if (!in_place.from_integer<i32, f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_D_WU: {
          if (!in_place.from_integer<u32, f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_D_L: {
          if (!in_place.from_integer<i64, f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_D_LU: {
          if (!in_place.from_integer<u64, f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMV_X_D: {
          if (!in_place.to_bits<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FMV_D_X: {
          if (!in_place.from_bits<f64>(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_S_D: {
          if (!in_place.narrow(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.FCVT_D_S: {
          if (!in_place.widen(hart, r, ready)) break;
          rec += 16;
          n += 1;
          continue;
        }
        case Op.C_ADDI4SPN: {
          rv_i.addi(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_FLD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 7)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          setF(hart, r, load<u64>(at));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LW: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 3))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>(<i64>load<i32>(at)));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 7))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, load<u64>(at));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_FSD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 7)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u64>(at, f2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SW: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 3))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u32>(at, <u32>x2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SD: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 7))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u64>(at, x2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LBU: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & ~0xfff)) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>load<u8>(at));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LHU: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 1))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>load<u16>(at));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LH: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 1))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>(<i64>load<i16>(at)));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SB: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & ~0xfff)) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u8>(at, <u8>x2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SH: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 1))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u16>(at, <u16>x2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ADDI: {
          rv_i.addi(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ADDIW: {
          rv_i.addiw(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LI: {
          setX(hart, r, <u64>imm(r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ADDI16SP: {
          rv_i.addi(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LUI: {
          setX(hart, r, <u64>imm(r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SRLI: {
          rv_i.srli(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SRAI: {
          rv_i.srai(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ANDI: {
          rv_i.andi(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SUB: {
          rv_i.sub(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_XOR: {
          rv_i.xor(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_OR: {
          rv_i.or(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_AND: {
          rv_i.and(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SUBW: {
          rv_i.subw(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ADDW: {
          rv_i.addw(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_MUL: {
          rv_m.mul(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ZEXT_B: {
          rv_i.andi(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SEXT_B: {
          rv_zbb.sext_b(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ZEXT_H: {
          rv_zbb.zext_h(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SEXT_H: {
          rv_zbb.sext_h(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_ZEXT_W: {
          rv_zba.add_uw(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_NOT: {
          rv_i.xori(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_J: {
          setX(hart, r, record_pc(pageVa, recs, rec) + 2);
          n += 1;
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && n < room) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.C_BEQZ: {
          n += 1;
          if (!(x1(hart, r) == 0)) {
            rec += 8;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.C_BNEZ: {
          n += 1;
          if (!(x1(hart, r) != 0)) {
            rec += 8;
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;
        }
        case Op.C_SLLI: {
          rv_i.slli(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_FLDSP: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 7)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          setF(hart, r, load<u64>(at));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LWSP: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 3))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, <u64>(<i64>load<i32>(at)));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_LDSP: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb, va);
          if (load<u64>(entry) != (va & (~0xfff | 7))) break;
          const at = <usize>va + load<u32>(entry, 8);
          setX(hart, r, load<u64>(at));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_JR: {
          const to = (x1(hart, r) + <u64>imm(r)) & ~1;
          setX(hart, r, record_pc(pageVa, recs, rec) + 2);
          n += 1;
          if (to == hart.stopPc) room = 0;
          if (to - pageVa < 4096 && n < room) {
            rec = recs + (<usize>(to - pageVa) << 2);
            continue;
          }
          leave = true;
          pc = to;
          break;
        }
        case Op.C_MV: {
          setX(hart, r, x2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_JALR: {
          const to = (x1(hart, r) + <u64>imm(r)) & ~1;
          setX(hart, r, record_pc(pageVa, recs, rec) + 2);
          n += 1;
          if (to == hart.stopPc) room = 0;
          if (to - pageVa < 4096 && n < room) {
            rec = recs + (<usize>(to - pageVa) << 2);
            continue;
          }
          leave = true;
          pc = to;
          break;
        }
        case Op.C_ADD: {
          rv_i.add(hart, r);
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_FSDSP: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 7)) || !in_place.is_on(ready)) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u64>(at, f2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SWSP: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 3))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u32>(at, <u32>x2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
        case Op.C_SDSP: {
          const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(tlb + Tlb.STORE_DELTA, va);
          if (load<u64>(entry) != (va & (~0xfff | 7))) break;
          const at = <usize>va + load<u32>(entry, 8);
          store<u64>(at, x2(hart, r));
          rec += 8;
          n += 1;
          continue;
        }
      case Op.PAGE_END: {
        leave = true;
        pc = pageVa + 4096;
        break;
      }
    }
    if (!leave) break;
    leave = false;
    const entry = tlb_entry(hart.tlbFetch, pc);
    if (load<u64>(entry) != (pc & ~0xfff) || n >= room) {
      hart.pc = pc;
      hart.slowRecord = 0;
      return n;
    }
    recs = <usize>load<u32>(entry, 8) + CodePage.RECORDS;
    pageVa = pc & ~0xfff;
    rec = recs + (<usize>(pc & 0xffe) << 2);
  }
  hart.pc = record_pc(pageVa, recs, rec);
  hart.slowRecord = n < room ? <u32>rec : 0;
  return n;
}
