/** Zknd (Unprivileged ISA, "NIST Suite: AES Decryption"). */

import type { Table } from "./row.ts";

export const rv_zknd: Table = {
  name: "rv_zknd",
  hot: false,
  rows: [
    { name: "aes64ds", bits: "0011101 ttttt sssss 000 ddddd 0110011", format: "R" },
    { name: "aes64dsm", bits: "0011111 ttttt sssss 000 ddddd 0110011", format: "R" },
    { name: "aes64im", bits: "0011000 00000 sssss 001 ddddd 0010011", format: "R1" },
  ],
};
