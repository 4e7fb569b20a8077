/** RV32I and RV64I: the base integer instruction set. (Unprivileged ISA, "RV32I Base Integer Instruction Set", "RV64I …") */

import { Hart } from "../state/state";
import { imm, setX, x1, x2 } from "../state/regs";
import { trapped } from "../state/raise";
import { load8, load16, load32, load64, store8, store16, store32, store64 } from "../mem/vmem";

// @ts-ignore: decorator
@inline function word(value: u64): u64 {
  return <u64>(<i64>(<i32>value));
}

// @ts-ignore: decorator
@inline export function lui(hart: Hart, r: u64): void {
  setX(hart, r, <u64>imm(r));
}

// @ts-ignore: decorator
@inline export function auipc(hart: Hart, r: u64): void {
  setX(hart, r, hart.runPc + <u64>imm(r));
}

// @ts-ignore: decorator
@inline export function addi(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) + <u64>imm(r));
}

// @ts-ignore: decorator
@inline export function slti(hart: Hart, r: u64): void {
  setX(hart, r, u64(<i64>x1(hart, r) < imm(r)));
}

// @ts-ignore: decorator
@inline export function sltiu(hart: Hart, r: u64): void {
  setX(hart, r, u64(x1(hart, r) < <u64>imm(r)));
}

// @ts-ignore: decorator
@inline export function xori(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) ^ <u64>imm(r));
}

// @ts-ignore: decorator
@inline export function ori(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) | <u64>imm(r));
}

// @ts-ignore: decorator
@inline export function andi(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) & <u64>imm(r));
}

// @ts-ignore: decorator
@inline export function slli(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) << (<u64>imm(r)));
}

// @ts-ignore: decorator
@inline export function srli(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) >> <u64>imm(r));
}

// @ts-ignore: decorator
@inline export function srai(hart: Hart, r: u64): void {
  setX(hart, r, <u64>(<i64>x1(hart, r) >> imm(r)));
}

// @ts-ignore: decorator
@inline export function add(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) + x2(hart, r));
}

// @ts-ignore: decorator
@inline export function sub(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) - x2(hart, r));
}

// @ts-ignore: decorator
@inline export function sll(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) << (x2(hart, r) & 63));
}

// @ts-ignore: decorator
@inline export function slt(hart: Hart, r: u64): void {
  setX(hart, r, u64(<i64>x1(hart, r) < <i64>x2(hart, r)));
}

// @ts-ignore: decorator
@inline export function sltu(hart: Hart, r: u64): void {
  setX(hart, r, u64(x1(hart, r) < x2(hart, r)));
}

// @ts-ignore: decorator
@inline export function xor(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) ^ x2(hart, r));
}

// @ts-ignore: decorator
@inline export function srl(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) >> (x2(hart, r) & 63));
}

// @ts-ignore: decorator
@inline export function sra(hart: Hart, r: u64): void {
  setX(hart, r, <u64>(<i64>x1(hart, r) >> (x2(hart, r) & 63)));
}

// @ts-ignore: decorator
@inline export function or(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) | x2(hart, r));
}

// @ts-ignore: decorator
@inline export function and(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) & x2(hart, r));
}

// @ts-ignore: decorator
@inline export function addiw(hart: Hart, r: u64): void {
  setX(hart, r, word(x1(hart, r) + <u64>imm(r)));
}

// @ts-ignore: decorator
@inline export function slliw(hart: Hart, r: u64): void {
  setX(hart, r, <u64>(<i64>((<i32>x1(hart, r)) << (<i32>imm(r)))));
}

// @ts-ignore: decorator
@inline export function srliw(hart: Hart, r: u64): void {
  setX(hart, r, <u64>(<i64>(<i32>(<u32>x1(hart, r) >> <u32>imm(r)))));
}

// @ts-ignore: decorator
@inline export function sraiw(hart: Hart, r: u64): void {
  setX(hart, r, <u64>(<i64>(<i32>x1(hart, r) >> <i32>imm(r))));
}

// @ts-ignore: decorator
@inline export function addw(hart: Hart, r: u64): void {
  setX(hart, r, word(x1(hart, r) + x2(hart, r)));
}

// @ts-ignore: decorator
@inline export function subw(hart: Hart, r: u64): void {
  setX(hart, r, word(x1(hart, r) - x2(hart, r)));
}

// @ts-ignore: decorator
@inline export function sllw(hart: Hart, r: u64): void {
  setX(hart, r, <u64>(<i64>((<i32>x1(hart, r)) << (<i32>x2(hart, r) & 31))));
}

// @ts-ignore: decorator
@inline export function srlw(hart: Hart, r: u64): void {
  setX(hart, r, <u64>(<i64>(<i32>(<u32>x1(hart, r) >> (<u32>x2(hart, r) & 31)))));
}

// @ts-ignore: decorator
@inline export function sraw(hart: Hart, r: u64): void {
  setX(hart, r, <u64>(<i64>(<i32>x1(hart, r) >> (<i32>x2(hart, r) & 31))));
}

// @ts-ignore: decorator
@inline export function beq(hart: Hart, r: u64): bool {
  return x1(hart, r) == x2(hart, r);
}

// @ts-ignore: decorator
@inline export function bne(hart: Hart, r: u64): bool {
  return x1(hart, r) != x2(hart, r);
}

// @ts-ignore: decorator
@inline export function blt(hart: Hart, r: u64): bool {
  return <i64>x1(hart, r) < <i64>x2(hart, r);
}

// @ts-ignore: decorator
@inline export function bge(hart: Hart, r: u64): bool {
  return <i64>x1(hart, r) >= <i64>x2(hart, r);
}

// @ts-ignore: decorator
@inline export function bltu(hart: Hart, r: u64): bool {
  return x1(hart, r) < x2(hart, r);
}

// @ts-ignore: decorator
@inline export function bgeu(hart: Hart, r: u64): bool {
  return x1(hart, r) >= x2(hart, r);
}

// @ts-ignore: decorator
@inline export function lb(hart: Hart, r: u64): void {
  const value = load8(hart, x1(hart, r) + <u64>imm(r));
  if (!trapped(hart)) setX(hart, r, <u64>(<i64>(<i8>value)));
}

// @ts-ignore: decorator
@inline export function lh(hart: Hart, r: u64): void {
  const value = load16(hart, x1(hart, r) + <u64>imm(r));
  if (!trapped(hart)) setX(hart, r, <u64>(<i64>(<i16>value)));
}

// @ts-ignore: decorator
@inline export function lw(hart: Hart, r: u64): void {
  const value = load32(hart, x1(hart, r) + <u64>imm(r));
  if (!trapped(hart)) setX(hart, r, word(value));
}

// @ts-ignore: decorator
@inline export function ld(hart: Hart, r: u64): void {
  const value = load64(hart, x1(hart, r) + <u64>imm(r));
  if (!trapped(hart)) setX(hart, r, value);
}

// @ts-ignore: decorator
@inline export function lbu(hart: Hart, r: u64): void {
  const value = load8(hart, x1(hart, r) + <u64>imm(r));
  if (!trapped(hart)) setX(hart, r, value);
}

// @ts-ignore: decorator
@inline export function lhu(hart: Hart, r: u64): void {
  const value = load16(hart, x1(hart, r) + <u64>imm(r));
  if (!trapped(hart)) setX(hart, r, value);
}

// @ts-ignore: decorator
@inline export function lwu(hart: Hart, r: u64): void {
  const value = load32(hart, x1(hart, r) + <u64>imm(r));
  if (!trapped(hart)) setX(hart, r, value);
}

// @ts-ignore: decorator
@inline export function sb(hart: Hart, r: u64): void {
  store8(hart, x1(hart, r) + <u64>imm(r), x2(hart, r));
}

// @ts-ignore: decorator
@inline export function sh(hart: Hart, r: u64): void {
  store16(hart, x1(hart, r) + <u64>imm(r), x2(hart, r));
}

// @ts-ignore: decorator
@inline export function sw(hart: Hart, r: u64): void {
  store32(hart, x1(hart, r) + <u64>imm(r), x2(hart, r));
}

// @ts-ignore: decorator
@inline export function sd(hart: Hart, r: u64): void {
  store64(hart, x1(hart, r) + <u64>imm(r), x2(hart, r));
}

/** One thread runs all harts, in program order: every access is already ordered. */
// @ts-ignore: decorator
@inline export function fence(hart: Hart, r: u64): void {}

// Jumps are entered with `hart.pc` already at the next instruction: that is the link.

// @ts-ignore: decorator
@inline export function jal(hart: Hart, r: u64): void {
  setX(hart, r, hart.pc);
  hart.pc = hart.runPc + <u64>imm(r);
}

// @ts-ignore: decorator
@inline export function jalr(hart: Hart, r: u64): void {
  const target = (x1(hart, r) + <u64>imm(r)) & ~1;
  setX(hart, r, hart.pc);
  hart.pc = target;
}
