/** The instruction tables in the form that the generator, the assembler and the disassembler work with. */

import { getField, parseBits, type Encoding } from "./bits.ts";
import { formats, type CompressedRow, type Flow, type OpFlag, type Row, type Table } from "./row.ts";
import { rv_c } from "./rv_c.ts";
import { tables } from "./tables.ts";

/** A condition on a field, such as `rd != 0`. */
export interface Condition {
  readonly letter: string;
  readonly test: "!=" | "<=" | "even" | "odd";
  readonly value: number;
}

/** Where an operand of an abbreviated instruction comes from: a field of the compressed word, or a constant. */
export type Source = { readonly letter: string } | { readonly constant: number };

/** One row of the tables, parsed. */
export interface Instruction extends Encoding {
  /** The mnemonic, `N` standing for a may-be-operation's number. */
  readonly name: string;
  /** Name of the handler in the core. */
  readonly handler: string;
  /** The extension's table, which is also the name of the handler's file. */
  readonly table: string;
  readonly asm: string;
  readonly flow: Flow;
  readonly flags: readonly OpFlag[];
  /** Has an op number below 256 (for compressed ones: of its own). */
  readonly hot: boolean;
  readonly where: readonly Condition[];
  readonly within?: string;
  /** For compressed instructions: what it abbreviates, and that instruction's operands by letter. */
  readonly base?: Instruction;
  readonly sources?: ReadonlyMap<string, Source>;
  /** For compressed instructions beyond C: which extension has it. */
  readonly extension?: string;
  /** Name of the instruction whose op it shares. */
  readonly sharesOp?: string;
}

/** The letter in `bits` for each operand of the assembly syntax; a prime means the three-bit form. */
export const operandLetters: Readonly<Record<string, string>> = {
  ...{ rd: "d", rs1: "s", rs2: "t", fd: "d", fs1: "s", fs2: "t", fs3: "u", rm: "m", rm0: "m" },
  ...{ "rd'": "D", "rs1'": "S", "rs2'": "T", "fd'": "D", "fs1'": "S", "fs2'": "T" },
  ...{ imm: "i", shamt: "i", upper: "i", off: "i", fli: "i", csr: "c", zimm: "z", pred: "p", succ: "q", n: "n" },
};

/** Splits assembly syntax or text into operands. */
export const splitOperands = (text: string): string[] => text.split(/[\s,()]+/).filter((part) => part !== "");

function parseCondition(name: string, text: string): Condition {
  const [operand = "", test = "", value = "0"] = text.split(" ");
  const letter = operandLetters[operand];
  if (!letter || !["!=", "<=", "even", "odd"].includes(test)) throw new Error(`${name}: bad condition ${text}`);
  return { letter, test: test as Condition["test"], value: Number(value) };
}

const handlerName = (name: string): string => name.replace(/\.N$/, "").replaceAll(".", "_");

function parseRow(table: Table, row: Row): Instruction {
  const format: { asm: string; simm?: string; uimm?: string; flags?: readonly OpFlag[] } = formats[row.format];
  const list = format.simm ?? format.uimm;
  const imm = list === undefined ? undefined : { list, signed: format.simm !== undefined };
  return {
    ...parseBits(row.name, row.bits, imm),
    name: row.name,
    handler: handlerName(row.name),
    table: table.name,
    asm: format.asm,
    flow: row.flow ?? "none",
    flags: [...(format.flags ?? []), ...(table.flags ?? []), ...(row.flags ?? [])],
    hot: row.hot ?? table.hot,
    where: (row.where ?? []).map((text) => parseCondition(row.name, text)),
    ...(row.within === undefined ? {} : { within: row.within }),
  };
}

function parseSource(text: string): Source {
  const letter = operandLetters[text];
  if (letter) return { letter };
  return { constant: Number(text.replace("x", "")) };
}

function parseCompressed(row: CompressedRow, bases: ReadonlyMap<string, Instruction>): Instruction {
  const [baseName = "", ...operands] = row.is.split(" ");
  const base = bases.get(baseName);
  if (!base) throw new Error(`${row.name}: no instruction ${baseName}`);
  const slots = splitOperands(base.asm);
  const values = splitOperands(operands.join(" "));
  if (slots.length !== values.length) throw new Error(`${row.name}: ${baseName} takes ${slots.length} operands`);
  const list = row.simm ?? row.uimm;
  return {
    ...parseBits(row.name, row.bits, list === undefined ? undefined : { list, signed: row.simm !== undefined }),
    name: row.name,
    handler: base.handler,
    table: base.table,
    asm: row.asm,
    flow: base.flow,
    flags: base.flags,
    hot: base.hot && row.op === undefined,
    where: (row.where ?? []).map((text) => parseCondition(row.name, text)),
    base,
    sources: new Map(slots.map((slot, i) => [operandLetters[slot]!, parseSource(values[i]!)])),
    ...(row.extension === undefined ? {} : { extension: row.extension }),
    ...(row.op === undefined ? {} : { sharesOp: row.op }),
  };
}

/** All instructions of 32 bits, in table order. */
export const wideInstructions: readonly Instruction[] = tables.flatMap((table) =>
  table.rows.map((row) => parseRow(table, row)),
);

const byName = new Map(wideInstructions.map((insn) => [insn.name, insn]));

/** All instructions of 16 bits. */
export const compressedInstructions: readonly Instruction[] = rv_c.map((row) => parseCompressed(row, byName));

/** Every instruction. */
export const instructions: readonly Instruction[] = [...wideInstructions, ...compressedInstructions];

/** The field a condition speaks of; three-bit registers count from x8. */
export function fieldValue(insn: Encoding, letter: string, word: number): number {
  const field = insn.fields.get(letter);
  if (!field) throw new Error(`no field ${letter}`);
  return getField(field, word) + ("DST".includes(letter) ? 8 : 0);
}

function holds(insn: Encoding, condition: Condition, word: number): boolean {
  const value = fieldValue(insn, condition.letter, word);
  switch (condition.test) {
    case "!=":
      return value !== condition.value;
    case "<=":
      return value <= condition.value;
    case "even":
      return value % 2 === 0;
    case "odd":
      return value % 2 === 1;
  }
}

/** Whether `word` encodes `insn` (more special rows aside). */
export function encodes(insn: Instruction, word: number): boolean {
  return (word & insn.mask) >>> 0 === insn.match && insn.where.every((condition) => holds(insn, condition, word));
}
