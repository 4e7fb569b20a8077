/** The shape of the instruction tables `rv_*.ts`, and the operand formats their rows name. */

/** How the dispatcher uses an instruction's handler (docs/design/records.md). */
export type Flow = "none" | "pc" | "branch" | "jump" | "trap" | "system";

/**
 * What the translator asks of an instruction besides its flow. It never compares op numbers: those depend on the order of the tables.
 *
 * - `access`: loads or stores, at rs1 plus the immediate
 * - `float`: looks at mstatus.FS, and is illegal while that is Off
 * - `reads_rd`: rd, or the register after it, is an operand too
 * - `csr`: reads or writes the CSR that it names
 * - `zimm`: its operand is the five-bit immediate in the place of rs1
 * - `stays`: of the flow `system`, but neither jumps nor changes the privilege mode; translated code may have it executed and go on
 */
export type OpFlag = "access" | "float" | "reads_rd" | "csr" | "zimm" | "stays";

/** Operands in assembly order, and where the immediate's bits come from unless the row says so itself. */
interface FormatShape {
  readonly asm: string;
  /** Of all instructions with these operands. */
  readonly flags?: readonly OpFlag[];
  readonly simm?: string;
  readonly uimm?: string;
}

/**
 * Operand syntax by format. `rd rs1 rs2` are x registers, `fd fs1 fs2 fs3` f registers, a prime marks the
 * three-bit form; a left-out `rm` is the dynamic mode, a left-out `rm0` (of exact conversions) round to nearest; `imm`
 * prints as a decimal, `shamt` in hexadecimal, `upper` as its top 20 bits, `off` as an address.
 */
export const formats = {
  none: { asm: "" },
  R: { asm: "rd, rs1, rs2" },
  R1: { asm: "rd, rs1" },
  I: { asm: "rd, rs1, imm", simm: "11:0" },
  shift: { asm: "rd, rs1, shamt", uimm: "5:0" },
  shiftw: { asm: "rd, rs1, shamt", uimm: "4:0" },
  load: { asm: "rd, imm(rs1)", simm: "11:0", flags: ["access"] },
  jalr: { asm: "rd, imm(rs1)", simm: "11:0" },
  S: { asm: "rs2, imm(rs1)", simm: "11:5 4:0", flags: ["access"] },
  B: { asm: "rs1, rs2, off", simm: "12 10:5 4:1 11" },
  U: { asm: "rd, upper", simm: "31:12" },
  J: { asm: "rd, off", simm: "20 10:1 11 19:12" },
  amo: { asm: "rd, rs2, (rs1)" },
  lr: { asm: "rd, (rs1)" },
  fence: { asm: "pred, succ" },
  csr: { asm: "rd, csr, rs1", flags: ["csr", "stays"] },
  csri: { asm: "rd, csr, zimm", flags: ["csr", "zimm", "stays"] },
  sfence: { asm: "rs1, rs2" },
  cbo: { asm: "(rs1)" },
  mop1: { asm: "rd, rs1" },
  mop2: { asm: "rd, rs1, rs2" },
  R_bs: { asm: "rd, rs1, rs2, shamt", uimm: "1:0" },
  R1_rnum: { asm: "rd, rs1, shamt", uimm: "3:0" },
  fload: { asm: "fd, imm(rs1)", simm: "11:0", flags: ["access"] },
  fstore: { asm: "fs2, imm(rs1)", simm: "11:5 4:0", flags: ["access"] },
  F: { asm: "fd, fs1, fs2" },
  F_rm: { asm: "fd, fs1, fs2, rm" },
  F1_rm: { asm: "fd, fs1, rm" },
  F1_rm0: { asm: "fd, fs1, rm0" },
  F4_rm: { asm: "fd, fs1, fs2, fs3, rm" },
  F_to_x: { asm: "rd, fs1" },
  F_to_x_rm: { asm: "rd, fs1, rm" },
  F_to_x_rtz: { asm: "rd, fs1, rtz" },
  x_to_F: { asm: "fd, rs1" },
  x_to_F_rm: { asm: "fd, rs1, rm" },
  x_to_F_rm0: { asm: "fd, rs1, rm0" },
  F_cmp: { asm: "rd, fs1, fs2" },
  F_li: { asm: "fd, fli", uimm: "4:0" },
} as const satisfies Record<string, FormatShape>;

/** Name of an operand format. */
export type Format = keyof typeof formats;

/**
 * One instruction of 32 bits.
 *
 * `bits` runs from bit 31 to bit 0: `0 1` are fixed, `-` is ignored; `d s t u` are rd, rs1, rs2, rs3; `m` rm; `i` the
 * immediate; `a l` aq and rl; `c` the CSR number, `z` its five-bit immediate; `f p q` a fence's fm, pred, succ; `n` the
 * number in a may-be-operation's name (written `N` there).
 */
export interface Row {
  readonly name: string;
  readonly bits: string;
  readonly format: Format;
  /** Default `none`. */
  readonly flow?: Flow;
  /** Besides those of its format and table. */
  readonly flags?: readonly OpFlag[];
  /** Overrides the table's: has an op number below 256. */
  readonly hot?: boolean;
  /** Conditions on fields, such as `rd even` or `imm <= 10`; where one fails the encoding is illegal. */
  readonly where?: readonly string[];
  /** The row whose encodings include this one's (PAUSE lies within FENCE). */
  readonly within?: string;
}

/**
 * One instruction of 16 bits. Its letters are those of `Row`; `D S T` are registers x8 to x15 in three bits.
 *
 * `is` says which instruction it abbreviates, with fields, registers or numbers as operands. `simm` and `uimm` list the
 * immediate's bits in the order in which they stand in the word, as the specification's tables do.
 */
export interface CompressedRow {
  readonly name: string;
  readonly bits: string;
  readonly asm: string;
  readonly is: string;
  readonly simm?: string;
  readonly uimm?: string;
  readonly where?: readonly string[];
  /** When it is not C itself. */
  readonly extension?: "Zcb" | "Zcmop";
  /** Decodes to another compressed instruction's op, whose handler does the same. */
  readonly op?: string;
}

/** The instructions of one extension; their handlers are in `assembly/insn/<name>.ts`. */
export interface Table {
  readonly name: string;
  /** Whether its rows have an op number below 256. */
  readonly hot: boolean;
  /** Of all its rows. */
  readonly flags?: readonly OpFlag[];
  readonly rows: readonly Row[];
}
