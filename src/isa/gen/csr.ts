/** Writes `assembly/gen/csr.ts`: the CSR numbers. */

import { csrs } from "../csr.ts";
import { heading } from "./text.ts";

/** `assembly/gen/csr.ts`. */
export function csrFile(): string {
  const members = csrs.map(
    ({ number, name, doc }) => `  /** ${doc} */\n  ${name.toUpperCase()} = 0x${number.toString(16).padStart(3, "0")},\n`,
  );
  return [heading("CSR numbers."), `export enum Csr {\n${members.join("")}}\n`].join("\n");
}
