/** Zbb (Unprivileged ISA, "Basic bit-manipulation"). */

import type { Table } from "./row.ts";

export const rv_zbb: Table = {
  name: "rv_zbb",
  hot: true,
  rows: [
    { name: "andn", bits: "0100000 ttttt sssss 111 ddddd 0110011", format: "R" },
    { name: "orn", bits: "0100000 ttttt sssss 110 ddddd 0110011", format: "R" },
    { name: "xnor", bits: "0100000 ttttt sssss 100 ddddd 0110011", format: "R" },
    { name: "clz", bits: "0110000 00000 sssss 001 ddddd 0010011", format: "R1" },
    { name: "clzw", bits: "0110000 00000 sssss 001 ddddd 0011011", format: "R1" },
    { name: "ctz", bits: "0110000 00001 sssss 001 ddddd 0010011", format: "R1" },
    { name: "ctzw", bits: "0110000 00001 sssss 001 ddddd 0011011", format: "R1" },
    { name: "cpop", bits: "0110000 00010 sssss 001 ddddd 0010011", format: "R1" },
    { name: "cpopw", bits: "0110000 00010 sssss 001 ddddd 0011011", format: "R1" },
    { name: "max", bits: "0000101 ttttt sssss 110 ddddd 0110011", format: "R" },
    { name: "maxu", bits: "0000101 ttttt sssss 111 ddddd 0110011", format: "R" },
    { name: "min", bits: "0000101 ttttt sssss 100 ddddd 0110011", format: "R" },
    { name: "minu", bits: "0000101 ttttt sssss 101 ddddd 0110011", format: "R" },
    { name: "sext.b", bits: "0110000 00100 sssss 001 ddddd 0010011", format: "R1" },
    { name: "sext.h", bits: "0110000 00101 sssss 001 ddddd 0010011", format: "R1" },
    { name: "zext.h", bits: "0000100 00000 sssss 100 ddddd 0111011", format: "R1", within: "packw" },
    { name: "rol", bits: "0110000 ttttt sssss 001 ddddd 0110011", format: "R" },
    { name: "rolw", bits: "0110000 ttttt sssss 001 ddddd 0111011", format: "R" },
    { name: "ror", bits: "0110000 ttttt sssss 101 ddddd 0110011", format: "R" },
    { name: "rorw", bits: "0110000 ttttt sssss 101 ddddd 0111011", format: "R" },
    { name: "rori", bits: "011000 iiiiii sssss 101 ddddd 0010011", format: "shift" },
    { name: "roriw", bits: "0110000 iiiii sssss 101 ddddd 0011011", format: "shiftw" },
    { name: "orc.b", bits: "0010100 00111 sssss 101 ddddd 0010011", format: "R1" },
    { name: "rev8", bits: "0110101 11000 sssss 101 ddddd 0010011", format: "R1" },
  ],
};
