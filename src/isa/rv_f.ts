/** F (Unprivileged ISA, "Extension for Single-Precision Floating-Point"). */

import type { Table } from "./row.ts";

export const rv_f: Table = {
  name: "rv_f",
  hot: true,
  flags: ["float"],
  rows: [
    { name: "flw", bits: "iiiiiiiiiiii sssss 010 ddddd 0000111", format: "fload", flow: "trap" },
    { name: "fsw", bits: "iiiiiii ttttt sssss 010 iiiii 0100111", format: "fstore", flow: "trap" },

    { name: "fmadd.s", bits: "uuuuu00 ttttt sssss mmm ddddd 1000011", format: "F4_rm", flow: "trap" },
    { name: "fmsub.s", bits: "uuuuu00 ttttt sssss mmm ddddd 1000111", format: "F4_rm", flow: "trap" },
    { name: "fnmsub.s", bits: "uuuuu00 ttttt sssss mmm ddddd 1001011", format: "F4_rm", flow: "trap" },
    { name: "fnmadd.s", bits: "uuuuu00 ttttt sssss mmm ddddd 1001111", format: "F4_rm", flow: "trap" },
    { name: "fadd.s", bits: "0000000 ttttt sssss mmm ddddd 1010011", format: "F_rm", flow: "trap" },
    { name: "fsub.s", bits: "0000100 ttttt sssss mmm ddddd 1010011", format: "F_rm", flow: "trap" },
    { name: "fmul.s", bits: "0001000 ttttt sssss mmm ddddd 1010011", format: "F_rm", flow: "trap" },
    { name: "fdiv.s", bits: "0001100 ttttt sssss mmm ddddd 1010011", format: "F_rm", flow: "trap" },
    { name: "fsqrt.s", bits: "0101100 00000 sssss mmm ddddd 1010011", format: "F1_rm", flow: "trap" },
    { name: "fsgnj.s", bits: "0010000 ttttt sssss 000 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fsgnjn.s", bits: "0010000 ttttt sssss 001 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fsgnjx.s", bits: "0010000 ttttt sssss 010 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fmin.s", bits: "0010100 ttttt sssss 000 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fmax.s", bits: "0010100 ttttt sssss 001 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fle.s", bits: "1010000 ttttt sssss 000 ddddd 1010011", format: "F_cmp", flow: "trap" },
    { name: "flt.s", bits: "1010000 ttttt sssss 001 ddddd 1010011", format: "F_cmp", flow: "trap" },
    { name: "feq.s", bits: "1010000 ttttt sssss 010 ddddd 1010011", format: "F_cmp", flow: "trap" },
    { name: "fclass.s", bits: "1110000 00000 sssss 001 ddddd 1010011", format: "F_to_x", flow: "trap" },

    { name: "fcvt.w.s", bits: "1100000 00000 sssss mmm ddddd 1010011", format: "F_to_x_rm", flow: "trap" },
    { name: "fcvt.wu.s", bits: "1100000 00001 sssss mmm ddddd 1010011", format: "F_to_x_rm", flow: "trap" },
    { name: "fcvt.l.s", bits: "1100000 00010 sssss mmm ddddd 1010011", format: "F_to_x_rm", flow: "trap" },
    { name: "fcvt.lu.s", bits: "1100000 00011 sssss mmm ddddd 1010011", format: "F_to_x_rm", flow: "trap" },
    { name: "fcvt.s.w", bits: "1101000 00000 sssss mmm ddddd 1010011", format: "x_to_F_rm", flow: "trap" },
    { name: "fcvt.s.wu", bits: "1101000 00001 sssss mmm ddddd 1010011", format: "x_to_F_rm", flow: "trap" },
    { name: "fcvt.s.l", bits: "1101000 00010 sssss mmm ddddd 1010011", format: "x_to_F_rm", flow: "trap" },
    { name: "fcvt.s.lu", bits: "1101000 00011 sssss mmm ddddd 1010011", format: "x_to_F_rm", flow: "trap" },
    { name: "fmv.x.w", bits: "1110000 00000 sssss 000 ddddd 1010011", format: "F_to_x", flow: "trap" },
    { name: "fmv.w.x", bits: "1111000 00000 sssss 000 ddddd 1010011", format: "x_to_F", flow: "trap" },
  ],
};
