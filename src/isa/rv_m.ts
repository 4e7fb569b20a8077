/** M (Unprivileged ISA, "Extension for Integer Multiplication and Division"). */

import type { Table } from "./row.ts";

export const rv_m: Table = {
  name: "rv_m",
  hot: true,
  rows: [
    { name: "mul", bits: "0000001 ttttt sssss 000 ddddd 0110011", format: "R" },
    { name: "mulh", bits: "0000001 ttttt sssss 001 ddddd 0110011", format: "R" },
    { name: "mulhsu", bits: "0000001 ttttt sssss 010 ddddd 0110011", format: "R" },
    { name: "mulhu", bits: "0000001 ttttt sssss 011 ddddd 0110011", format: "R" },
    { name: "div", bits: "0000001 ttttt sssss 100 ddddd 0110011", format: "R" },
    { name: "divu", bits: "0000001 ttttt sssss 101 ddddd 0110011", format: "R" },
    { name: "rem", bits: "0000001 ttttt sssss 110 ddddd 0110011", format: "R" },
    { name: "remu", bits: "0000001 ttttt sssss 111 ddddd 0110011", format: "R" },
    { name: "mulw", bits: "0000001 ttttt sssss 000 ddddd 0111011", format: "R" },
    { name: "divw", bits: "0000001 ttttt sssss 100 ddddd 0111011", format: "R" },
    { name: "divuw", bits: "0000001 ttttt sssss 101 ddddd 0111011", format: "R" },
    { name: "remw", bits: "0000001 ttttt sssss 110 ddddd 0111011", format: "R" },
    { name: "remuw", bits: "0000001 ttttt sssss 111 ddddd 0111011", format: "R" },
  ],
};
