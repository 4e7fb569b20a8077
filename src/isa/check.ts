/** What must hold of the instruction tables as a whole. */

import { compressedInstructions, encodes, wideInstructions, type Instruction } from "./instruction.ts";

const overlap = (a: Instruction, b: Instruction): boolean => ((a.match ^ b.match) & a.mask & b.mask) === 0;

/** Whether one row says that it lies within the other. */
const declared = (a: Instruction, b: Instruction): boolean => a.within === b.name || b.within === a.name;

function* wideOverlaps(): Generator<string> {
  for (const [i, a] of wideInstructions.entries()) {
    for (const b of wideInstructions.slice(i + 1)) {
      if (overlap(a, b) && !declared(a, b)) yield `${a.name} and ${b.name} overlap`;
    }
  }
}

/** Conditions keep compressed instructions apart, so each halfword is tried. */
function* compressedOverlaps(): Generator<string> {
  for (let half = 0; half < 0x10000; half++) {
    const found = compressedInstructions.filter((insn) => encodes(insn, half));
    if (found.length > 1) yield `${half.toString(16)} is ${found.map((insn) => insn.name).join(" and ")}`;
  }
}

function* repeatedNames(): Generator<string> {
  const names = new Set<string>();
  for (const { name } of [...wideInstructions, ...compressedInstructions]) {
    if (names.has(name)) yield `${name} has two rows`;
    names.add(name);
  }
}

/** Every fault of the tables, as a sentence each; empty when there is none. */
export function tableFaults(): string[] {
  const lowBits = [...wideInstructions, ...compressedInstructions]
    .filter((insn) => insn.length !== ((insn.match & insn.mask & 3) === 3 ? 4 : 2))
    .map((insn) => `${insn.name} has the low bits of another length`);
  return [...lowBits, ...repeatedNames(), ...wideOverlaps(), ...compressedOverlaps()];
}
