/** Zimop (Unprivileged ISA, "Extension for May-Be-Operations"). */

import type { Table } from "./row.ts";

export const rv_zimop: Table = {
  name: "rv_zimop",
  hot: false,
  rows: [
    { name: "mop.r.N", bits: "1 n 00 nn 0111 nn sssss 100 ddddd 1110011", format: "mop1" },
    { name: "mop.rr.N", bits: "1 n 00 nn 1 ttttt sssss 100 ddddd 1110011", format: "mop2" },
  ],
};
