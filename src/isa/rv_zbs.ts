/** Zbs (Unprivileged ISA, "Single-bit instructions"). */

import type { Table } from "./row.ts";

export const rv_zbs: Table = {
  name: "rv_zbs",
  hot: true,
  rows: [
    { name: "bclr", bits: "0100100 ttttt sssss 001 ddddd 0110011", format: "R" },
    { name: "bclri", bits: "010010 iiiiii sssss 001 ddddd 0010011", format: "shift" },
    { name: "bext", bits: "0100100 ttttt sssss 101 ddddd 0110011", format: "R" },
    { name: "bexti", bits: "010010 iiiiii sssss 101 ddddd 0010011", format: "shift" },
    { name: "binv", bits: "0110100 ttttt sssss 001 ddddd 0110011", format: "R" },
    { name: "binvi", bits: "011010 iiiiii sssss 001 ddddd 0010011", format: "shift" },
    { name: "bset", bits: "0010100 ttttt sssss 001 ddddd 0110011", format: "R" },
    { name: "bseti", bits: "001010 iiiiii sssss 001 ddddd 0010011", format: "shift" },
  ],
};
