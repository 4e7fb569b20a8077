/** A difference in words. */

import type { Differences } from "./compare.ts";
import type { TracedInstruction } from "./trace.ts";

/** A difference, in the shortest slice that shows it. */
export interface LockstepDifference extends Differences {
  /** Instructions retired when it was found, by the interpreter. */
  readonly instructions: number;
  /** Instructions retired up to when all was still the same. */
  readonly after: number;
  /** Steps (instructions and traps) from then on. */
  readonly steps: number;
  /** The hart that ran. */
  readonly hart: number;
  /** Its pc when it was found, in the interpreter. */
  readonly pc: bigint;
  /** The interpreter's last instructions. */
  readonly trace: readonly TracedInstruction[];
  /** By the name of a register that differs: the instruction that wrote it in the interpreter. */
  readonly writers: ReadonlyMap<string, TracedInstruction>;
  /** Whether it shows each time. */
  readonly repeatable: boolean;
  /** All this for people. */
  readonly text: string;
}

const hex = (value: bigint | number, digits = 16): string => `0x${value.toString(16).padStart(digits, "0")}`;

const MOST_REGISTERS = 40;

function table(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(0, ...rows.map((row) => row.length - 1));
  const widths = Array.from({ length: columns }, (_, i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ")}`.trimEnd());
}

const place = ({ pc, mode, text }: TracedInstruction): string =>
  `${mode} ${hex(pc)}  ${(text ?? "(cannot be fetched)").replace("\t", " ")}`;

function registerLines({ registers, writers, hart }: LockstepDifference): string[] {
  if (registers.length === 0) return [];
  const rows = registers.slice(0, MOST_REGISTERS).map((difference) => {
    const writer = difference.hart === hart ? writers.get(difference.name) : undefined;
    const name = difference.hart === hart ? difference.name : `hart ${difference.hart} ${difference.name}`;
    const values = [hex(difference.interpreter), hex(difference.translator)];
    return [name, ...values, writer === undefined ? "" : `written by ${place(writer)}`];
  });
  const more = registers.length - rows.length;
  return [
    "",
    ...table([["register", "interpreter", "translator"], ...rows]),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

function memoryLines({ memory, memoryWords }: LockstepDifference): string[] {
  if (memoryWords === 0) return [];
  const rows = memory.map(({ pa, interpreter, translator }) => [hex(pa, 8), hex(interpreter), hex(translator)]);
  const more = memoryWords - rows.length;
  return [
    "",
    ...table([["memory", "interpreter", "translator"], ...rows]),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

function otherLines({ others }: LockstepDifference): string[] {
  return others.flatMap(({ what, interpreter, translator }) => [
    "",
    `  ${what}`,
    `    interpreter: ${interpreter}`,
    `    translator:  ${translator}`,
  ]);
}

/** The report on a difference, for people. */
export function reportText(difference: LockstepDifference): string {
  const { hart, pc, steps, after, instructions, trace, repeatable } = difference;
  const lines = [
    `The engines differ after ${instructions} instructions, at ${hex(pc)} on hart ${hart}.`,
    `They were the same after ${after}, ${steps} steps before.`,
    ...(repeatable ? [] : ["Run again, the difference did not show, so this is as close as it gets."]),
    ...registerLines(difference),
    ...memoryLines(difference),
    ...otherLines(difference),
    ...(trace.length === 0
      ? []
      : ["", "  The interpreter's last instructions:", ...trace.map((at) => `  ${place(at)}`)]),
  ];
  return `${lines.join("\n")}\n`;
}
