/** Op numbers: what the low byte of a record says. */

import { compressedInstructions, instructions, wideInstructions, type Instruction } from "./instruction.ts";

/** Ops that are not instructions, numbered from 0. */
export const specialOps: readonly (readonly [name: string, doc: string])[] = [
  ["UNDECODED", "not decoded yet: a zeroed record"],
  ["ILLEGAL", "no instruction; imm holds the encoding"],
  ["STRADDLE", "a 4-byte instruction that begins in the last halfword of a page"],
  ["PAGE_END", "the guard after the last record of a page"],
  ["EXT", "4 bytes long; the op is the low 16 bits of imm"],
  ["C_EXT", "2 bytes long; the op is the low 16 bits of imm"],
  ["REGION", "a translated region begins here; imm is the address of its descriptor, which keeps the record"],
];

/** The first op number that does not fit a record's low byte. */
export const FIRST_EXT_OP = 256;

/** An op and the instruction it stands for. */
export interface OpEntry {
  readonly op: number;
  readonly name: string;
  readonly insn: Instruction;
}

/** `fence.i` is `FENCE_I`. */
export const opName = (insn: Instruction): string => insn.name.replace(/\.N$/, "").replaceAll(".", "_").toUpperCase();

function assignOps(): OpEntry[] {
  const hot = [...wideInstructions, ...compressedInstructions].filter((insn) => insn.hot);
  const rare = wideInstructions.filter((insn) => !insn.hot);
  const entry = (first: number) => (insn: Instruction, i: number) => ({ op: first + i, name: opName(insn), insn });
  const primary = hot.map(entry(specialOps.length));
  if (specialOps.length + primary.length > FIRST_EXT_OP) throw new Error("too many hot instructions");
  return [...primary, ...rare.map(entry(FIRST_EXT_OP))];
}

/** Every op that is an instruction, by rising number. */
export const ops: readonly OpEntry[] = assignOps();

const byInstruction = new Map(ops.map((entry) => [entry.insn.name, entry]));

/** The op a record of `insn` names; for a rare compressed instruction its base's. */
export function opOf(insn: Instruction): OpEntry {
  const entry = byInstruction.get(insn.sharesOp ?? insn.name) ?? (insn.base && byInstruction.get(insn.base.name));
  if (!entry) throw new Error(`${insn.name} has no op`);
  return entry;
}

/** The instruction an op number stands for. */
export const instructionOfOp: ReadonlyMap<number, Instruction> = new Map(ops.map(({ op, insn }) => [op, insn]));

/** Looks a mnemonic up. */
export const instructionByName: ReadonlyMap<string, Instruction> = new Map(
  instructions.map((insn) => [insn.name, insn]),
);
