/** Zicbom and Zicboz (Unprivileged ISA, "Extensions for Base Cache Management Operations"). Zicbop's prefetches are ORIs to x0. */

import type { Table } from "./row.ts";

export const rv_zicbo: Table = {
  name: "rv_zicbo",
  hot: false,
  rows: [
    { name: "cbo.inval", bits: "000000000000 sssss 010 00000 0001111", format: "cbo", flow: "trap" },
    { name: "cbo.clean", bits: "000000000001 sssss 010 00000 0001111", format: "cbo", flow: "trap" },
    { name: "cbo.flush", bits: "000000000010 sssss 010 00000 0001111", format: "cbo", flow: "trap" },
    { name: "cbo.zero", bits: "000000000100 sssss 010 00000 0001111", format: "cbo", flow: "trap" },
  ],
};
