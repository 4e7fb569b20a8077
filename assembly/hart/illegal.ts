/** The illegal-instruction exception. */

import { Hart } from "../gen/state";
import { fetch_word } from "../mem/vmem";
import { Cause } from "../shared/constants";
import { raise } from "./raise";

/** Raises an illegal-instruction exception for the instruction at `hart.runPc`; tval is its 16 or 32 bits, as in QEMU. */
export function raise_illegal(hart: Hart): void {
  const word = fetch_word(hart, hart.runPc);
  raise(hart, Cause.ILLEGAL, (word & 3) == 3 ? word : word & 0xffff);
}
