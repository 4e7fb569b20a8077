/** Instruction words for tests, from the tables. */

import type { Instruction } from "../../src/isa/instruction.ts";
import { encodes } from "../../src/isa/instruction.ts";

/** A small generator of 32-bit numbers (xorshift32), the same on every run. */
export function randomWords(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

/** `count` encodings of `insn` with random fields. */
export function encodingsOf(insn: Instruction, count: number, random: () => number): number[] {
  const words: number[] = [];
  while (words.length < count) {
    const own = insn.length === 2 ? random() & 0xffff : random();
    const word = ((own & ~insn.mask) | insn.match) >>> 0;
    if (encodes(insn, word)) words.push(word);
  }
  return words;
}
