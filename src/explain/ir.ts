/** The intermediate representation of a region as text. */

import { Ir, Mode, Step, Term } from "../../assembly/shared/ir.ts";
import type { RegionBlock, RegionInsn, RegionNode, RegionParts, Span } from "../core/explained.ts";
import { PRIV_NAMES } from "../core/regions.ts";
import { insnText } from "./guest.ts";
import { constantText, hex, operatorName, registerNames, valueName } from "./names.ts";

/** All blocks in the order in which they are emitted from. */
export function irText(region: RegionParts): string {
  return [
    headText(region),
    ...region.blocks.map((block, index) => blockText(block, index, hex(region.pc).length)),
  ].join("\n");
}

function headText({ pc, mode, instructions, blocks }: RegionParts): string {
  const assumed = [mode & Mode.FLAT ? "RAM is one window" : "", mode & Mode.FLOAT ? "FS is dirty" : ""];
  const where = `${PRIV_NAMES[(mode >>> Mode.PRIV_SHIFT) & 3] ?? "?"} mode`;
  const counts = `${counted(instructions, "instruction")}, ${counted(blocks.length, "block")}`;
  return `region ${hex(pc)}: ${counts}; ${[where, ...assumed.filter((text) => text !== "")].join(", ")}\n`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** `width`: of an address. */
function blockText(block: RegionBlock, index: number, width: number): string {
  const { pc, loop, depth, uncharged, live, dirty, spans, nodes, insns } = block;
  const checked = [...spans].map(([register, span]) => spanText(register, span));
  const remarks = [
    loop ? "loop" : "",
    depth === 0 ? "" : `inlined, depth ${depth}`,
    uncharged === 0 ? "" : `uncharged ${uncharged}`,
    live === 0n ? "" : `live ${registerNames(live)}`,
    dirty === 0n ? "" : `dirty ${registerNames(dirty)}`,
    checked.length === 0 ? "" : `checked ${checked.join(" ")}`,
  ].filter((text) => text !== "");
  const name = block.term === Term.DISPATCH ? "table" : hex(pc);
  const head = `b${index} ${name}${remarks.length === 0 ? "" : `  ${remarks.join("; ")}`}\n`;
  let shown: bigint | undefined;
  const line = (at: bigint | undefined, text: string) => {
    const label = at === undefined || at === shown ? "" : hex(at);
    shown = at;
    return `  ${label.padEnd(width)}  ${text}\n`;
  };
  const lines = nodes.map((node) => line(node.pc, nodeText(node, insnAt(insns, node.pc))));
  return head + lines.join("") + line(endsAt(block), terminatorText(block));
}

/** The address of the instruction that ends the block. */
function endsAt({ term, insns }: RegionBlock): bigint | undefined {
  return term === Term.NEXT ? undefined : insns.at(-1)?.pc;
}

function insnAt(insns: readonly RegionInsn[], pc: bigint): string {
  const insn = insns.find((candidate) => candidate.pc === pc);
  return insn === undefined ? "?" : insnText(insn);
}

function spanText(register: number, { lo, hi }: Span): string {
  return `${valueName(register)}[${lo},${hi})`;
}

function goesTo(successor: number | undefined, pc: bigint): string {
  return successor === undefined ? `leave ${hex(pc)}` : `b${successor}`;
}

function terminatorText({ term, taken, next, targets, targetPc, nextPc, insns }: RegionBlock): string {
  const last = insns.at(-1);
  switch (term) {
    case Term.NEXT:
      return `-> ${goesTo(taken, nextPc)}`;
    case Term.JUMP:
      return `-> ${goesTo(taken, targetPc)}`;
    case Term.BRANCH: {
      const condition = last === undefined ? "?" : insnText(last).replace(/,?(0x)?[\da-f]+$/, "");
      return `if ${condition} -> ${goesTo(taken, targetPc)} else ${goesTo(next, nextPc)}`;
    }
    case Term.RETURN:
      return `return %0: if ${hex(targetPc)} -> ${goesTo(taken, targetPc)} else leave %0`;
    case Term.INDIRECT:
      return taken === undefined ? "leave %0" : `%0 -> b${taken}`;
    case Term.DISPATCH: {
      const known = targets.filter(({ block }) => block !== undefined);
      return `dispatch %0: ${known.map(({ pc, block }) => `${hex(pc)} -> b${block}, `).join("")}else leave %0`;
    }
    case Term.INTERPRET:
      return `interpret ${last?.pc === nextPc ? insnText(last) : hex(nextPc)}`;
    case Term.CALL:
      return `call ${hex(targetPc)}, then ${goesTo(taken, nextPc)}`;
    case Term.CALL_INDIRECT:
      return `call %0, then ${goesTo(taken, nextPc)}`;
    case Term.RETURN_UP:
      return "return %0";
    case Term.GUESS:
      return `call %0: if ${hex(targetPc)} -> ${goesTo(taken, targetPc)} else ${goesTo(next, nextPc)}`;
  }
}

/** One node. `insn` is the instruction it belongs to, for those that are done by the core. */
function nodeText(node: RegionNode, insn: string): string {
  const text = operationText(node, insn);
  const remark = checkText(node);
  return remark === "" ? text : `${text.padEnd(28)} ${remark}`;
}

function checkText({ op, check, a, span, stored }: RegionNode): string {
  if (op !== Ir.LOAD && op !== Ir.STORE)
    return check === Step.CARRY ? "span carried" : check === Step.KNOWN ? "span known" : "";
  // Nobody has looked yet.
  if (check === Step.NOTHING) return "";
  if (check === Step.ALONE) return "checked alone";
  return `${check === Step.COVERED ? "covered by" : "checks"} ${spanText(a, span)}${stored ? " to store" : ""}`;
}

function operationText(node: RegionNode, insn: string): string {
  const { op, w, dst, a, b, c, size, imm } = node;
  const left = dst === 0 ? "_" : valueName(dst);
  const [first, second, third] = [valueName(a), valueName(b), valueName(c)];
  const operator = operatorName(w) ?? "?";
  const float = size === 4 ? "f32" : "f64";
  const integer = `${c & 16 ? "s" : "u"}${8 * (c & 15)}`;
  switch (op) {
    case Ir.CONST:
      // Large ones are addresses more often than not.
      return `${left} = ${constantText(imm < -0xffffn ? BigInt.asUintN(64, imm) : imm)}`;
    case Ir.ENTRY:
      return `${left} = entry ${constantText(imm)}`;
    case Ir.MOVE:
      return `${left} = ${first}`;
    case Ir.BINARY:
    case Ir.COMPARE:
    case Ir.FLOAT:
    case Ir.FLOAT_COMPARE:
    case Ir.FLOAT_SELECT:
      return `${left} = ${operator} ${first}, ${second}`;
    case Ir.BINARY_I:
    case Ir.COMPARE_I:
      return `${left} = ${operator} ${first}, ${constantText(imm)}`;
    case Ir.WORD:
      return `${left} = word ${operator} ${first}, ${second}`;
    case Ir.WORD_I:
      return `${left} = word ${operator} ${first}, ${constantText(imm)}`;
    case Ir.UNARY:
    case Ir.UNARY_W:
      return `${left} = ${operator} ${first}`;
    case Ir.DIVIDE:
      return `${left} = divide ${operator} ${first}, ${second}`;
    case Ir.MULTIPLY_HIGH:
      return `${left} = multiply_high ${["uu", "su", "ss"][size] ?? "?"} ${first}, ${second}`;
    case Ir.LOAD:
      return `${left} = ${operator} ${addressText(a, imm)}`;
    case Ir.STORE:
      return `${operator} ${addressText(a, imm)} = ${second}`;
    case Ir.SELECT_ZERO:
      return `${left} = ${second} ${imm === 0n ? "==" : "!="} 0 ? 0 : ${first}`;
    case Ir.FLOAT_ROOT:
      return `${left} = ${float}.sqrt ${first}`;
    case Ir.FLOAT_FMA:
      return `${left} = ${float}.fma ${w & 1 ? "-" : ""}${first} * ${second} ${w & 2 ? "-" : "+"} ${third}`;
    case Ir.FLOAT_SIGN:
      return `${left} = ${float}.${["sign", "sign_inverted", "sign_xor"][w] ?? "?"} ${first}, ${second}`;
    case Ir.FLOAT_MOVE:
      return `${left} = ${float}.bits ${first}`;
    case Ir.FLOAT_FROM_INT:
      return `${left} = ${float}.from_${integer} ${first}`;
    case Ir.FLOAT_TO_INT:
      return `${left} = ${integer}.from_${float} ${operator} ${first}`;
    case Ir.FLOAT_CONVERT:
      return `${left} = ${float}.from_${size === 4 ? "f64" : "f32"} ${first}`;
    case Ir.FLOAT_CLASS:
      return `${left} = ${float}.class ${first}`;
    case Ir.ATOMIC:
      return `${left} = atomic ${w === 0 ? "swap" : operator} ${8 * size} [${first}], ${second}`;
    case Ir.LOAD_RESERVED:
      return `${left} = load_reserved ${8 * size} [${first}]`;
    case Ir.STORE_CONDITIONAL:
      return `${left} = store_conditional ${8 * size} [${first}] = ${second}`;
    case Ir.CALLOUT:
      return `${left} = callout ${insn}`;
    case Ir.SYSTEM:
      return `${left} = system ${insn}`;
    case Ir.CSR:
      return `${left} = csr ${insn}`;
  }
}

function addressText(base: number, offset: bigint): string {
  const name = valueName(base);
  if (offset === 0n) return `[${name}]`;
  return `[${name}${offset < 0n ? "-" : "+"}${offset < 0n ? -offset : offset}]`;
}
