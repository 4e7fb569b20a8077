/** Zacas (Unprivileged ISA, "Extension for Atomic Compare-and-Swap (CAS) Instructions"). */

import type { Table } from "./row.ts";

export const rv_zacas: Table = {
  name: "rv_zacas",
  hot: false,
  flags: ["reads_rd"],
  rows: [
    { name: "amocas.w", bits: "00101 a l ttttt sssss 010 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amocas.d", bits: "00101 a l ttttt sssss 011 ddddd 0101111", format: "amo", flow: "trap" },
    {
      name: "amocas.q",
      bits: "00101 a l ttttt sssss 100 ddddd 0101111",
      format: "amo",
      flow: "trap",
      where: ["rd even", "rs2 even"],
    },
  ],
};
