/** What is tried: every instruction of the tables, and every form of access to every CSR. */

import { assembleWord } from "../../isa/assemble.ts";
import { csrs } from "../../isa/csr.ts";
import { splitOperands, wideInstructions, type Instruction } from "../../isa/instruction.ts";

/** One instruction, with operands. */
export interface Subject {
  /** `"sret"`, `"csrrw satp"`. */
  readonly name: string;
  /** The table it stands in, or `"csr"`. */
  readonly table: string;
  readonly word: number;
  /** For accesses to CSRs: which, and whether it only reads. */
  readonly csr?: string;
  readonly reads?: boolean;
}

/** Where a1, an operand of CSR writes, has its bits: legal in each CSR, and different from what the base has. */
export const OPERAND = 0x2220n;

/** Operands by their name in the assembly syntax; see `prepareRegisters` for what the registers hold. */
const OPERANDS: Readonly<Record<string, string>> = {
  ...{ rd: "a2", rs1: "a0", rs2: "a4", fd: "fa2", fs1: "fa0", fs2: "fa1", fs3: "fa3" },
  ...{ rm: "rne", rm0: "rne", rtz: "rtz", imm: "0", shamt: "3", upper: "1", off: "8", fli: "1.0" },
  ...{ csr: "0x340", zimm: "2", pred: "rw", succ: "rw", n: "0" },
};

/** Forms of CSR access: the mnemonic and the operand after the CSR. */
const FORMS: readonly (readonly [mnemonic: string, operand: string, reads: boolean])[] = [
  ["csrrs", "zero", true],
  ["csrrw", "a1", false],
  ["csrrs", "a1", false],
  ["csrrc", "a1", false],
  ["csrrwi", "2", false],
  ["csrrsi", "2", false],
  ["csrrci", "2", false],
];

/** CSRs of which one stands for its like: hpmcounter4 is as hpmcounter3. */
const ALIKE = /^(m?hpmcounter|mhpmevent)([4-9]|[12]\d|3[01])$|^pmpaddr([2-9]|1\d)$/;

function lineOf(insn: Instruction): string {
  // JALR jumps to where a3 points, not into the data.
  const operands = splitOperands(insn.asm).map((slot) =>
    insn.name === "jalr" && slot === "rs1" ? "a3" : (OPERANDS[slot] ?? slot),
  );
  const [first = "", second = "", third = ""] = operands;
  const name = insn.name.replace(/\.N$/, ".0");
  if (insn.asm.endsWith("(rs1)")) {
    const parts = insn.asm.split(/,\s*/).map((part) => part.replace(/[a-z]\w*/g, (slot) => OPERANDS[slot] ?? slot));
    return `${name} ${parts.join(", ").replace("(a0)", insn.name === "jalr" ? "(a3)" : "(a0)")}`;
  }
  return `${name} ${[first, second, third, ...operands.slice(3)].filter((part) => part !== "").join(", ")}`;
}

/** Every instruction that is no CSR access. Compressed ones are abbreviations of these. */
export function instructionSubjects(): Subject[] {
  return wideInstructions
    .filter(({ table }) => table !== "rv_zicsr")
    .map((insn) => ({ name: insn.name, table: insn.table, word: assembleWord(lineOf(insn)) }));
}

/** Every CSR in every form. */
export function csrSubjects(): Subject[] {
  return csrs
    .filter(({ name }) => !ALIKE.test(name))
    .flatMap(({ name, number }) =>
      FORMS.map(([mnemonic, operand, reads]) => ({
        name: reads ? `csrr ${name}` : `${mnemonic} ${name}`,
        table: "csr",
        word: assembleWord(`${mnemonic} a2, ${number}, ${operand}`),
        csr: name,
        reads,
      })),
    );
}
