/** The control and status registers of the machine, one by one (Privileged ISA, "CSR Listing"). */

import type { CsrRow } from "./csr_row.ts";
import { csrRows } from "./csr_rows.ts";

/** Lowest privilege mode that may access a CSR: bits 9:8 of its number say it. */
export type CsrPrivilege = "U" | "S" | "M";

/** One CSR. */
export interface Csr {
  readonly number: number;
  readonly name: string;
  readonly privilege: CsrPrivilege;
  /** Writes raise an illegal-instruction exception: bits 11:10 of the number are both ones. */
  readonly readOnly: boolean;
  /** The extension that brings it. */
  readonly extension: string;
  readonly doc: string;
}

/** A CSR of the table with the row it comes from. */
export interface PlacedCsr extends Csr {
  readonly row: CsrRow;
  /** Its index in the row's series, counted from the series' first name; 0 when it is none. */
  readonly index: number;
}

const privileges: readonly CsrPrivilege[] = ["U", "S", "S", "M"];

/** The CSRs of a row: one, or a series. */
function csrsOf(row: CsrRow): PlacedCsr[] {
  const { number, name, extension, doc, count = 1, first } = row;
  return Array.from({ length: count }, (_, i) => {
    const index = first === undefined ? "" : first + i;
    return {
      number: number + i,
      name: `${name}${index}`,
      privilege: privileges[(number >> 8) & 3]!,
      readOnly: number >> 10 === 3,
      extension,
      doc: first === undefined ? doc : `${doc} ${index}`,
      row,
      index: (first ?? 0) + i,
    };
  });
}

/** All CSRs that have a name here, by function; the harts lack those whose row is `absent`. */
export const placedCsrs: readonly PlacedCsr[] = csrRows.flatMap(csrsOf);

/** All CSRs, by function. */
export const csrs: readonly Csr[] = placedCsrs;

/** CSRs by name. */
export const csrByName: ReadonlyMap<string, Csr> = new Map(csrs.map((csr) => [csr.name, csr]));

/** CSRs by number. */
export const csrByNumber: ReadonlyMap<number, Csr> = new Map(csrs.map((csr) => [csr.number, csr]));

/** Names of the CSRs that a list of a hart's registers shows: the most important alone, or more of them. */
export function shownCsrs(list: "short" | "long"): string[] {
  return placedCsrs.filter(({ row }) => row.shown === "short" || row.shown === list).map(({ name }) => name);
}
