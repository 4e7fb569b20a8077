/** ECALL and EBREAK (Unprivileged ISA), trap returns, WFI and address-translation fences (Privileged ISA), Svinval. */

import type { Table } from "./row.ts";

export const rv_priv: Table = {
  name: "rv_priv",
  hot: false,
  rows: [
    { name: "ecall", bits: "0000000 00000 00000 000 00000 1110011", format: "none", flow: "system" },
    { name: "ebreak", bits: "0000000 00001 00000 000 00000 1110011", format: "none", flow: "system" },
    { name: "sret", bits: "0001000 00010 00000 000 00000 1110011", format: "none", flow: "system" },
    { name: "mret", bits: "0011000 00010 00000 000 00000 1110011", format: "none", flow: "system" },
    { name: "wfi", bits: "0001000 00101 00000 000 00000 1110011", format: "none", flow: "system" },
    {
      name: "sfence.vma",
      bits: "0001001 ttttt sssss 000 00000 1110011",
      format: "sfence",
      flow: "system",
      flags: ["stays"],
    },
    {
      name: "sinval.vma",
      bits: "0001011 ttttt sssss 000 00000 1110011",
      format: "sfence",
      flow: "system",
      flags: ["stays"],
    },
    { name: "sfence.w.inval", bits: "0001100 00000 00000 000 00000 1110011", format: "none", flow: "system" },
    { name: "sfence.inval.ir", bits: "0001100 00001 00000 000 00000 1110011", format: "none", flow: "system" },
  ],
};
