/** D (Unprivileged ISA, "Extension for Double-Precision Floating-Point"). */

import type { Table } from "./row.ts";

export const rv_d: Table = {
  name: "rv_d",
  hot: true,
  flags: ["float"],
  rows: [
    { name: "fld", bits: "iiiiiiiiiiii sssss 011 ddddd 0000111", format: "fload", flow: "trap" },
    { name: "fsd", bits: "iiiiiii ttttt sssss 011 iiiii 0100111", format: "fstore", flow: "trap" },

    { name: "fmadd.d", bits: "uuuuu01 ttttt sssss mmm ddddd 1000011", format: "F4_rm", flow: "trap" },
    { name: "fmsub.d", bits: "uuuuu01 ttttt sssss mmm ddddd 1000111", format: "F4_rm", flow: "trap" },
    { name: "fnmsub.d", bits: "uuuuu01 ttttt sssss mmm ddddd 1001011", format: "F4_rm", flow: "trap" },
    { name: "fnmadd.d", bits: "uuuuu01 ttttt sssss mmm ddddd 1001111", format: "F4_rm", flow: "trap" },
    { name: "fadd.d", bits: "0000001 ttttt sssss mmm ddddd 1010011", format: "F_rm", flow: "trap" },
    { name: "fsub.d", bits: "0000101 ttttt sssss mmm ddddd 1010011", format: "F_rm", flow: "trap" },
    { name: "fmul.d", bits: "0001001 ttttt sssss mmm ddddd 1010011", format: "F_rm", flow: "trap" },
    { name: "fdiv.d", bits: "0001101 ttttt sssss mmm ddddd 1010011", format: "F_rm", flow: "trap" },
    { name: "fsqrt.d", bits: "0101101 00000 sssss mmm ddddd 1010011", format: "F1_rm", flow: "trap" },
    { name: "fsgnj.d", bits: "0010001 ttttt sssss 000 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fsgnjn.d", bits: "0010001 ttttt sssss 001 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fsgnjx.d", bits: "0010001 ttttt sssss 010 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fmin.d", bits: "0010101 ttttt sssss 000 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fmax.d", bits: "0010101 ttttt sssss 001 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fle.d", bits: "1010001 ttttt sssss 000 ddddd 1010011", format: "F_cmp", flow: "trap" },
    { name: "flt.d", bits: "1010001 ttttt sssss 001 ddddd 1010011", format: "F_cmp", flow: "trap" },
    { name: "feq.d", bits: "1010001 ttttt sssss 010 ddddd 1010011", format: "F_cmp", flow: "trap" },
    { name: "fclass.d", bits: "1110001 00000 sssss 001 ddddd 1010011", format: "F_to_x", flow: "trap" },

    { name: "fcvt.w.d", bits: "1100001 00000 sssss mmm ddddd 1010011", format: "F_to_x_rm", flow: "trap" },
    { name: "fcvt.wu.d", bits: "1100001 00001 sssss mmm ddddd 1010011", format: "F_to_x_rm", flow: "trap" },
    { name: "fcvt.l.d", bits: "1100001 00010 sssss mmm ddddd 1010011", format: "F_to_x_rm", flow: "trap" },
    { name: "fcvt.lu.d", bits: "1100001 00011 sssss mmm ddddd 1010011", format: "F_to_x_rm", flow: "trap" },
    { name: "fcvt.d.w", bits: "1101001 00000 sssss mmm ddddd 1010011", format: "x_to_F_rm0", flow: "trap" },
    { name: "fcvt.d.wu", bits: "1101001 00001 sssss mmm ddddd 1010011", format: "x_to_F_rm0", flow: "trap" },
    { name: "fcvt.d.l", bits: "1101001 00010 sssss mmm ddddd 1010011", format: "x_to_F_rm", flow: "trap" },
    { name: "fcvt.d.lu", bits: "1101001 00011 sssss mmm ddddd 1010011", format: "x_to_F_rm", flow: "trap" },
    { name: "fmv.x.d", bits: "1110001 00000 sssss 000 ddddd 1010011", format: "F_to_x", flow: "trap" },
    { name: "fmv.d.x", bits: "1111001 00000 sssss 000 ddddd 1010011", format: "x_to_F", flow: "trap" },
    { name: "fcvt.s.d", bits: "0100000 00001 sssss mmm ddddd 1010011", format: "F1_rm", flow: "trap" },
    { name: "fcvt.d.s", bits: "0100001 00000 sssss mmm ddddd 1010011", format: "F1_rm0", flow: "trap" },
  ],
};
