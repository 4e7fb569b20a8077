/** Writes `assembly/isa/decode.ts`: the decision tree from an instruction word to its record. */

import { compressedInstructions, wideInstructions, type Condition, type Instruction } from "../instruction.ts";
import { opOf } from "../ops.ts";
import { compressedRecord, unsignedField, wideRecord } from "./pack.ts";
import { heading } from "./text.ts";

/** A switch looks at no more bits at once than this, so that its cases stay dense. */
const MAX_SWITCH_BITS = 5;

const hex = (value: number): string => `0x${(value >>> 0).toString(16)}`;
const countBits = (mask: number): number => Array.from((mask >>> 0).toString(2)).filter((bit) => bit === "1").length;

/** A run of bits that a switch looks at. */
interface Run {
  readonly low: number;
  readonly width: number;
}

const runMask = ({ low, width }: Run): number => ((2 ** width - 1) * 2 ** low) >>> 0;
const runValue = (insn: Instruction, run: Run): number => Math.floor(insn.match / 2 ** run.low) % 2 ** run.width;

/** Runs of set bits in `mask`, each cut to the switch's width from its top. */
function runsOf(mask: number): Run[] {
  const runs: Run[] = [];
  for (let high = 31; high >= 0; high--) {
    if (!((mask >>> high) & 1)) continue;
    let low = high;
    while (low > 0 && (mask >>> (low - 1)) & 1 && high - low + 1 < MAX_SWITCH_BITS) low--;
    runs.push({ low, width: high - low + 1 });
    while (low > 0 && (mask >>> (low - 1)) & 1) low--;
    high = low;
  }
  return runs;
}

const distinct = (rows: readonly Instruction[], run: Run): number =>
  new Set(rows.map((insn) => runValue(insn, run))).size;

/** The run that tells most of the rows apart, if any does. */
function bestRun(rows: readonly Instruction[], mask: number): Run | undefined {
  const [best] = runsOf(mask).sort((a, b) => distinct(rows, b) - distinct(rows, a));
  return best && distinct(rows, best) > 1 ? best : undefined;
}

function conditionText(insn: Instruction, { letter, test, value }: Condition): string {
  const field = insn.fields.get(letter)!;
  const text = `(${unsignedField(field)})`;
  if (test === "even" || test === "odd") return `(${text} & 1) == ${test === "odd" ? 1 : 0}`;
  return `${text} ${test} ${value}`;
}

/** The tree as text; knows how a leaf is written. */
class TreeWriter {
  constructor(private readonly leaf: (insn: Instruction) => string) {}

  private returns(insn: Instruction, indent: string, tested: number): string {
    const rest = (insn.mask & ~tested) >>> 0;
    const tests = rest === 0 ? [] : [`(word & ${hex(rest)}) == ${hex(insn.match & rest)}`];
    tests.push(...insn.where.map((condition) => conditionText(insn, condition)));
    const result = `return ${this.leaf(insn)};\n`;
    return tests.length === 0 ? `${indent}${result}` : `${indent}if (${tests.join(" && ")}) ${result}`;
  }

  /** Rows that no common bits tell apart: the most special first. */
  private chain(rows: readonly Instruction[], indent: string, tested: number): string {
    const ordered = [...rows].sort((a, b) => countBits(b.mask) - countBits(a.mask));
    const lines = ordered.map((insn) => this.returns(insn, indent, tested)).join("");
    const last = ordered[ordered.length - 1]!;
    const unconditional = last.where.length === 0 && (last.mask & ~tested) === 0;
    return unconditional ? lines : `${lines}${indent}return illegal(word);\n`;
  }

  /** Statements that return the record of one of `rows`, whose bits under `tested` are known to match. */
  write(rows: readonly Instruction[], indent: string, tested: number): string {
    const common = rows.reduce((mask, insn) => mask & insn.mask, ~tested) >>> 0;
    const run = bestRun(rows, common);
    if (!run) return this.chain(rows, indent, tested);
    const cases = new Map<number, Instruction[]>();
    for (const insn of rows) cases.set(runValue(insn, run), [...(cases.get(runValue(insn, run)) ?? []), insn]);
    const next = (tested | runMask(run)) >>> 0;
    const text = [...cases]
      .sort(([a], [b]) => a - b)
      .map(([value, some]) => `${indent}  case ${value}: {\n${this.write(some, `${indent}    `, next)}${indent}  }\n`);
    const subject = run.low === 0 ? `word & ${2 ** run.width - 1}` : `(word >> ${run.low}) & ${2 ** run.width - 1}`;
    return `${indent}switch (${subject}) {\n${text.join("")}${indent}  default:\n${indent}    return illegal(word);\n${indent}}\n`;
  }
}

/** Instructions with the same operands and layout share a packing function. */
class Packers {
  private readonly names = new Map<string, string>();

  call(insn: Instruction): string {
    const record = wideRecord(insn);
    let name = this.names.get(record);
    if (!name) {
      name = `pack${this.names.size}`;
      this.names.set(record, name);
    }
    return `${name}(word, Op.${opOf(insn).name})`;
  }

  text(): string {
    return [...this.names]
      .map(([record, name]) => `function ${name}(word: u32, op: u32): u64 {\n  return ${record};\n}\n`)
      .join("\n");
  }
}

/** `assembly/isa/decode.ts`. */
export function decodeFile(): string {
  const packers = new Packers();
  const wide = new TreeWriter((insn) => packers.call(insn)).write(wideInstructions, "  ", 3);
  const compressed = new TreeWriter(compressedRecord).write(compressedInstructions, "  ", 0);
  return [
    heading("From an instruction word to its record (docs/design/records.md)."),
    'import { Op } from "./op";\n',
    `function illegal(word: u32): u64 {\n  return <u64>Op.ILLEGAL | ((<u64>word) << 32);\n}\n`,
    packers.text(),
    `/** The record of a 4-byte instruction; the low two bits of \`word\` are ones. */\nexport function decode(word: u32): u64 {\n${wide}}\n`,
    `/** The record of a 2-byte instruction in the low half of \`word\`; its upper half is zero. */\nexport function decode16(word: u32): u64 {\n${compressed}}\n`,
  ].join("\n");
}
