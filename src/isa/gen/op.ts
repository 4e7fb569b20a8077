/** Writes `assembly/isa/op.ts`, the op numbers, and `assembly/isa/optable.ts`, what is known of each. */

import type { Flow, OpFlag } from "../row.ts";
import { FIRST_EXT_OP, opOf, ops, specialOps } from "../ops.ts";
import { splitOperands } from "../instruction.ts";
import { heading } from "./text.ts";

/** Numbers of the flows in the core. */
export const flowNumbers: Readonly<Record<Flow, number>> = { none: 0, pc: 1, branch: 2, jump: 3, trap: 4, system: 5 };

/** Bits of `op_flags`. */
const flagBits: Readonly<Record<OpFlag, number>> = { access: 1, float: 2, reads_rd: 4, csr: 8, zimm: 16, stays: 32 };

/** `assembly/isa/op.ts`. */
export function opFile(): string {
  const special = specialOps.map(([name, doc], i) => `  /** ${doc} */\n  ${name} = ${i},\n`);
  const members = ops.map(({ op, name, insn }) => `  /** \`${insn.name}\` */\n  ${name} = ${op},\n`);
  const flows = Object.entries(flowNumbers).map(([name, number]) => `  ${name.toUpperCase()} = ${number},\n`);
  const flags = Object.entries(flagBits).map(([name, bit]) => `  ${name.toUpperCase()} = ${bit},\n`);
  return [
    heading("Op numbers: the low byte of a record, or from 256 up the low half of an EXT record's imm."),
    `export enum Op {\n${special.join("")}${members.join("")}}\n`,
    `/** The first op that only EXT and C_EXT records carry. */\nexport const FIRST_EXT_OP = ${FIRST_EXT_OP};\n`,
    `/** How the dispatcher uses a handler (docs/design/records.md). */\nexport enum Flow {\n${flows.join("")}}\n`,
    `/** What the translator asks of an op (\`OpFlag\` in src/isa/row.ts). */\nexport enum OpFlag {\n${flags.join("")}}\n`,
  ].join("\n");
}

/** Bits of `op_operands`. */
const operandBits: Readonly<Record<string, number>> = { rd: 1, fd: 2, rs1: 4, fs1: 8, rs2: 16, fs2: 32, fs3: 64 };

function byteTable(name: string, values: readonly number[], type: "u8" | "u16"): string {
  const rows: string[] = [];
  for (let i = 0; i < values.length; i += 24) rows.push(`  ${values.slice(i, i + 24).join(", ")},\n`);
  return `const ${name} = memory.data<${type}>([\n${rows.join("")}]);\n`;
}

/** `assembly/isa/optable.ts`. */
export function opTableFile(): string {
  const count = Math.max(...ops.map((entry) => entry.op)) + 1;
  const lengths = Array<number>(count).fill(0);
  // The handler does not know how it was reached: the dispatcher steps over EXT and C_EXT records by these.
  lengths[specialOps.findIndex(([name]) => name === "EXT")] = 4;
  lengths[specialOps.findIndex(([name]) => name === "C_EXT")] = 2;
  const flows = Array<number>(count).fill(0);
  const operands = Array<number>(count).fill(0);
  const flags = Array<number>(count).fill(0);
  const bases = Array.from({ length: count }, (_, op) => op);
  for (const { op, insn } of ops) {
    lengths[op] = insn.length;
    flows[op] = flowNumbers[insn.flow];
    for (const flag of insn.flags) flags[op]! |= flagBits[flag];
    if (insn.base) bases[op] = opOf(insn.base).op;
    for (const operand of splitOperands(insn.asm)) operands[op]! |= operandBits[operand] ?? 0;
  }
  return [
    heading("What is known of each op."),
    'import { Flow } from "./op";\n',
    byteTable("lengths", lengths, "u8"),
    byteTable("flows", flows, "u8"),
    byteTable("flags", flags, "u8"),
    byteTable("operands", operands, "u8"),
    byteTable("bases", bases, "u16"),
    `/** Bytes of the instruction; an op from 256 up is 2 long when its record is a C_EXT. 0 for ops that are none. */
export function op_length(op: u32): u32 {
  return op < ${count} ? load<u8>(lengths + op) : 0;
}

/** How its handler is used; NONE for ops that are no instructions. */
export function op_flow(op: u32): Flow {
  return op < ${count} ? load<u8>(flows + op) : Flow.NONE;
}

/** \`OpFlag\` bits. */
export function op_flags(op: u32): u32 {
  return op < ${count} ? load<u8>(flags + op) : 0;
}

/** Whether it is an instruction; the ops below are notes of the decoder and the translator. */
export function is_instruction(op: u32): bool {
  return op >= ${specialOps.length};
}

/** Which operands it has: bit 0 rd, 1 fd, 2 rs1, 3 fs1, 4 rs2, 5 fs2, 6 fs3. */
export function op_operands(op: u32): u32 {
  return op < ${count} ? load<u8>(operands + op) : 0;
}

/** The op of the instruction that a compressed one abbreviates, otherwise \`op\` itself. */
export function op_base(op: u32): u32 {
  return op < ${count} ? load<u16>(bases + (op << 1)) : op;
}
`,
  ].join("\n");
}
