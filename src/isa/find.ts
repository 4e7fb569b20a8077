/** Which instruction a word encodes; for tools. The core has a decision tree instead (`assembly/isa/decode.ts`). */

import { encodes, instructions, type Instruction } from "./instruction.ts";

/** Rows by their low seven bits (compressed: two), the more special first. */
const buckets = new Map<number, Instruction[]>();

const bucketOf = (word: number): number => ((word & 3) === 3 ? word & 0x7f : word & 3);

for (const insn of instructions) {
  const bucket = buckets.get(bucketOf(insn.match)) ?? [];
  if (insn.within === undefined) bucket.push(insn);
  else bucket.unshift(insn);
  buckets.set(bucketOf(insn.match), bucket);
}

/** Bytes of the instruction that begins with `word`. */
export const lengthOf = (word: number): 2 | 4 => ((word & 3) === 3 ? 4 : 2);

/** The instruction that `word` (of which a compressed one is the low half) encodes, if it is one. */
export function findInstruction(word: number): Instruction | undefined {
  const own = lengthOf(word) === 2 ? word & 0xffff : word >>> 0;
  return buckets.get(bucketOf(own))?.find((insn) => encodes(insn, own));
}
