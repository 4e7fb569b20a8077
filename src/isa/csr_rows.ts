/**
 * The CSR table: one row says all of a CSR, and the generator makes the core's tables of it. Where the specification leaves a choice it is
 * QEMU's `rv64` cpu that decides. (Privileged ISA, "CSR Listing")
 */

import { Irq } from "../../assembly/shared/constants.ts";
import { Counter, Envcfg, MenvcfgBit, Pmp, PmpCfg, Status, StatusBit } from "../../assembly/shared/csr.ts";
import type { CsrRow } from "./csr_row.ts";

type Columns = Omit<CsrRow, "number" | "name" | "extension" | "doc">;

const bit = (...numbers: readonly number[]): bigint =>
  numbers.reduce((mask, number) => mask | (1n << BigInt(number)), 0n);
/** `bits` ones. */
const low = (bits: number): bigint => (1n << BigInt(bits)) - 1n;
const EVEN = low(64) ^ 1n;

/** A row; what `columns` leaves out has its default. */
function csr(number: number, name: string, extension: string, doc: string, columns: Columns = {}): CsrRow {
  return { number, name, extension, doc, ...columns };
}

/** misa: RV64 (MXL = 2) with A, C, D, F, I, M, S and U. */
const MISA = 0x8000_0000_0014_112dn;
/** Every exception that can occur in U or S mode: all but the reserved ones and ECALL from M mode. */
const EXCEPTIONS = 0xb3ffn;
/** marchid and mimpid of QEMU 7.2's generic cpus: the version of QEMU. */
const QEMU_VERSION = 0x7_02_00n;

const SUPERVISOR_INTERRUPTS = bit(Irq.SSI, Irq.STI, Irq.SEI);
const INTERRUPTS = SUPERVISOR_INTERRUPTS | bit(Irq.MSI, Irq.MTI, Irq.MEI);

/** UXL, UBE, VS and XS are fixed: 64 bits, little-endian, no such state. */
const SSTATUS = BigInt(Status.SIE | Status.SPIE | Status.SPP | Status.FS | Status.SUM | Status.MXR);
const MSTATUS =
  SSTATUS | BigInt(Status.MIE | Status.MPIE | Status.MPP | Status.MPRV | Status.TVM | Status.TW | Status.TSR);
const UXL = 3n << BigInt(StatusBit.UXL);
const SXL = 3n << BigInt(StatusBit.SXL);
const SD = bit(StatusBit.SD);
const status = {
  register: "status",
  effects: {
    select: BigInt(Status.MPRV | Status.MPP | Status.SUM),
    flush: BigInt(Status.MXR),
    recheck: BigInt(Status.SIE | Status.MIE),
  },
  quiet: BigInt(Status.SIE | Status.MIE | Status.SPIE | Status.MPIE | Status.SPP),
} as const satisfies Partial<CsrRow>;

const SENVCFG = BigInt(Envcfg.FIOM | Envcfg.CBIE | Envcfg.CBCFE | Envcfg.CBZE);
const MENVCFG = SENVCFG | bit(MenvcfgBit.ADUE, MenvcfgBit.PBMTE, MenvcfgBit.STCE);

const COUNTERS = BigInt(Counter.MASK);
const HPM_COUNT = Counter.HPM_LAST - Counter.HPM_FIRST + 1;
/** A pmpcfg register has eight entries; bits 5 and 6 of each are reserved. */
const PMPCFG = BigInt(PmpCfg.WRITABLE) * 0x0101_0101_0101_0101n;

/** Every write makes FS Dirty, as in QEMU, whether or not a value changed. Reserved rounding modes can be held. */
const float = { register: "fcsr", condition: "fs", effects: { dirty: "write" } } as const;
const recheck = { effects: { recheck: "write" } } as const;

const user: readonly CsrRow[] = [
  csr(0x001, "fflags", "F", "floating-point accrued exceptions", { ...float, read: low(5) }),
  csr(0x002, "frm", "F", "floating-point dynamic rounding mode", { ...float, read: low(3), shift: 5 }),
  csr(0x003, "fcsr", "F", "frm and fflags", { ...float, read: low(8), shown: "long" }),
];

/** The views of the machine's counters that U mode may have. mcycle counts retired instructions, like minstret. */
const counters: readonly CsrRow[] = [
  csr(0xc00, "cycle", "Zicntr", "cycle counter", { register: "counter", counter: Counter.CY, condition: "counteren" }),
  csr(0xc01, "time", "Zicntr", "timer", { register: "counter", counter: Counter.TM, condition: "counteren" }),
  csr(0xc02, "instret", "Zicntr", "retired-instruction counter", {
    register: "counter",
    counter: Counter.IR,
    condition: "counteren",
  }),
  csr(0xc03, "hpmcounter", "Zihpm", "performance counter", {
    first: Counter.HPM_FIRST,
    count: HPM_COUNT,
    field: "mhpmcounter",
    condition: "counteren",
  }),
  csr(0xc13, "hpmcounter", "Zihpm", "performance counter", { first: Counter.HPM_LAST + 1, count: 13, absent: true }),
];

const supervisor: readonly CsrRow[] = [
  csr(0x100, "sstatus", "Ss", "supervisor status", {
    ...status,
    read: SSTATUS | UXL | SD,
    write: SSTATUS,
    shown: "long",
  }),
  csr(0x104, "sie", "Ss", "supervisor interrupt enable", {
    field: "mie",
    read: INTERRUPTS,
    legal: "delegated",
    ...recheck,
    shown: "short",
  }),
  csr(0x105, "stvec", "Ss", "supervisor trap vector", { legal: "xtvec", shown: "short" }),
  csr(0x106, "scounteren", "Ss", "counters that U mode may read", { read: COUNTERS }),
  csr(0x10a, "senvcfg", "Ss", "environment configuration for U mode", { read: SENVCFG, legal: "cbie" }),
  csr(0x140, "sscratch", "Ss", "supervisor scratch", { shown: "long" }),
  csr(0x141, "sepc", "Ss", "supervisor exception pc", { read: EVEN, shown: "short" }),
  csr(0x142, "scause", "Ss", "supervisor trap cause", { shown: "short" }),
  csr(0x143, "stval", "Ss", "supervisor trap value", { shown: "short" }),
  // Of sip only SSIP can be written; STIP and SEIP belong to the execution environment.
  csr(0x144, "sip", "Ss", "supervisor interrupt pending", {
    register: "pending",
    write: bit(Irq.SSI),
    legal: "delegated",
    ...recheck,
    shown: "short",
  }),
  // The host compares mtime with stimecmp, so it must look now.
  csr(0x14d, "stimecmp", "Sstc", "supervisor timer compare", {
    condition: "stce",
    effects: { timer: "write" },
    shown: "long",
  }),
  // All 16 bits of ASID and 44 of PPN can be held. No TLB entry knows its ASID.
  csr(0x180, "satp", "Ss", "supervisor address translation and protection", {
    condition: "tvm",
    legal: "satp",
    effects: { flush: low(64) },
    shown: "short",
  }),
];

const machine: readonly CsrRow[] = [
  csr(0xf11, "mvendorid", "Sm", "vendor", { register: "ones", read: 0n }),
  csr(0xf12, "marchid", "Sm", "architecture", { register: "ones", read: QEMU_VERSION }),
  csr(0xf13, "mimpid", "Sm", "implementation", { register: "ones", read: QEMU_VERSION }),
  csr(0xf14, "mhartid", "Sm", "hart", { field: "hartid" }),
  csr(0xf15, "mconfigptr", "Sm", "configuration structure", { register: "ones", read: 0n }),
  csr(0x300, "mstatus", "Sm", "machine status", {
    ...status,
    read: MSTATUS | UXL | SXL | SD,
    write: MSTATUS,
    legal: "mpp",
    shown: "short",
  }),
  csr(0x301, "misa", "Sm", "extensions", { read: MISA, write: 0n }),
  csr(0x302, "medeleg", "Sm", "exceptions delegated to S mode", { read: EXCEPTIONS, shown: "long" }),
  // Only supervisor interrupts can be delegated.
  csr(0x303, "mideleg", "Sm", "interrupts delegated to S mode", {
    read: SUPERVISOR_INTERRUPTS,
    ...recheck,
    shown: "long",
  }),
  csr(0x304, "mie", "Sm", "machine interrupt enable", { read: INTERRUPTS, ...recheck, shown: "long" }),
  csr(0x305, "mtvec", "Sm", "machine trap vector", { legal: "xtvec", shown: "short" }),
  csr(0x306, "mcounteren", "Sm", "counters that S mode may read", { read: COUNTERS }),
  csr(0x30a, "menvcfg", "Sm", "environment configuration for S and U mode", {
    read: MENVCFG,
    legal: "menvcfg",
    effects: {
      flush: bit(MenvcfgBit.ADUE, MenvcfgBit.PBMTE),
      recheck: bit(MenvcfgBit.STCE),
      timer: bit(MenvcfgBit.STCE),
    },
  }),
  // All but time can be stopped. The writing instruction is counted under the old setting.
  csr(0x320, "mcountinhibit", "Sm", "counters that stand still", {
    read: COUNTERS ^ bit(Counter.TM),
    effects: { counters: bit(Counter.CY, Counter.IR) },
  }),
  // 19 to 31 exist without a counter, as in QEMU. No event ever occurs.
  csr(0x323, "mhpmevent", "Zihpm", "event of performance counter", { first: 3, count: 29 }),
  csr(0x340, "mscratch", "Sm", "machine scratch", { shown: "long" }),
  csr(0x341, "mepc", "Sm", "machine exception pc", { read: EVEN, shown: "short" }),
  csr(0x342, "mcause", "Sm", "machine trap cause", { shown: "short" }),
  csr(0x343, "mtval", "Sm", "machine trap value", { shown: "short" }),
  // Software sets the supervisor bits; the others belong to devices.
  csr(0x344, "mip", "Sm", "machine interrupt pending", {
    register: "pending",
    write: SUPERVISOR_INTERRUPTS,
    legal: "stip",
    ...recheck,
    shown: "long",
  }),
  csr(0x3a0, "pmpcfg0", "Sm", "configuration of PMP entries 0 to 7", {
    field: "pmpcfg",
    read: PMPCFG,
    legal: "pmpcfg",
    effects: { pmp: "write" },
  }),
  csr(0x3a2, "pmpcfg2", "Sm", "configuration of PMP entries 8 to 15", {
    field: "pmpcfg",
    element: 8,
    read: PMPCFG,
    legal: "pmpcfg",
    effects: { pmp: "write" },
  }),
  // Bits 55 to 2 of an address.
  csr(0x3b0, "pmpaddr", "Sm", "address of PMP entry", {
    read: low(Pmp.ADDR_BITS),
    legal: "pmpaddr",
    effects: { pmp: "write" },
    first: 0,
    count: 16,
  }),
  csr(0xb00, "mcycle", "Zicntr", "machine cycle counter", { register: "counter", counter: Counter.CY }),
  csr(0xb02, "minstret", "Zicntr", "machine retired-instruction counter", { register: "counter", counter: Counter.IR }),
  // They hold what was written: no event ever occurs.
  csr(0xb03, "mhpmcounter", "Zihpm", "machine performance counter", { first: Counter.HPM_FIRST, count: HPM_COUNT }),
  csr(0xb13, "mhpmcounter", "Zihpm", "machine performance counter", {
    first: Counter.HPM_LAST + 1,
    count: 13,
    absent: true,
  }),
];

/** There is no trigger: tinfo says that tdata1 is of type 0. (Debug specification, "Trigger Module") */
const triggers: readonly CsrRow[] = [
  csr(0x7a0, "tselect", "Sdtrig", "trigger select", { register: "ones", read: 0n }),
  csr(0x7a1, "tdata", "Sdtrig", "trigger data", { first: 1, count: 3, register: "ones", read: 0n }),
  csr(0x7a4, "tinfo", "Sdtrig", "trigger information", { register: "ones", read: 1n }),
];

/** All of them, by function. */
export const csrRows: readonly CsrRow[] = [...user, ...counters, ...supervisor, ...machine, ...triggers];
