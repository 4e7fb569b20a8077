/** A (Unprivileged ISA, "Extension for Atomic Instructions"). */

import type { Table } from "./row.ts";

export const rv_a: Table = {
  name: "rv_a",
  hot: false,
  rows: [
    { name: "lr.w", bits: "00010 a l 00000 sssss 010 ddddd 0101111", format: "lr", flow: "trap" },
    { name: "sc.w", bits: "00011 a l ttttt sssss 010 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amoswap.w", bits: "00001 a l ttttt sssss 010 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amoadd.w", bits: "00000 a l ttttt sssss 010 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amoxor.w", bits: "00100 a l ttttt sssss 010 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amoand.w", bits: "01100 a l ttttt sssss 010 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amoor.w", bits: "01000 a l ttttt sssss 010 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amomin.w", bits: "10000 a l ttttt sssss 010 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amomax.w", bits: "10100 a l ttttt sssss 010 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amominu.w", bits: "11000 a l ttttt sssss 010 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amomaxu.w", bits: "11100 a l ttttt sssss 010 ddddd 0101111", format: "amo", flow: "trap" },

    { name: "lr.d", bits: "00010 a l 00000 sssss 011 ddddd 0101111", format: "lr", flow: "trap" },
    { name: "sc.d", bits: "00011 a l ttttt sssss 011 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amoswap.d", bits: "00001 a l ttttt sssss 011 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amoadd.d", bits: "00000 a l ttttt sssss 011 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amoxor.d", bits: "00100 a l ttttt sssss 011 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amoand.d", bits: "01100 a l ttttt sssss 011 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amoor.d", bits: "01000 a l ttttt sssss 011 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amomin.d", bits: "10000 a l ttttt sssss 011 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amomax.d", bits: "10100 a l ttttt sssss 011 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amominu.d", bits: "11000 a l ttttt sssss 011 ddddd 0101111", format: "amo", flow: "trap" },
    { name: "amomaxu.d", bits: "11100 a l ttttt sssss 011 ddddd 0101111", format: "amo", flow: "trap" },
  ],
};
