/** Zba (Unprivileged ISA, "Address generation"). */

import type { Table } from "./row.ts";

export const rv_zba: Table = {
  name: "rv_zba",
  hot: true,
  rows: [
    { name: "add.uw", bits: "0000100 ttttt sssss 000 ddddd 0111011", format: "R" },
    { name: "sh1add", bits: "0010000 ttttt sssss 010 ddddd 0110011", format: "R" },
    { name: "sh2add", bits: "0010000 ttttt sssss 100 ddddd 0110011", format: "R" },
    { name: "sh3add", bits: "0010000 ttttt sssss 110 ddddd 0110011", format: "R" },
    { name: "sh1add.uw", bits: "0010000 ttttt sssss 010 ddddd 0111011", format: "R" },
    { name: "sh2add.uw", bits: "0010000 ttttt sssss 100 ddddd 0111011", format: "R" },
    { name: "sh3add.uw", bits: "0010000 ttttt sssss 110 ddddd 0111011", format: "R" },
    { name: "slli.uw", bits: "000010 iiiiii sssss 001 ddddd 0011011", format: "shift" },
  ],
};
