/** Zksh (Unprivileged ISA, "ShangMi Suite: SM3 Hash Function Instructions"). */

import type { Table } from "./row.ts";

export const rv_zksh: Table = {
  name: "rv_zksh",
  hot: false,
  rows: [
    { name: "sm3p0", bits: "0001000 01000 sssss 001 ddddd 0010011", format: "R1" },
    { name: "sm3p1", bits: "0001000 01001 sssss 001 ddddd 0010011", format: "R1" },
  ],
};
