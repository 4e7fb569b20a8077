/** Zbkx (Unprivileged ISA, "Crossbar permutations"). */

import type { Table } from "./row.ts";

export const rv_zbkx: Table = {
  name: "rv_zbkx",
  hot: false,
  rows: [
    { name: "xperm4", bits: "0010100 ttttt sssss 010 ddddd 0110011", format: "R" },
    { name: "xperm8", bits: "0010100 ttttt sssss 100 ddddd 0110011", format: "R" },
  ],
};
