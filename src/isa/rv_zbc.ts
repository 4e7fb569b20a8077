/** Zbc and Zbkc (Unprivileged ISA, "Carry-less multiplication"). */

import type { Table } from "./row.ts";

export const rv_zbc: Table = {
  name: "rv_zbc",
  hot: false,
  rows: [
    { name: "clmul", bits: "0000101 ttttt sssss 001 ddddd 0110011", format: "R" },
    { name: "clmulr", bits: "0000101 ttttt sssss 010 ddddd 0110011", format: "R" },
    { name: "clmulh", bits: "0000101 ttttt sssss 011 ddddd 0110011", format: "R" },
  ],
};
