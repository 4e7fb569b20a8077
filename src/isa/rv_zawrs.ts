/** Zawrs (Unprivileged ISA, "Extension for Wait-on-Reservation-Set instructions"). */

import type { Table } from "./row.ts";

export const rv_zawrs: Table = {
  name: "rv_zawrs",
  hot: false,
  rows: [
    { name: "wrs.nto", bits: "0000000 01101 00000 000 00000 1110011", format: "none", flow: "system" },
    { name: "wrs.sto", bits: "0000000 11101 00000 000 00000 1110011", format: "none", flow: "system" },
  ],
};
