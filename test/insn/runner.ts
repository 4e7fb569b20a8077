/** Runs single instructions, given as assembly text, on a whole core. */

import { assemble } from "../../src/isa/assemble.ts";
import { Engine, Priv } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import {
  createTestMachine,
  RAM_PA,
  type TestHart,
  type TestMachine,
  type TestMachineOptions,
} from "../support/core.ts";

/** How instructions reach their handlers: each of these is a dispatcher of its own. */
export const dispatchers = [
  { dispatcher: "the loop that decodes each time", engine: Engine.INTERPRET, budget: 1 },
  { dispatcher: "the predecoded loop, one at a time", engine: Engine.PREDECODE, budget: 1 },
  // Long budgets take the fast loop; the instruction is followed by a jump to itself.
  { dispatcher: "the fast predecoded loop", engine: Engine.PREDECODE, budget: 2100 },
] as const;

export type Dispatcher = (typeof dispatchers)[number];

/** `jal x0, 0` */
const SPIN = [0x6f, 0, 0, 0];

/** Traps land here. */
export const TRAP_PA = RAM_PA + 0xff000;

/** In mcause while no trap has been taken. */
const NO_CAUSE = 0x3fn;

const MSTATUS_MPP = 3n << 11n;

/** What an instruction raised. */
export interface Trap {
  readonly cause: number;
  readonly tval: bigint;
}

export class Runner {
  readonly machine: TestMachine;
  readonly #budget: number;
  readonly #placed = new Map<string, number>();
  #next = RAM_PA;

  private constructor(machine: TestMachine, budget: number) {
    this.machine = machine;
    this.#budget = budget;
    machine.load(SPIN, TRAP_PA);
    for (const hart of machine.harts) {
      hart.setCsr(Csr.MTVEC, BigInt(TRAP_PA));
      // Everything is open to S and U mode.
      hart.setCsr(Csr.PMPADDR0, 0xffff_ffff_ffff_ffffn);
      hart.setCsr(Csr.PMPCFG0, 0x1fn);
    }
  }

  static async create(dispatcher: Dispatcher = dispatchers[1], options: TestMachineOptions = {}): Promise<Runner> {
    const machine = await createTestMachine({ engine: dispatcher.engine, ...options });
    return new Runner(machine, dispatcher.budget);
  }

  /** Where `text` stands, followed by a jump to itself. */
  place(text: string): number {
    const known = this.#placed.get(text);
    if (known !== undefined) return known;
    const at = this.#next;
    const bytes = [...assemble(text, BigInt(at)), ...SPIN];
    this.machine.load(bytes, at);
    this.#next += (bytes.length + 3) & ~3;
    for (const hart of this.machine.harts) this.machine.core.hart_fence_i(hart.view.ma);
    this.#placed.set(text, at);
    return at;
  }

  /** Executes `text` with these x registers set, all other state as it is. */
  run(text: string, registers: Readonly<Record<number, bigint>> = {}, hart: TestHart = this.machine.hart()): TestHart {
    hart.pc = BigInt(this.place(text));
    for (const [index, value] of Object.entries(registers)) hart.setX(Number(index), value);
    hart.run(this.#budget);
    return hart;
  }

  /** rd of `name rd, rs1, rs2` and of `name rd, rs1, rs2, immediate`. */
  binary(name: string, a: bigint, b: bigint, immediate?: number): bigint {
    const tail = immediate === undefined ? "" : `, ${immediate}`;
    return this.run(`${name} x7, x5, x6${tail}`, { 5: a, 6: b, 7: ~a }).x(7);
  }

  /** rd of `name rd, rs1` and of `name rd, rs1, immediate`. */
  unary(name: string, a: bigint, immediate?: number | bigint): bigint {
    const tail = immediate === undefined ? "" : `, ${immediate}`;
    return this.run(`${name} x7, x5${tail}`, { 5: a, 7: ~a }).x(7);
  }

  /** What `text` raises, or undefined; also asserts that a trap leaves rd (x7) alone and that mepc is exact. */
  trap(
    text: string,
    registers: Readonly<Record<number, bigint>> = {},
    hart: TestHart = this.machine.hart(),
  ): Trap | undefined {
    hart.setCsr(Csr.MCAUSE, NO_CAUSE);
    hart.setX(7, 0x7777n);
    this.run(text, registers, hart);
    const cause = hart.csr(Csr.MCAUSE);
    if (cause === NO_CAUSE) return undefined;
    if (hart.pc !== BigInt(TRAP_PA) || hart.priv !== Priv.M) throw new Error("the trap did not go to M mode's vector");
    if (hart.csr(Csr.MEPC) !== BigInt(this.place(text))) throw new Error("mepc is not the instruction's address");
    if (hart.x(7) !== (registers[7] ?? 0x7777n)) throw new Error("the trapping instruction wrote x7");
    return { cause: Number(cause), tval: hart.csr(Csr.MTVAL) };
  }

  /** Goes to privilege mode `priv`. */
  enter(priv: Priv, hart: TestHart = this.machine.hart()): void {
    if (hart.priv !== Priv.M) {
      this.trap("ecall", {}, hart);
    }
    const status = hart.csr(Csr.MSTATUS) & ~MSTATUS_MPP;
    hart.setCsr(Csr.MSTATUS, status | (BigInt(priv) << 11n));
    hart.setCsr(Csr.MEPC, BigInt(TRAP_PA));
    hart.pc = BigInt(this.place("mret"));
    hart.run(1);
    if (hart.priv !== priv) throw new Error(`mret went to mode ${hart.priv}`);
  }
}
