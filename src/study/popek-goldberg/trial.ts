/**
 * Tries single instructions on a machine of their own: sets a mode and status bits, executes, looks at what has changed.
 *
 *  0x80000000  mret, into the mode to try             0x80003000  data; page tables map this page to 0x80004000
 *  0x80000100  the trap vector, never executed        0x80004000  other data
 *  0x80001000  the instruction, among ECALLs          0x80010000  page tables
 */

import { csrs } from "../../isa/csr.ts";
import { assembleWord } from "../../isa/assemble.ts";
import type { Hart, Host, Vm } from "../../index.ts";
import { BASE, BASE_STATUS, type Setting } from "./settings.ts";
import { OPERAND, type Subject } from "./subjects.ts";

/** Privilege modes, the least privileged first. */
export const MODES = ["U", "S", "M"] as const;

/** A privilege mode. */
export type Mode = (typeof MODES)[number];

/** What came of one trial. */
export interface Outcome {
  /** Cause of the exception, or undefined when the instruction was executed. */
  readonly trap?: number;
  /** Resources that it changed: CSRs, `"mode"`, `"wait"`, `"translations"`. */
  readonly effects: readonly string[];
  /** Registers, memory and where it went on, in a form to compare. */
  readonly result: string;
}

const START = 0x8000_0000n;
const VECTOR = START + 0x100n;
const RESCUE = START + 0x200n;
const CODE = START + 0x1000n;
const DATA = START + 0x3000n;
const OTHER = START + 0x4000n;
const TABLES = 0x8001_0000;
const PAGE = 4096;

const MPP_SHIFT = 11n;
const MPP: Readonly<Record<Mode, bigint>> = { U: 0n, S: 1n << MPP_SHIFT, M: 3n << MPP_SHIFT };

/** mstatus: FS and SD, which executing floating point makes dirty, are state of the program's. */
const OWN_STATUS = (3n << 13n) | (1n << 63n);

/** Counters: two reads differ whatever the setting. */
const MOVES = /^(cycle|time|instret|mcycle|minstret)$/;

/** What moves by itself, or is a view of what is looked at already. */
const NOT_COMPARED =
  /^(cycle|time|instret|hpmcounter.*|mcycle|minstret|fflags|frm|fcsr|sstatus|sie|sip|mcause|mepc|mtval)$/;
const COMPARED = csrs.map(({ name }) => name).filter((name) => !NOT_COMPARED.test(name));

/** Those that can be written, for putting them back. */
const WRITABLE = new Set(csrs.filter(({ readOnly }) => !readOnly).map(({ name }) => name));

const V = 1n;
const RWX = 14n;
const X = 8n;
const USER = 16n;
const AD = 0xc0n;

function words(values: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(values).buffer);
}

function doubles(values: readonly bigint[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(values).buffer);
}

/** A kernel for `createVm`: nothing but the way into a mode. */
export function trialKernel(): Uint8Array {
  const bytes = new Uint8Array(0x300);
  bytes.set(words([assembleWord("mret")]), 0);
  bytes.set(words([assembleWord("ecall")]), Number(RESCUE - START));
  return bytes;
}

/** The machine that instructions are tried on. */
export class TrialMachine {
  readonly #vm: Vm;
  readonly #hart: Hart;
  readonly #base = new Map<string, bigint>();
  readonly #satp = new Map<string, bigint>();

  /** `vm` has been made from `trialKernel`, in M mode, and has not been started. */
  constructor(vm: Vm) {
    this.#vm = vm;
    this.#hart = vm.hart(0);
    this.#toM();
    this.#hart.write(CODE, words(new Array<number>(PAGE / 4).fill(assembleWord("ecall"))));
    for (const [name, value] of Object.entries(BASE)) this.#hart.setCsr(name, value);
    this.#hart.setCsr("mtvec", VECTOR);
    for (const name of COMPARED) {
      const value = this.#read(name);
      if (value !== undefined) this.#base.set(name, value);
    }
  }

  /** Makes one on `host`; destroy its VM when done. */
  static async create(host: Host): Promise<{ machine: TrialMachine; vm: Vm }> {
    const vm = await host.createVm({
      memory: "1M",
      bios: "none",
      kernel: trialKernel(),
      clock: "deterministic",
      engine: "interpreter",
    });
    return { machine: new TrialMachine(vm), vm };
  }

  /** Executes `subject` in `mode` under `setting`; with `own`, the CSR that it accesses holds another value than in the base. */
  try(subject: Subject, mode: Mode, setting: Setting, own = false): Outcome {
    const hart = this.#hart;
    this.#restore();
    this.#prepareMemory(subject, mode, setting);
    for (const [name, value] of Object.entries(setting.csrs ?? {})) hart.setCsr(name, value);
    if (setting.paged) hart.setCsr("satp", this.#tables(mode, setting.paged));
    if (own && subject.csr !== undefined && WRITABLE.has(subject.csr)) {
      hart.setCsr(subject.csr, (this.#read(subject.csr) ?? 0n) ^ 0x40n);
    }
    const kept = own && subject.csr === "mstatus" ? 1n << 20n : 0n;
    hart.setCsr("mstatus", ((BASE_STATUS | kept | (setting.set ?? 0n)) & ~(setting.clear ?? 0n)) | MPP[mode]);
    hart.setCsr("mepc", CODE);
    this.#stepFrom(START);
    this.#prepareRegisters();
    return this.#observe(mode, subject);
  }

  #observe(mode: Mode, { csr }: Subject): Outcome {
    const hart = this.#hart;
    const before = this.#snapshot();
    const { traps, sfence } = hart.counters();
    this.#vm.step();
    const after = hart.counters();
    if (after.traps > traps) return { trap: Number(hart.csr("mcause")), effects: [], result: "" };
    const effects = [...before].filter(([name, value]) => this.#read(name) !== value).map(([name]) => name);
    if (hart.mode !== mode) effects.push("mode");
    if (hart.waiting) effects.push("wait");
    if (after.sfence > sfence) effects.push("translations");
    return { effects, result: this.#result(csr !== undefined && MOVES.test(csr)) };
  }

  /** `moves`: a2, where the instruction has left a counter, says nothing. */
  #result(moves: boolean): string {
    const hart = this.#hart;
    const values = [
      hart.pc,
      ...Array.from({ length: 32 }, (_, i) => (moves && i === 12 ? 0n : hart.x(i))),
      ...Array.from({ length: 8 }, (_, i) => hart.f(10 + i)),
    ];
    const mode = hart.mode;
    this.#toM();
    // MPRV would have the debugger look through the page tables.
    hart.setCsr("mstatus", BASE_STATUS | MPP.M);
    return [...values.map((value) => value.toString(16)), ...hart.read(DATA, 64), ...hart.read(OTHER, 64), mode].join(
      " ",
    );
  }

  #snapshot(): Map<string, bigint> {
    const values = new Map<string, bigint>();
    for (const name of this.#base.keys()) values.set(name, this.#read(name)!);
    return values;
  }

  /** A CSR without the program's own part; undefined when the hart has none of that name. */
  #read(name: string): bigint | undefined {
    try {
      const value = this.#hart.csr(name);
      return name === "mstatus" ? value & ~OWN_STATUS : value;
    } catch {
      return undefined;
    }
  }

  /** Brings the hart to M mode wherever it is: an ECALL that nobody has delegated. */
  #toM(): void {
    const hart = this.#hart;
    if (hart.mode === "M") return;
    for (const name of ["satp", "medeleg", "mie"]) hart.setCsr(name, 0n);
    for (const name of ["pmpaddr0", "pmpcfg0"]) hart.setCsr(name, BASE[name]!);
    hart.setCsr("mtvec", VECTOR);
    this.#stepFrom(RESCUE);
  }

  /** Executes the instruction at `pc`. A CSR written before may have asked for a look at the timers first. */
  #stepFrom(pc: bigint): void {
    this.#hart.pc = pc;
    for (let tries = 0; tries < 3 && this.#hart.pc === pc; tries++) this.#vm.step();
  }

  /** Back to M mode and the base. A hart that waits is woken by an interrupt that is enabled and never taken. */
  #restore(): void {
    const hart = this.#hart;
    if (hart.waiting) {
      hart.setCsr("mie", 2n);
      hart.setCsr("mip", 2n);
      this.#vm.step();
    }
    this.#toM();
    hart.setCsr("mstatus", BASE_STATUS | MPP.M);
    for (const [name, value] of this.#base) {
      if (name !== "mstatus" && WRITABLE.has(name) && this.#read(name) !== value) hart.setCsr(name, value);
    }
    hart.setCsr("fcsr", 0n);
  }

  #prepareMemory({ word }: Subject, mode: Mode, setting: Setting): void {
    const hart = this.#hart;
    hart.write(CODE, words([word]));
    hart.write(DATA, doubles([0x11n, 0x22n, 0x33n, 0x44n, 0x55n, 0x66n, 0x77n, 0x88n]));
    hart.write(OTHER, doubles([0x99n, 0xaan, 0xbbn, 0xccn, 0xddn, 0xeen, 0xffn, 0x12n]));
    // Without this SRET and MRET in M mode would go to address zero.
    if (mode === "M" || setting.paged === undefined) hart.setCsr("sepc", CODE + 32n);
  }

  #prepareRegisters(): void {
    const hart = this.#hart;
    for (let i = 1; i < 32; i++) hart.setX(i, BigInt(i) * 0x101n);
    hart.setX(10, DATA);
    hart.setX(11, OPERAND);
    hart.setX(13, CODE + 64n);
    for (let i = 0; i < 8; i++) hart.setF(10 + i, 0x3ff8_0000_0000_0000n + (BigInt(i) << 48n));
  }

  /** satp of tables for `mode`: code where it is, the data's page elsewhere. Made once. */
  #tables(mode: Mode, kind: NonNullable<Setting["paged"]>): bigint {
    const key = `${mode} ${kind}`;
    const known = this.#satp.get(key);
    if (known !== undefined) return known;
    const root = TABLES + this.#satp.size * 3 * PAGE;
    const entry = (pa: number | bigint, flags: bigint): bigint => ((BigInt(pa) / 4096n) << 10n) | flags;
    const own = mode === "U" ? USER : 0n;
    const data = {
      // With MPRV, M mode loads and stores as U mode does.
      user: (RWX - X) | USER,
      supervisor: (RWX - X) | (mode === "S" ? 0n : USER),
      executable: X | (mode === "S" ? 0n : USER),
    }[kind];
    this.#hart.write(BigInt(root + 8 * 2), doubles([entry(root + PAGE, V)]));
    this.#hart.write(BigInt(root + PAGE), doubles([entry(root + 2 * PAGE, V)]));
    const page = (va: bigint): bigint => BigInt(root + 2 * PAGE) + ((va - START) / 4096n) * 8n;
    for (const va of [START, CODE]) this.#hart.write(page(va), doubles([entry(va, V | RWX | AD | own)]));
    this.#hart.write(page(DATA), doubles([entry(OTHER, V | AD | data)]));
    const satp = (8n << 60n) | BigInt(root / PAGE);
    this.#satp.set(key, satp);
    return satp;
  }
}
