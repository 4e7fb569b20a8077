/** The guest instructions of a region, as a listing. */

import { Term } from "../../assembly/shared/ir.ts";
import type { RegionInsn, RegionParts } from "../core/explained.ts";
import { disassemble } from "../isa/disasm.ts";
import { hex } from "./names.ts";

/** An instruction as text, its operands after one space. */
export function insnText({ pc, word }: RegionInsn): string {
  return disassemble(word, pc).text.replace("\t", " ");
}

/**
 * Each instruction once, by address, with a blank line where addresses are left out. What the interpreter does at the region's
 * ends is marked.
 */
export function guestText({ blocks }: RegionParts): string {
  const lines = new Map<bigint, { insn: RegionInsn; interpreted: boolean }>();
  for (const { insns, term, nextPc } of blocks) {
    for (const insn of insns) {
      const interpreted = term === Term.INTERPRET && insn.pc === nextPc;
      if (!interpreted || !lines.has(insn.pc)) lines.set(insn.pc, { insn, interpreted });
    }
  }
  const sorted = [...lines.values()].sort((a, b) => (a.insn.pc < b.insn.pc ? -1 : 1));
  let end = sorted[0]?.insn.pc ?? 0n;
  let text = "";
  for (const { insn, interpreted } of sorted) {
    if (insn.pc !== end) text += "\n";
    text += `${hex(insn.pc)}  ${wordText(insn)}  ${insnText(insn)}${interpreted ? "    # interpreted" : ""}\n`;
    end = insn.pc + ((insn.word & 3) === 3 ? 4n : 2n);
  }
  return text;
}

function wordText({ word }: RegionInsn): string {
  return word
    .toString(16)
    .padStart((word & 3) === 3 ? 8 : 4, "0")
    .padEnd(8);
}
