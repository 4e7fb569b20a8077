/** Zbkb (Unprivileged ISA, "Bit-manipulation for Cryptography"); what it shares with Zbb is there. */

import type { Table } from "./row.ts";

export const rv_zbkb: Table = {
  name: "rv_zbkb",
  hot: false,
  rows: [
    { name: "pack", bits: "0000100 ttttt sssss 100 ddddd 0110011", format: "R" },
    { name: "packh", bits: "0000100 ttttt sssss 111 ddddd 0110011", format: "R" },
    { name: "packw", bits: "0000100 ttttt sssss 100 ddddd 0111011", format: "R" },
    { name: "brev8", bits: "0110100 00111 sssss 101 ddddd 0010011", format: "R1" },
  ],
};
