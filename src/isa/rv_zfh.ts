/** Zfh and Zfhmin (Unprivileged ISA, "Extensions for Half-Precision Floating-Point"). */

import type { Table } from "./row.ts";

export const rv_zfh: Table = {
  name: "rv_zfh",
  hot: false,
  flags: ["float"],
  rows: [
    // Their 12-bit offsets need the whole immediate of the record, which only hot ops have.
    { name: "flh", bits: "iiiiiiiiiiii sssss 001 ddddd 0000111", format: "fload", flow: "trap", hot: true },
    { name: "fsh", bits: "iiiiiii ttttt sssss 001 iiiii 0100111", format: "fstore", flow: "trap", hot: true },

    { name: "fmadd.h", bits: "uuuuu10 ttttt sssss mmm ddddd 1000011", format: "F4_rm", flow: "trap" },
    { name: "fmsub.h", bits: "uuuuu10 ttttt sssss mmm ddddd 1000111", format: "F4_rm", flow: "trap" },
    { name: "fnmsub.h", bits: "uuuuu10 ttttt sssss mmm ddddd 1001011", format: "F4_rm", flow: "trap" },
    { name: "fnmadd.h", bits: "uuuuu10 ttttt sssss mmm ddddd 1001111", format: "F4_rm", flow: "trap" },
    { name: "fadd.h", bits: "0000010 ttttt sssss mmm ddddd 1010011", format: "F_rm", flow: "trap" },
    { name: "fsub.h", bits: "0000110 ttttt sssss mmm ddddd 1010011", format: "F_rm", flow: "trap" },
    { name: "fmul.h", bits: "0001010 ttttt sssss mmm ddddd 1010011", format: "F_rm", flow: "trap" },
    { name: "fdiv.h", bits: "0001110 ttttt sssss mmm ddddd 1010011", format: "F_rm", flow: "trap" },
    { name: "fsqrt.h", bits: "0101110 00000 sssss mmm ddddd 1010011", format: "F1_rm", flow: "trap" },
    { name: "fsgnj.h", bits: "0010010 ttttt sssss 000 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fsgnjn.h", bits: "0010010 ttttt sssss 001 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fsgnjx.h", bits: "0010010 ttttt sssss 010 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fmin.h", bits: "0010110 ttttt sssss 000 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fmax.h", bits: "0010110 ttttt sssss 001 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fle.h", bits: "1010010 ttttt sssss 000 ddddd 1010011", format: "F_cmp", flow: "trap" },
    { name: "flt.h", bits: "1010010 ttttt sssss 001 ddddd 1010011", format: "F_cmp", flow: "trap" },
    { name: "feq.h", bits: "1010010 ttttt sssss 010 ddddd 1010011", format: "F_cmp", flow: "trap" },
    { name: "fclass.h", bits: "1110010 00000 sssss 001 ddddd 1010011", format: "F_to_x", flow: "trap" },

    { name: "fcvt.w.h", bits: "1100010 00000 sssss mmm ddddd 1010011", format: "F_to_x_rm", flow: "trap" },
    { name: "fcvt.wu.h", bits: "1100010 00001 sssss mmm ddddd 1010011", format: "F_to_x_rm", flow: "trap" },
    { name: "fcvt.l.h", bits: "1100010 00010 sssss mmm ddddd 1010011", format: "F_to_x_rm", flow: "trap" },
    { name: "fcvt.lu.h", bits: "1100010 00011 sssss mmm ddddd 1010011", format: "F_to_x_rm", flow: "trap" },
    { name: "fcvt.h.w", bits: "1101010 00000 sssss mmm ddddd 1010011", format: "x_to_F_rm", flow: "trap" },
    { name: "fcvt.h.wu", bits: "1101010 00001 sssss mmm ddddd 1010011", format: "x_to_F_rm", flow: "trap" },
    { name: "fcvt.h.l", bits: "1101010 00010 sssss mmm ddddd 1010011", format: "x_to_F_rm", flow: "trap" },
    { name: "fcvt.h.lu", bits: "1101010 00011 sssss mmm ddddd 1010011", format: "x_to_F_rm", flow: "trap" },
    { name: "fmv.x.h", bits: "1110010 00000 sssss 000 ddddd 1010011", format: "F_to_x", flow: "trap" },
    { name: "fmv.h.x", bits: "1111010 00000 sssss 000 ddddd 1010011", format: "x_to_F", flow: "trap" },
    { name: "fcvt.s.h", bits: "0100000 00010 sssss mmm ddddd 1010011", format: "F1_rm0", flow: "trap" },
    { name: "fcvt.h.s", bits: "0100010 00000 sssss mmm ddddd 1010011", format: "F1_rm", flow: "trap" },
    { name: "fcvt.d.h", bits: "0100001 00010 sssss mmm ddddd 1010011", format: "F1_rm0", flow: "trap" },
    { name: "fcvt.h.d", bits: "0100010 00001 sssss mmm ddddd 1010011", format: "F1_rm", flow: "trap" },
  ],
};
