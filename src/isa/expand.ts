/** From a compressed instruction to the 4-byte one that it abbreviates. */

import { putField } from "./bits.ts";
import { findInstruction } from "./find.ts";
import { fieldValue } from "./instruction.ts";

/** The 4-byte instruction word that does what the compressed `half` does; undefined when `half` encodes nothing. */
export function expandCompressed(half: number): number | undefined {
  const insn = findInstruction(half);
  if (!insn?.base || !insn.sources) return undefined;
  let word = insn.base.match;
  for (const [letter, source] of insn.sources) {
    const value = "constant" in source ? source.constant : fieldValue(insn, source.letter, half);
    const field = insn.base.fields.get(letter);
    if (field) word += putField(field, value);
  }
  return word;
}
