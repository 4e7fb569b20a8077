/** The illegal-instruction exception. */

import { Hart } from "../state/state";
import { fetch_word } from "../mem/vmem";
import { Cause } from "../shared/constants";
import { raise } from "../state/raise";

/** What `hart.runPc` is while nobody knows which instruction is being executed. No instruction lies at an odd address. */
export const NO_PC: u64 = 1;

/** Raises an illegal-instruction exception for the instruction at `hart.runPc`; tval is its 16 or 32 bits, as in QEMU. */
export function raise_illegal(hart: Hart): void {
  const word: u32 = hart.runPc == NO_PC ? <u32>0 : fetch_word(hart, hart.runPc);
  raise(hart, Cause.ILLEGAL, (word & 3) == 3 ? word : word & 0xffff);
}
