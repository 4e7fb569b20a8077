/** Why a sensitive instruction that is not privileged does no harm, and what a privileged one is for. */

import type { Subject } from "./subjects.ts";
import type { Verdict } from "./classify.ts";

/** The class as the table shows it. */
export function className({ privileged, control, behaviour, traps }: Verdict): string {
  const sensitive = [...(control ? ["control"] : []), ...(behaviour ? ["behaviour"] : [])].join(" and ");
  if (traps.U === "always" && traps.M === "always") return "traps in every mode";
  if (privileged) return sensitive ? `privileged, ${sensitive}-sensitive` : "privileged";
  return sensitive ? `${sensitive}-sensitive` : "innocuous";
}

/** An exception: sensitive, and not sure to trap in U mode. */
export const isException = ({ privileged, control, behaviour, traps }: Verdict): boolean =>
  (control || behaviour) && !privileged && traps.U !== "always";

const COUNTERS = /^(cycle|time|instret|hpmcounter\d+)$/;
const FLOATING = /^rv_(f|d|zfh|zfa)$/;

/** Why an exception can be lived with; undefined when nobody has thought about it. */
export function explanation({ name, table, csr }: Subject, verdict: Verdict): string | undefined {
  if (csr !== undefined && COUNTERS.test(csr)) {
    return "Reads a real counter. mcounteren and scounteren make it trap: the monitor clears them when the guest is to see a time of its own.";
  }
  if (csr === "fflags" || csr === "frm" || csr === "fcsr" || FLOATING.test(table)) {
    return "Uses the program's own floating-point state. FS = Off makes it trap, so the monitor can switch that state lazily; else it only marks FS dirty.";
  }
  if (name.startsWith("cbo.")) {
    return "Cache-block management. menvcfg and senvcfg make it trap.";
  }
  if (name.startsWith("wrs.")) {
    return "Waits for a reservation. TW makes wrs.nto trap; wrs.sto gives up after a short time by itself.";
  }
  if (verdict.changes.length === 0 && /^(lr|sc|amo|l|s)[.bhwd]/.test(name))
    return "A memory access: the monitor's page tables decide.";
  return undefined;
}
