/** Zihintpause (Unprivileged ISA, "Extension for Pause Hint"). The NTL hints of Zihintntl are plain ADDs to x0. */

import type { Table } from "./row.ts";

export const rv_zihint: Table = {
  name: "rv_zihint",
  hot: false,
  rows: [
    { name: "pause", bits: "0000 0001 0000 00000 000 00000 0001111", format: "none", flow: "system", within: "fence" },
  ],
};
