/** A small assembler for tests and golden files, driven by the instruction tables. */

import { WasmvisorError } from "../error.ts";
import { encodeLine, findMnemonic } from "./encode.ts";
import type { Resolve } from "./operand.ts";
import { expandPseudo } from "./pseudo.ts";

/** What the assembler makes of a program. */
export interface Program {
  readonly bytes: Uint8Array;
  /** Addresses of the labels. */
  readonly labels: ReadonlyMap<string, bigint>;
}

/** A line that takes room: an instruction, or a directive. */
interface Statement {
  readonly text: string;
  readonly offset: number;
  readonly size: number;
}

const dataBytes: Readonly<Record<string, number>> = { ".byte": 1, ".half": 2, ".word": 4, ".dword": 8 };

/** `la`'s two halves name the same address: `%lo` is relative to the `auipc` before it. */
const LA_LOW_DISTANCE = 4n;

function parseNumber(text: string): bigint | undefined {
  if (!/^-?(0x[0-9a-f]+|0b[01]+|\d+)$/i.test(text)) return undefined;
  return text.startsWith("-") ? -BigInt(text.slice(1)) : BigInt(text);
}

function requireNumber(text: string, line: string): bigint {
  const value = parseNumber(text);
  if (value === undefined) throw new WasmvisorError("assembly", `Write a number in the line "${line}".`, { line });
  return value;
}

function statementSize(text: string, offset: number): number {
  const [name = "", ...operands] = text.split(/[\s,]+/);
  if (dataBytes[name]) return dataBytes[name] * operands.length;
  if (name === ".zero") return Number(requireNumber(operands[0] ?? "", text));
  if (name === ".align") return -offset & (2 ** Number(requireNumber(operands[0] ?? "", text)) - 1);
  return findMnemonic(name)?.insn.length ?? 4;
}

/** First pass: labels and sizes. A label ends in a colon; `#` starts a comment. */
function layOut(source: string, base: bigint): { statements: Statement[]; labels: Map<string, bigint>; size: number } {
  const statements: Statement[] = [];
  const labels = new Map<string, bigint>();
  let offset = 0;
  for (const line of source.split(/[\n;]/)) {
    const [, label, rest = ""] = /^\s*(?:([\w.$]+):)?\s*(.*?)\s*$/.exec(line.replace(/#.*/, "")) ?? [];
    if (label) labels.set(label, base + BigInt(offset));
    if (rest === "") continue;
    for (const text of expandPseudo(rest)) {
      const size = statementSize(text, offset);
      statements.push({ text, offset, size });
      offset += size;
    }
  }
  return { statements, labels, size: offset };
}

/** The value of `%hi(label)` or `%lo(label)`, relative to the AUIPC of the pair. */
function relocation(text: string, labels: ReadonlyMap<string, bigint>, pc: bigint): bigint | undefined {
  const [, part, name] = /^%(hi|lo)\[(.*)\]$/.exec(text) ?? [];
  const address = name === undefined ? undefined : labels.get(name);
  if (address === undefined) return undefined;
  const distance = address - (part === "hi" ? pc : pc - LA_LOW_DISTANCE);
  const low = BigInt.asIntN(12, distance);
  return part === "lo" ? low : (distance - low) >> 12n;
}

function writeValue(bytes: Uint8Array, offset: number, size: number, value: bigint): void {
  for (let i = 0; i < size; i++) bytes[offset + i] = Number((value >> BigInt(8 * i)) & 0xffn);
}

function writeStatement(bytes: Uint8Array, { text, offset, size }: Statement, resolve: Resolve, pc: bigint): void {
  const [name = "", ...operands] = text.split(/[\s,]+/);
  const unit = dataBytes[name];
  if (unit) {
    operands.forEach((operand, i) => {
      const value = resolve(operand) ?? requireNumber(operand, text);
      writeValue(bytes, offset + i * unit, unit, value);
    });
  } else if (!name.startsWith(".")) {
    const line = text.replace(/%(hi|lo)\(([^)]*)\)/, "%$1[$2]");
    writeValue(bytes, offset, size, BigInt(encodeLine(line, resolve, pc).word));
  }
}

/**
 * Assembles a program: instructions of the tables, common pseudo-instructions, labels, comments with `#`, and the
 * directives `.byte .half .word .dword .zero .align`.
 *
 * @param base the address of the first byte
 * @throws WasmvisorError `assembly` on a line that is none of these
 * @example assembleProgram("loop: addi a0, a0, -1\n bnez a0, loop\n ret", 0x80000000n)
 */
export function assembleProgram(source: string, base = 0n): Program {
  const { statements, labels, size } = layOut(source, base);
  const bytes = new Uint8Array(size);
  for (const statement of statements) {
    const pc = base + BigInt(statement.offset);
    const resolve: Resolve = (text) => parseNumber(text) ?? labels.get(text) ?? relocation(text, labels, pc);
    writeStatement(bytes, statement, resolve, pc);
  }
  return { bytes, labels };
}

/** The bytes of a program at address `base`; see `assembleProgram`. */
export function assemble(source: string, base = 0n): Uint8Array {
  return assembleProgram(source, base).bytes;
}

/** The word of a single instruction, such as `"addi a0, a1, -5"`; branch targets are relative to address 0. */
export function assembleWord(line: string): number {
  return encodeLine(line, parseNumber, 0n).word;
}
