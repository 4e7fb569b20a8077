/** Zicsr (Unprivileged ISA, "Extension for Control and Status Register (CSR) Instructions"). */

import type { Table } from "./row.ts";

export const rv_zicsr: Table = {
  name: "rv_zicsr",
  hot: false,
  rows: [
    { name: "csrrw", bits: "cccccccccccc sssss 001 ddddd 1110011", format: "csr", flow: "system" },
    { name: "csrrs", bits: "cccccccccccc sssss 010 ddddd 1110011", format: "csr", flow: "system" },
    { name: "csrrc", bits: "cccccccccccc sssss 011 ddddd 1110011", format: "csr", flow: "system" },
    { name: "csrrwi", bits: "cccccccccccc zzzzz 101 ddddd 1110011", format: "csri", flow: "system" },
    { name: "csrrsi", bits: "cccccccccccc zzzzz 110 ddddd 1110011", format: "csri", flow: "system" },
    { name: "csrrci", bits: "cccccccccccc zzzzz 111 ddddd 1110011", format: "csri", flow: "system" },
  ],
};
