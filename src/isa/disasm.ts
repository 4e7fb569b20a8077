/** Disassembles from the instruction tables, in the style of GNU objdump. */

import { csrByNumber } from "./csr.ts";
import { findInstruction, lengthOf } from "./find.ts";
import { fieldValue, operandLetters, type Instruction } from "./instruction.ts";
import { fenceSetText, fliConstants, fNames, roundingModes, xNames } from "./names.ts";

/** An instruction as text. */
export interface Disassembly {
  /** Mnemonic and operands; an address without a symbol is hexadecimal. */
  readonly text: string;
  /** Bytes of the instruction. */
  readonly length: 2 | 4;
}

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

type Print = (value: number, pc: bigint) => string;

const x: Print = (value) => xNames[value]!;
const f: Print = (value) => fNames[value]!;
const decimal: Print = (value) => String(value);
const bits: Print = (value) => hex(value);
const target: Print = (value, pc) => hex(BigInt.asUintN(64, pc + BigInt(value)));

const printers: Readonly<Record<string, Print>> = {
  ...{ rd: x, rs1: x, rs2: x, "rd'": x, "rs1'": x, "rs2'": x },
  ...{ fd: f, fs1: f, fs2: f, fs3: f, "fd'": f, "fs1'": f, "fs2'": f },
  ...{ imm: decimal, zimm: decimal, shamt: bits, off: target, n: decimal },
  upper: (value) => hex((value >>> 12) & 0xfffff),
  rm: (value) => roundingModes[value]!,
  rm0: (value) => roundingModes[value]!,
  fli: (value) => fliConstants[value]!,
  csr: (value) => csrByNumber.get(value)?.name ?? hex(value),
  pred: (value) => fenceSetText(value),
  succ: (value) => fenceSetText(value),
};

/** A rounding mode that the assembler would choose itself is not printed. */
const defaults: Readonly<Record<string, number>> = { rm: 7, rm0: 0 };

function printOperands(insn: Instruction, word: number, pc: bigint): string {
  const text = insn.asm.replace(/, (rm0?)$|[a-z]+\d*'?/g, (match, rounding?: string) => {
    const operand = rounding ?? match;
    const letter = operandLetters[operand];
    const print = printers[operand];
    if (!letter || !print) return match;
    const value = fieldValue(insn, letter, word);
    if (rounding === undefined) return print(value, pc);
    return value === defaults[rounding] ? "" : `, ${print(value, pc)}`;
  });
  return text.replaceAll(", ", ",");
}

function mnemonic(insn: Instruction, word: number): string {
  if (insn.name.endsWith(".N")) return insn.name.slice(0, -1) + String(fieldValue(insn, "n", word));
  if (!insn.fields.has("a")) return insn.name;
  const order = (fieldValue(insn, "a", word) ? "aq" : "") + (fieldValue(insn, "l", word) ? "rl" : "");
  return order === "" ? insn.name : `${insn.name}.${order}`;
}

/** The text of what is no instruction. */
function rawText(word: number, length: 2 | 4): string {
  return length === 2 ? `.2byte ${hex(word & 0xffff)}` : `.4byte ${hex(word >>> 0)}`;
}

/**
 * Disassembles the instruction at `pc`.
 *
 * @param word the 32 bits at `pc`, little-endian; a compressed instruction is the low half
 * @example disassemble(0x00150513, 0x80000000n).text // "addi\ta0,a0,1"
 */
export function disassemble(word: number, pc: bigint): Disassembly {
  const length = lengthOf(word);
  const own = length === 2 ? word & 0xffff : word >>> 0;
  const insn = findInstruction(own);
  if (!insn) return { text: rawText(own, length), length };
  const operands = printOperands(insn, own, pc);
  const name = mnemonic(insn, own);
  return { text: operands === "" ? name : `${name}\t${operands}`, length };
}
