/** Zknh (Unprivileged ISA, "NIST Suite: Hash Function Instructions"). */

import type { Table } from "./row.ts";

export const rv_zknh: Table = {
  name: "rv_zknh",
  hot: false,
  rows: [
    { name: "sha256sum0", bits: "0001000 00000 sssss 001 ddddd 0010011", format: "R1" },
    { name: "sha256sum1", bits: "0001000 00001 sssss 001 ddddd 0010011", format: "R1" },
    { name: "sha256sig0", bits: "0001000 00010 sssss 001 ddddd 0010011", format: "R1" },
    { name: "sha256sig1", bits: "0001000 00011 sssss 001 ddddd 0010011", format: "R1" },
    { name: "sha512sum0", bits: "0001000 00100 sssss 001 ddddd 0010011", format: "R1" },
    { name: "sha512sum1", bits: "0001000 00101 sssss 001 ddddd 0010011", format: "R1" },
    { name: "sha512sig0", bits: "0001000 00110 sssss 001 ddddd 0010011", format: "R1" },
    { name: "sha512sig1", bits: "0001000 00111 sssss 001 ddddd 0010011", format: "R1" },
  ],
};
