/** Zfa (Unprivileged ISA, "Extension for Additional Floating-Point Instructions"). */

import type { Table } from "./row.ts";

export const rv_zfa: Table = {
  name: "rv_zfa",
  hot: false,
  flags: ["float"],
  rows: [
    { name: "fli.s", bits: "1111000 00001 iiiii 000 ddddd 1010011", format: "F_li", flow: "trap" },
    { name: "fminm.s", bits: "0010100 ttttt sssss 010 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fmaxm.s", bits: "0010100 ttttt sssss 011 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fround.s", bits: "0100000 00100 sssss mmm ddddd 1010011", format: "F1_rm", flow: "trap" },
    { name: "froundnx.s", bits: "0100000 00101 sssss mmm ddddd 1010011", format: "F1_rm", flow: "trap" },
    { name: "fleq.s", bits: "1010000 ttttt sssss 100 ddddd 1010011", format: "F_cmp", flow: "trap" },
    { name: "fltq.s", bits: "1010000 ttttt sssss 101 ddddd 1010011", format: "F_cmp", flow: "trap" },

    { name: "fli.d", bits: "1111001 00001 iiiii 000 ddddd 1010011", format: "F_li", flow: "trap" },
    { name: "fminm.d", bits: "0010101 ttttt sssss 010 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fmaxm.d", bits: "0010101 ttttt sssss 011 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fround.d", bits: "0100001 00100 sssss mmm ddddd 1010011", format: "F1_rm", flow: "trap" },
    { name: "froundnx.d", bits: "0100001 00101 sssss mmm ddddd 1010011", format: "F1_rm", flow: "trap" },
    { name: "fleq.d", bits: "1010001 ttttt sssss 100 ddddd 1010011", format: "F_cmp", flow: "trap" },
    { name: "fltq.d", bits: "1010001 ttttt sssss 101 ddddd 1010011", format: "F_cmp", flow: "trap" },
    { name: "fcvtmod.w.d", bits: "1100001 01000 sssss 001 ddddd 1010011", format: "F_to_x_rtz", flow: "trap" },

    { name: "fli.h", bits: "1111010 00001 iiiii 000 ddddd 1010011", format: "F_li", flow: "trap" },
    { name: "fminm.h", bits: "0010110 ttttt sssss 010 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fmaxm.h", bits: "0010110 ttttt sssss 011 ddddd 1010011", format: "F", flow: "trap" },
    { name: "fround.h", bits: "0100010 00100 sssss mmm ddddd 1010011", format: "F1_rm", flow: "trap" },
    { name: "froundnx.h", bits: "0100010 00101 sssss mmm ddddd 1010011", format: "F1_rm", flow: "trap" },
    { name: "fleq.h", bits: "1010010 ttttt sssss 100 ddddd 1010011", format: "F_cmp", flow: "trap" },
    { name: "fltq.h", bits: "1010010 ttttt sssss 101 ddddd 1010011", format: "F_cmp", flow: "trap" },
  ],
};
