/** Zkne (Unprivileged ISA, "NIST Suite: AES Encryption"), and the key schedule it shares with Zknd. */

import type { Table } from "./row.ts";

export const rv_zkne: Table = {
  name: "rv_zkne",
  hot: false,
  rows: [
    { name: "aes64es", bits: "0011001 ttttt sssss 000 ddddd 0110011", format: "R" },
    { name: "aes64esm", bits: "0011011 ttttt sssss 000 ddddd 0110011", format: "R" },
    { name: "aes64ks1i", bits: "0011000 1 iiii sssss 001 ddddd 0010011", format: "R1_rnum", where: ["imm <= 10"] },
    { name: "aes64ks2", bits: "0111111 ttttt sssss 000 ddddd 0110011", format: "R" },
  ],
};
