/** Expressions (AssemblyScript text over `word: u32`) that move an instruction's fields into a record. */

import type { Field, Piece } from "../bits.ts";
import { splitOperands, type Instruction } from "../instruction.ts";
import { opOf } from "../ops.ts";

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;

/** The bits of `piece`, moved so that its value bit 0 would stand at bit `base`. */
function place(piece: Piece, base: number): string {
  const to = piece.to + base;
  const shift = to - piece.from;
  const moved = shift === 0 ? "word" : shift > 0 ? `(word << ${shift})` : `(word >> ${-shift})`;
  return `(${moved} & ${hex((2 ** piece.width - 1) * 2 ** to)})`;
}

/** A field's value as a u32 expression, shifted up by `base`. */
export function unsignedField(field: Field, base = 0): string {
  return field.pieces.map((piece) => place(piece, base)).join(" | ");
}

/** The top piece moves to bit 31 and back arithmetically. */
function signedTop({ from, to, width }: Piece): string {
  const left = 32 - from - width;
  const top = left === 0 ? "<i32>word" : `<i32>(word << ${left})`;
  const value = `(${top} >> ${32 - width})`;
  return to === 0 ? value : `(${value} << ${to})`;
}

/** A field's value as an expression of 32 bits, sign-extended where the field is signed. */
function immediate(field: Field): string {
  if (!field.signed) return unsignedField(field);
  const [top, ...rest] = [...field.pieces].sort((a, b) => b.to - a.to);
  const low = rest.map((piece) => place(piece, 0)).join(" | ");
  return low === "" ? `<u32>${signedTop(top!)}` : `<u32>${signedTop(top!)} | ${low}`;
}

/** The bytes of a record that name registers. */
const registerBytes: Readonly<Record<string, number>> = { d: 8, s: 16, t: 24 };

const integerRd = (insn: Instruction): boolean => splitOperands(insn.asm).some((operand) => /^rd'?$/.test(operand));

/** An integer rd is encoded relative to x1 in a byte: x0 wraps to 248. */
function wideRegister(insn: Instruction, letter: string, byte: number): string | undefined {
  const field = insn.fields.get(letter);
  if (!field) return undefined;
  const scaled = unsignedField(field, byte + 3);
  return letter === "d" && integerRd(insn) ? `((${scaled}) - 0x800 & 0xff00)` : scaled;
}

/** The op and register bytes of a 4-byte instruction's record. */
function wideLow(insn: Instruction): string {
  const parts = [insn.hot ? "op" : "<u32>Op.EXT"];
  for (const [letter, byte] of Object.entries(registerBytes)) {
    const text = wideRegister(insn, letter, byte);
    if (text) parts.push(text);
  }
  const zimm = insn.fields.get("z");
  if (zimm) parts.push(unsignedField(zimm, 16));
  return parts.join(" | ");
}

/** The imm half: the immediate of hot instructions, otherwise op (if rare) and the argument in bits 16 to 31. */
function wideHigh(insn: Instruction): string {
  const imm = insn.fields.get("i");
  if (insn.hot && imm) return immediate(imm);
  const parts = insn.hot ? [] : ["op"];
  const argument = insn.fields.get("m") ?? insn.fields.get("c") ?? imm;
  if (argument) parts.push(unsignedField(argument, 16));
  const rs3 = insn.fields.get("u");
  if (rs3) parts.push(unsignedField(rs3, 27));
  return parts.join(" | ");
}

/** The record of a 4-byte instruction as an expression over `word` and `op`. */
export function wideRecord(insn: Instruction): string {
  const high = wideHigh(insn);
  return high === "" ? `<u64>(${wideLow(insn)})` : `<u64>(${wideLow(insn)}) | (<u64>(${high}) << 32)`;
}

/** A register byte of a compressed instruction's record: a constant, or text. */
function compressedRegister(insn: Instruction, letter: string, byte: number): string | number | undefined {
  const source = insn.sources?.get(letter);
  if (!source) return undefined;
  const fromX1 = letter === "d" && insn.base !== undefined && integerRd(insn.base);
  if ("constant" in source) return ((source.constant * 8 - (fromX1 ? 8 : 0)) & 0xff) * 2 ** byte;
  const field = insn.fields.get(source.letter);
  if (!field) throw new Error(`${insn.name}: no field ${source.letter}`);
  const scaled = unsignedField(field, byte + 3);
  if ("DST".includes(source.letter)) return `(${scaled}) + ${hex((fromX1 ? 56 : 64) * 2 ** byte)}`;
  return fromX1 ? `((${scaled}) - 0x800 & 0xff00)` : scaled;
}

function compressedHigh(insn: Instruction): string {
  if (!insn.base?.hot) return `${opOf(insn).op}`;
  const source = insn.sources?.get("i");
  if (!source) return "";
  if ("constant" in source) return source.constant === 0 ? "" : hex(source.constant);
  return immediate(insn.fields.get(source.letter)!);
}

/** The record of a 2-byte instruction as an expression over `word`. */
export function compressedRecord(insn: Instruction): string {
  const { name } = opOf(insn);
  let constant = 0;
  const parts = [insn.base?.hot ? `<u32>Op.${name}` : "<u32>Op.C_EXT"];
  for (const [letter, byte] of Object.entries(registerBytes)) {
    const part = compressedRegister(insn, letter, byte);
    if (typeof part === "number") constant += part;
    else if (part) parts.push(`(${part})`);
  }
  if (constant > 0) parts.push(hex(constant));
  const high = compressedHigh(insn);
  const low = `<u64>(${parts.join(" | ")})`;
  return high === "" ? low : `${low} | (<u64>(${high}) << 32)`;
}
