/** Which instructions a random program is made of. */

import { instructions, type Instruction } from "../instruction.ts";
import type { Random } from "./values.ts";

/** What the machine under comparison has: names of tables (`rv_zba`), and `Zcb` or `Zcmop`. */
export type Extensions = ReadonlySet<string>;

const isMemory = (insn: Instruction): boolean => insn.asm.includes("imm(");
const isAtomic = (insn: Instruction): boolean => insn.fields.has("a");

/** Tables whose system instructions disturb nothing. */
const harmless = ["rv_zicsr", "rv_zihint", "rv_zifencei"];

/** Instructions that need no frame of others around them and stay in the program. */
function isPlain(insn: Instruction): boolean {
  const { flow, table, name } = insn;
  if (isMemory(insn) || isAtomic(insn) || flow === "branch" || flow === "jump") return false;
  if (flow === "system") return harmless.includes(table);
  return table !== "rv_zicbo" && name !== "c.addi16sp";
}

function groupPlain(present: readonly Instruction[]): Instruction[][] {
  const groups = new Map<string, Instruction[]>();
  for (const insn of present.filter(isPlain)) {
    const name = insn.length === 2 ? "rv_c" : insn.table;
    groups.set(name, [...(groups.get(name) ?? []), insn]);
  }
  return [...groups.values()];
}

/** Rows by how a program uses them. */
export class Pool {
  readonly memory: readonly Instruction[];
  readonly atomic: readonly Instruction[];
  readonly branches: readonly Instruction[];
  readonly cacheBlocks: readonly Instruction[];
  /** By table. */
  private readonly plain: readonly (readonly Instruction[])[];
  private readonly base: readonly Instruction[];

  /** All rows of `extensions` but those named in `except`. */
  constructor(extensions: Extensions, except: readonly string[] = []) {
    const present = instructions.filter(
      ({ name, table, extension }) =>
        extensions.has(table) && (extension === undefined || extensions.has(extension)) && !except.includes(name),
    );
    this.plain = groupPlain(present);
    this.base = present.filter((insn) => isPlain(insn) && insn.table === "rv_i");
    this.memory = present.filter((insn) => isMemory(insn) && insn.flow === "trap");
    this.atomic = present.filter(isAtomic);
    this.branches = present.filter((insn) => insn.flow === "branch");
    this.cacheBlocks = present.filter((insn) => insn.table === "rv_zicbo");
  }

  /** Tables have equal chances, but the base comes more often. */
  pickPlain(random: Random): Instruction {
    return random.pick(random.oneIn(3) ? this.base : random.pick(this.plain));
  }
}
