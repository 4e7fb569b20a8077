/** Random encodings of table rows that keep to the register convention of random programs. */

import { putField } from "../bits.ts";
import { encodes, splitOperands, type Instruction } from "../instruction.ts";
import type { Random } from "./values.ts";

/** Registers with a purpose, which random instructions only read: links, and pointers into the scratch memory. */
export const LINK = 1;
export const STACK = 2;
export const BASE = 8;
export const COUNTER = 9;
const reserved = [LINK, STACK, BASE, COUNTER];

const writable = Array.from({ length: 32 }, (_, i) => i).filter((i) => !reserved.includes(i));
const writablePrimed = writable.filter((i) => i >= 8 && i < 16);

/** CSRs that a random program may use: they have no effect on anything but floating point. */
const safeCsrs = [0x001, 0x002, 0x003, 0x140];

/** How far accesses through `BASE` may reach, both ways. */
export const REACH = 960;

/** A register that instructions may write, other than x0. */
export const freeRegister = (random: Random): number => random.pick(writable.slice(1));

export const isFloat = (insn: Instruction, operand: string): boolean =>
  splitOperands((insn.base ?? insn).asm).some((slot) => slot.startsWith(`f${operand}`));

function registerField(insn: Instruction, letter: string, random: Random): number {
  const operand = { d: "d", D: "d", s: "s1", S: "s1", t: "s2", T: "s2", u: "s3" }[letter] ?? "";
  const primed = "DST".includes(letter);
  const integer = !isFloat(insn, operand);
  if (operand === "d" && integer) return random.pick(primed ? writablePrimed : writable);
  return primed ? random.between(8, 15) : random.below(32);
}

/** Mostly a valid rounding mode. */
const roundingMode = (random: Random): number =>
  random.oneIn(30) ? random.pick([5, 6]) : random.pick([0, 1, 2, 3, 4, 7, 7, 7]);

function fieldOf(insn: Instruction, letter: string, random: Random): number {
  if ("dDsStTu".includes(letter)) return registerField(insn, letter, random);
  if (letter === "m") return roundingMode(random);
  if (letter === "c") return random.pick(safeCsrs);
  const field = insn.fields.get(letter)!;
  const width = field.pieces.reduce((sum, piece) => sum + piece.width, 0);
  const low = Math.min(...field.pieces.map((piece) => piece.to));
  const edge = random.pick([0, 1, 2 ** width - 1, 2 ** (width - 1), 2 ** (width - 1) - 1]);
  const value = random.oneIn(3) ? edge : random.below(2 ** width);
  const signed = field.signed && value >= 2 ** (width - 1) ? value - 2 ** width : value;
  return signed * 2 ** low;
}

/** The word with the given fields; the rest are random. Three-bit registers are given by their full number. */
export function randomWord(insn: Instruction, random: Random, fixed: Readonly<Record<string, number>> = {}): number {
  for (;;) {
    let word = insn.match;
    for (const [letter, field] of insn.fields) {
      const value = fixed[letter] ?? fieldOf(insn, letter, random);
      word += putField(field, "DST".includes(letter) ? value - 8 : value);
    }
    if (encodes(insn, word)) return word >>> 0;
  }
}

/** A load or store through `BASE` (or, for the stack-pointer forms, `STACK`) at any offset within reach. */
export function randomAccess(insn: Instruction, random: Random): number {
  if (insn.fields.has("S")) return randomWord(insn, random, { S: BASE });
  if (insn.length === 2) return randomWord(insn, random);
  return randomWord(insn, random, { s: BASE, i: random.between(-REACH, REACH) });
}
