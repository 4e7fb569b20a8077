/** Zifencei (Unprivileged ISA, "Extension for Instruction-Fetch Fence"). */

import type { Table } from "./row.ts";

export const rv_zifencei: Table = {
  name: "rv_zifencei",
  hot: false,
  rows: [
    // For forward compatibility implementations shall ignore imm, rs1 and rd.
    { name: "fence.i", bits: "------------ ----- 001 ----- 0001111", format: "none", flow: "system" },
  ],
};
