/** One line of assembly to an instruction word, from the tables. */

import { WasmvisorError } from "../error.ts";
import { putField } from "./bits.ts";
import { encodes, operandLetters, splitOperands, type Instruction } from "./instruction.ts";
import { parseOperand, type Resolve } from "./operand.ts";
import { instructionByName } from "./ops.ts";

/** Fields of a mnemonic: an instruction, and what its suffix says. */
interface Mnemonic {
  readonly insn: Instruction;
  readonly fields: Readonly<Record<string, number>>;
}

const orderings: Readonly<Record<string, { a: number; l: number }>> = {
  aq: { a: 1, l: 0 },
  rl: { a: 0, l: 1 },
  aqrl: { a: 1, l: 1 },
};

/** Finds `amoadd.w.aqrl` and `mop.r.5` too. */
export function findMnemonic(name: string): Mnemonic | undefined {
  const plain = instructionByName.get(name);
  if (plain) return { insn: plain, fields: {} };
  const dot = name.lastIndexOf(".");
  const suffix = name.slice(dot + 1);
  const ordered = instructionByName.get(name.slice(0, dot));
  if (ordered?.fields.has("a") && orderings[suffix]) return { insn: ordered, fields: orderings[suffix] };
  const numbered = /^\d+$/.test(suffix) ? instructionByName.get(`${name.slice(0, dot)}.N`) : undefined;
  return numbered && { insn: numbered, fields: { n: Number(suffix) } };
}

const fail = (line: string, why: string): WasmvisorError =>
  new WasmvisorError("assembly", `Correct the line "${line}": ${why}.`, { line });

/** Fields that may be left out at the end of a line. */
const omitted: Readonly<Record<string, number>> = { rm: 7, rm0: 0, pred: 15, succ: 15, rs2: 0, rs1: 0 };

const mayOmit = (insn: Instruction, slot: string): boolean =>
  slot === "rm" || slot === "rm0" || slot === "pred" || slot === "succ" || insn.name.endsWith(".vma");

function setField(insn: Instruction, letter: string, value: number, line: string, text = String(value)): number {
  const field = insn.fields.get(letter);
  if (!field) return 0;
  try {
    return putField(field, "DST".includes(letter) ? value - 8 : value);
  } catch {
    throw fail(line, `${text} does not fit`);
  }
}

/** The word for operand `texts`, one for each of the syntax's slots. */
function encodeOperands(
  { insn, fields }: Mnemonic,
  texts: readonly string[],
  line: string,
  resolve: Resolve,
  pc: bigint,
): number {
  const slots = splitOperands(insn.asm);
  if (texts.length > slots.length) throw fail(line, `${insn.name} takes ${slots.length} operands`);
  let word = insn.match;
  for (const [letter, value] of Object.entries(fields)) word += setField(insn, letter, value, line);
  slots.forEach((slot, i) => {
    const text = texts[i];
    const letter = operandLetters[slot];
    if (letter === undefined) {
      if (text !== slot) throw fail(line, `${slot} is missing`);
      return;
    }
    const value =
      text === undefined && mayOmit(insn, slot) ? omitted[slot] : text && parseOperand(slot, text, resolve, pc);
    if (typeof value !== "number") throw fail(line, `${text ?? "an operand"} is not ${slot}`);
    word += setField(insn, letter, value, line, text);
  });
  if (!encodes(insn, word)) throw fail(line, "the encoding is reserved");
  return word;
}

/** `imm(reg)` may be written `(reg)`. */
function operandTexts(insn: Instruction, rest: string): string[] {
  const spelled = insn.asm.includes("imm(") ? rest.replace(/(^|,)\s*\(/, "$1 0(") : rest;
  return splitOperands(spelled);
}

/**
 * Encodes one instruction (no pseudo-instruction).
 *
 * @throws WasmvisorError `assembly` when the line is no instruction
 */
export function encodeLine(line: string, resolve: Resolve, pc: bigint): { word: number; length: 2 | 4 } {
  const [, name = "", rest = ""] = /^\s*(\S+)\s*(.*?)\s*$/.exec(line) ?? [];
  const mnemonic = findMnemonic(name);
  if (!mnemonic) throw fail(line, `there is no instruction ${name}`);
  const word = encodeOperands(mnemonic, operandTexts(mnemonic.insn, rest), line, resolve, pc);
  return { word, length: mnemonic.insn.length };
}
