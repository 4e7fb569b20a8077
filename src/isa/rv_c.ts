/** C for RV64 with D, Zcb and Zcmop (Unprivileged ISA, "Extension for Compressed Instructions" and what follows it). */

import type { CompressedRow } from "./row.ts";

/** Hints (such as `c.li` to x0) need no row: they expand to instructions that write x0. */
export const rv_c: readonly CompressedRow[] = [
  // Quadrant 0
  {
    name: "c.addi4spn",
    bits: "000 iiiiiiii DDD 00",
    asm: "rd', sp, imm",
    uimm: "5:4 9:6 2 3",
    is: "addi rd', x2, imm",
    where: ["imm != 0"],
  },
  { name: "c.fld", bits: "001 iii SSS ii DDD 00", asm: "fd', imm(rs1')", uimm: "5:3 7:6", is: "fld fd', imm(rs1')" },
  { name: "c.lw", bits: "010 iii SSS ii DDD 00", asm: "rd', imm(rs1')", uimm: "5:3 2 6", is: "lw rd', imm(rs1')" },
  { name: "c.ld", bits: "011 iii SSS ii DDD 00", asm: "rd', imm(rs1')", uimm: "5:3 7:6", is: "ld rd', imm(rs1')" },
  { name: "c.fsd", bits: "101 iii SSS ii TTT 00", asm: "fs2', imm(rs1')", uimm: "5:3 7:6", is: "fsd fs2', imm(rs1')" },
  { name: "c.sw", bits: "110 iii SSS ii TTT 00", asm: "rs2', imm(rs1')", uimm: "5:3 2 6", is: "sw rs2', imm(rs1')" },
  { name: "c.sd", bits: "111 iii SSS ii TTT 00", asm: "rs2', imm(rs1')", uimm: "5:3 7:6", is: "sd rs2', imm(rs1')" },
  // Zcb
  { name: "c.lbu", bits: "100 000 SSS ii DDD 00", asm: "rd', imm(rs1')", uimm: "0 1", is: "lbu rd', imm(rs1')" },
  { name: "c.lhu", bits: "100 001 SSS 0 i DDD 00", asm: "rd', imm(rs1')", uimm: "1", is: "lhu rd', imm(rs1')" },
  { name: "c.lh", bits: "100 001 SSS 1 i DDD 00", asm: "rd', imm(rs1')", uimm: "1", is: "lh rd', imm(rs1')" },
  { name: "c.sb", bits: "100 010 SSS ii TTT 00", asm: "rs2', imm(rs1')", uimm: "0 1", is: "sb rs2', imm(rs1')" },
  { name: "c.sh", bits: "100 011 SSS 0 i TTT 00", asm: "rs2', imm(rs1')", uimm: "1", is: "sh rs2', imm(rs1')" },

  // Quadrant 1
  { name: "c.addi", bits: "000 i ddddd iiiii 01", asm: "rd, imm", simm: "5 4:0", is: "addi rd, rd, imm" },
  {
    name: "c.addiw",
    bits: "001 i ddddd iiiii 01",
    asm: "rd, imm",
    simm: "5 4:0",
    is: "addiw rd, rd, imm",
    where: ["rd != 0"],
  },
  { name: "c.li", bits: "010 i ddddd iiiii 01", asm: "rd, imm", simm: "5 4:0", is: "addi rd, x0, imm" },
  {
    name: "c.addi16sp",
    bits: "011 i 00010 iiiii 01",
    asm: "sp, imm",
    simm: "9 4 6 8:7 5",
    is: "addi x2, x2, imm",
    where: ["imm != 0"],
  },
  {
    name: "c.lui",
    bits: "011 i ddddd iiiii 01",
    asm: "rd, upper",
    simm: "17 16:12",
    is: "lui rd, imm",
    where: ["rd != 2", "imm != 0"],
  },
  // Zcmop: the reserved C.LUI encodings with a zero immediate and an odd rd below 16. They write no register.
  { name: "c.mop.N", bits: "011 0 0nnnn 00000 01", asm: "", is: "addi x0, x0, 0", where: ["n odd"], op: "c.addi" },
  { name: "c.srli", bits: "100 i 00 DDD iiiii 01", asm: "rd', shamt", uimm: "5 4:0", is: "srli rd', rd', imm" },
  { name: "c.srai", bits: "100 i 01 DDD iiiii 01", asm: "rd', shamt", uimm: "5 4:0", is: "srai rd', rd', imm" },
  { name: "c.andi", bits: "100 i 10 DDD iiiii 01", asm: "rd', imm", simm: "5 4:0", is: "andi rd', rd', imm" },
  { name: "c.sub", bits: "100 0 11 DDD 00 TTT 01", asm: "rd', rs2'", is: "sub rd', rd', rs2'" },
  { name: "c.xor", bits: "100 0 11 DDD 01 TTT 01", asm: "rd', rs2'", is: "xor rd', rd', rs2'" },
  { name: "c.or", bits: "100 0 11 DDD 10 TTT 01", asm: "rd', rs2'", is: "or rd', rd', rs2'" },
  { name: "c.and", bits: "100 0 11 DDD 11 TTT 01", asm: "rd', rs2'", is: "and rd', rd', rs2'" },
  { name: "c.subw", bits: "100 1 11 DDD 00 TTT 01", asm: "rd', rs2'", is: "subw rd', rd', rs2'" },
  { name: "c.addw", bits: "100 1 11 DDD 01 TTT 01", asm: "rd', rs2'", is: "addw rd', rd', rs2'" },
  // Zcb
  { name: "c.mul", bits: "100 1 11 DDD 10 TTT 01", asm: "rd', rs2'", is: "mul rd', rd', rs2'" },
  { name: "c.zext.b", bits: "100 1 11 DDD 11 000 01", asm: "rd'", is: "andi rd', rd', 255" },
  { name: "c.sext.b", bits: "100 1 11 DDD 11 001 01", asm: "rd'", is: "sext.b rd', rd'" },
  { name: "c.zext.h", bits: "100 1 11 DDD 11 010 01", asm: "rd'", is: "zext.h rd', rd'" },
  { name: "c.sext.h", bits: "100 1 11 DDD 11 011 01", asm: "rd'", is: "sext.h rd', rd'" },
  { name: "c.zext.w", bits: "100 1 11 DDD 11 100 01", asm: "rd'", is: "add.uw rd', rd', x0" },
  { name: "c.not", bits: "100 1 11 DDD 11 101 01", asm: "rd'", is: "xori rd', rd', -1" },
  { name: "c.j", bits: "101 iiiiiiiiiii 01", asm: "off", simm: "11 4 9:8 10 6 7 3:1 5", is: "jal x0, imm" },
  { name: "c.beqz", bits: "110 iii SSS iiiii 01", asm: "rs1', off", simm: "8 4:3 7:6 2:1 5", is: "beq rs1', x0, imm" },
  { name: "c.bnez", bits: "111 iii SSS iiiii 01", asm: "rs1', off", simm: "8 4:3 7:6 2:1 5", is: "bne rs1', x0, imm" },

  // Quadrant 2
  { name: "c.slli", bits: "000 i ddddd iiiii 10", asm: "rd, shamt", uimm: "5 4:0", is: "slli rd, rd, imm" },
  { name: "c.fldsp", bits: "001 i ddddd iiiii 10", asm: "fd, imm(sp)", uimm: "5 4:3 8:6", is: "fld fd, imm(x2)" },
  {
    name: "c.lwsp",
    bits: "010 i ddddd iiiii 10",
    asm: "rd, imm(sp)",
    uimm: "5 4:2 7:6",
    is: "lw rd, imm(x2)",
    where: ["rd != 0"],
  },
  {
    name: "c.ldsp",
    bits: "011 i ddddd iiiii 10",
    asm: "rd, imm(sp)",
    uimm: "5 4:3 8:6",
    is: "ld rd, imm(x2)",
    where: ["rd != 0"],
  },
  { name: "c.jr", bits: "100 0 sssss 00000 10", asm: "rs1", is: "jalr x0, 0(rs1)", where: ["rs1 != 0"] },
  { name: "c.mv", bits: "100 0 ddddd ttttt 10", asm: "rd, rs2", is: "add rd, x0, rs2", where: ["rs2 != 0"] },
  { name: "c.ebreak", bits: "100 1 00000 00000 10", asm: "", is: "ebreak" },
  { name: "c.jalr", bits: "100 1 sssss 00000 10", asm: "rs1", is: "jalr x1, 0(rs1)", where: ["rs1 != 0"] },
  { name: "c.add", bits: "100 1 ddddd ttttt 10", asm: "rd, rs2", is: "add rd, rd, rs2", where: ["rs2 != 0"] },
  { name: "c.fsdsp", bits: "101 iiiiii ttttt 10", asm: "fs2, imm(sp)", uimm: "5:3 8:6", is: "fsd fs2, imm(x2)" },
  { name: "c.swsp", bits: "110 iiiiii ttttt 10", asm: "rs2, imm(sp)", uimm: "5:2 7:6", is: "sw rs2, imm(x2)" },
  { name: "c.sdsp", bits: "111 iiiiii ttttt 10", asm: "rs2, imm(sp)", uimm: "5:3 8:6", is: "sd rs2, imm(x2)" },
];
