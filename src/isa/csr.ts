/** The control and status registers of the machine (Privileged ISA, "CSR Listing"). */

/** Lowest privilege mode that may access a CSR: bits 9:8 of its number say it. */
export type CsrPrivilege = "U" | "S" | "M";

/** One CSR. */
export interface Csr {
  readonly number: number;
  readonly name: string;
  readonly privilege: CsrPrivilege;
  /** Writes raise an illegal-instruction exception: bits 11:10 of the number are both ones. */
  readonly readOnly: boolean;
  readonly doc: string;
}

type CsrRow = readonly [number: number, name: string, doc: string];

/** `count` CSRs with consecutive numbers; `name` and `doc` end in each one's index. */
function series(number: number, name: string, first: number, count: number, doc: string): CsrRow[] {
  return Array.from({ length: count }, (_, i) => [number + i, `${name}${first + i}`, `${doc} ${first + i}`]);
}

const rows: readonly CsrRow[] = [
  [0x001, "fflags", "floating-point accrued exceptions"],
  [0x002, "frm", "floating-point dynamic rounding mode"],
  [0x003, "fcsr", "frm and fflags"],
  [0xc00, "cycle", "cycle counter"],
  [0xc01, "time", "timer"],
  [0xc02, "instret", "retired-instruction counter"],
  ...series(0xc03, "hpmcounter", 3, 29, "performance counter"),

  [0x100, "sstatus", "supervisor status"],
  [0x104, "sie", "supervisor interrupt enable"],
  [0x105, "stvec", "supervisor trap vector"],
  [0x106, "scounteren", "counters that U mode may read"],
  [0x10a, "senvcfg", "environment configuration for U mode"],
  [0x140, "sscratch", "supervisor scratch"],
  [0x141, "sepc", "supervisor exception pc"],
  [0x142, "scause", "supervisor trap cause"],
  [0x143, "stval", "supervisor trap value"],
  [0x144, "sip", "supervisor interrupt pending"],
  [0x14d, "stimecmp", "supervisor timer compare (Sstc)"],
  [0x180, "satp", "supervisor address translation and protection"],

  [0xf11, "mvendorid", "vendor"],
  [0xf12, "marchid", "architecture"],
  [0xf13, "mimpid", "implementation"],
  [0xf14, "mhartid", "hart"],
  [0xf15, "mconfigptr", "configuration structure"],
  [0x300, "mstatus", "machine status"],
  [0x301, "misa", "extensions"],
  [0x302, "medeleg", "exceptions delegated to S mode"],
  [0x303, "mideleg", "interrupts delegated to S mode"],
  [0x304, "mie", "machine interrupt enable"],
  [0x305, "mtvec", "machine trap vector"],
  [0x306, "mcounteren", "counters that S mode may read"],
  [0x30a, "menvcfg", "environment configuration for S and U mode"],
  [0x320, "mcountinhibit", "counters that stand still"],
  ...series(0x323, "mhpmevent", 3, 29, "event of performance counter"),
  [0x340, "mscratch", "machine scratch"],
  [0x341, "mepc", "machine exception pc"],
  [0x342, "mcause", "machine trap cause"],
  [0x343, "mtval", "machine trap value"],
  [0x344, "mip", "machine interrupt pending"],
  [0x3a0, "pmpcfg0", "configuration of PMP entries 0 to 7"],
  [0x3a2, "pmpcfg2", "configuration of PMP entries 8 to 15"],
  ...series(0x3b0, "pmpaddr", 0, 16, "address of PMP entry"),
  [0x7a0, "tselect", "trigger select"],
  [0x7a1, "tdata1", "trigger data 1"],
  [0x7a2, "tdata2", "trigger data 2"],
  [0x7a3, "tdata3", "trigger data 3"],
  [0x7a4, "tinfo", "trigger information"],
  [0xb00, "mcycle", "machine cycle counter"],
  [0xb02, "minstret", "machine retired-instruction counter"],
  ...series(0xb03, "mhpmcounter", 3, 29, "machine performance counter"),
];

const privileges: readonly CsrPrivilege[] = ["U", "S", "S", "M"];

/** All CSRs, by function. */
export const csrs: readonly Csr[] = rows.map(([number, name, doc]) => ({
  number,
  name,
  privilege: privileges[(number >> 8) & 3]!,
  readOnly: number >> 10 === 3,
  doc,
}));

/** CSRs by name. */
export const csrByName: ReadonlyMap<string, Csr> = new Map(csrs.map((csr) => [csr.name, csr]));

/** CSRs by number. */
export const csrByNumber: ReadonlyMap<number, Csr> = new Map(csrs.map((csr) => [csr.number, csr]));
