/** Zksed (Unprivileged ISA, "ShangMi Suite: SM4 Block Cipher Instructions"). */

import type { Table } from "./row.ts";

export const rv_zksed: Table = {
  name: "rv_zksed",
  hot: false,
  rows: [
    { name: "sm4ed", bits: "ii 11000 ttttt sssss 000 ddddd 0110011", format: "R_bs" },
    { name: "sm4ks", bits: "ii 11010 ttttt sssss 000 ddddd 0110011", format: "R_bs" },
  ],
};
