/** Zicond (Unprivileged ISA, "Extension for Integer Conditional Operations"). */

import type { Table } from "./row.ts";

export const rv_zicond: Table = {
  name: "rv_zicond",
  hot: true,
  rows: [
    { name: "czero.eqz", bits: "0000111 ttttt sssss 101 ddddd 0110011", format: "R" },
    { name: "czero.nez", bits: "0000111 ttttt sssss 111 ddddd 0110011", format: "R" },
  ],
};
