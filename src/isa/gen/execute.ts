/** Writes `assembly/interp/execute.ts`: one record through its handler, all state in the hart. */

import { FIRST_EXT_OP, ops, type OpEntry } from "../ops.ts";
import type { Flow } from "../row.ts";
import { heading } from "./text.ts";

/** A handler and all ops that use it. */
interface Group {
  readonly table: string;
  readonly handler: string;
  readonly flow: Flow;
  readonly names: string[];
}

/** Compressed ops join their base's handler. */
function groupByHandler(entries: readonly OpEntry[]): Group[] {
  const groups = new Map<string, Group>();
  for (const { name, insn } of entries) {
    const { table, handler, flow } = insn;
    const group = groups.get(handler) ?? { table, handler, flow, names: [] };
    groups.set(handler, group);
    group.names.push(name);
  }
  return [...groups.values()];
}

function caseText({ table, handler, flow, names }: Group): string {
  const labels = names.map((name) => `    case Op.${name}:\n`).join("");
  const call = `${table}.${handler}(hart, r)`;
  const body = flow === "branch" ? `if (${call}) hart.pc = hart.runPc + <u64>imm(r)` : call;
  return `${labels}      ${body};\n      break;\n`;
}

function executor(doc: string, signature: string, subject: string, groups: readonly Group[], end: string): string {
  const cases = groups.map(caseText).join("");
  return `/** ${doc} */\n${signature} {\n  switch (${subject}) {\n${cases}${end}  }\n}\n`;
}

const ILLEGAL_CASE = `    default:
      raise(hart, Cause.ILLEGAL, r >> 32);
`;

const EXT_CASE = `    case Op.EXT:
    case Op.C_EXT:
      execute_ext(hart, <u32>(r >> 32) & 0xffff, r);
      break;
`;

/** `assembly/interp/execute.ts`. */
export function executeFile(): string {
  const primary = groupByHandler(ops.filter(({ op }) => op < FIRST_EXT_OP));
  const rare = groupByHandler(ops.filter(({ op }) => op >= FIRST_EXT_OP));
  const files = [...new Set([...primary, ...rare].map((group) => group.table))].sort();
  return [
    heading("Any record through its handler, with all state in the hart."),
    'import { imm } from "../state/regs";\n' +
      'import { raise } from "../state/raise";\n' +
      files.map((file) => `import * as ${file} from "../insn/${file}";\n`).join("") +
      'import { Cause } from "../shared/constants";\nimport { Op } from "../isa/op";\nimport { Hart } from "../state/state";\n',
    executor(
      "Executes record `r`, of an instruction at `hart.runPc`; `hart.pc` is already the next one's, and changes when it jumps.",
      "export function execute(hart: Hart, r: u64): void",
      "<u32>r & 0xff",
      primary,
      EXT_CASE + ILLEGAL_CASE,
    ),
    executor(
      "Executes an EXT or C_EXT record whose op is `op`.",
      "export function execute_ext(hart: Hart, op: u32, r: u64): void",
      "op",
      rare,
      ILLEGAL_CASE,
    ),
  ].join("\n");
}
