/** One floating-point instruction (or a few) at a time, in translated code or interpreted, with everything it may read and write at hand. */

import { HartField, VmField } from "../../assembly/state/layout.ts";
import { Op } from "../../assembly/isa/op.ts";
import { CodePage, Engine, Translate } from "../../assembly/shared/constants.ts";
import type { CodeExports } from "../../src/core/code.ts";
import type { Core } from "../../src/core/core.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { createTestMachine, RAM_PA, type TestHart, type TestMachine } from "../support/core.ts";

const MSTATUS = 0x300;
const FS = 3n << 13n;
/** The last 2048 steps of a slice are interpreted. */
const BUDGET = 2048 + 64;
const NOP = 0x13;
/** Each piece of code is followed by a jump to itself. */
const STRIDE = 64;
/** Four doublewords, at x12. */
const DATA = RAM_PA + 0x8000;

/** What a piece starts from; the operands also lie at x12. */
export interface Before {
  /** f1, f2 and f3, or x11 for an integer operand. */
  readonly operands: readonly bigint[];
  readonly fromX: boolean;
  readonly frm: number;
  readonly fflags: number;
}

/** Runs pieces of code of a list, instructions separated by semicolons; their results go to f4 or x10. */
export class FloatMachine {
  readonly hart: TestHart;
  /** Calls of the interpreter's handlers by translated code. */
  callouts = 0;
  readonly #machine: TestMachine;
  readonly #lines: readonly string[];
  readonly #translated: boolean;

  private constructor(machine: TestMachine, lines: readonly string[], translated: boolean) {
    this.#machine = machine;
    this.#lines = lines;
    this.#translated = translated;
    this.hart = machine.hart();
  }

  static async create(lines: readonly string[], engine: Engine, mechanisms = Translate.ALL): Promise<FloatMachine> {
    const machine = await createTestMachine({ engine, translator: { mechanisms } });
    const made = new FloatMachine(machine, lines, engine === Engine.TIERED);
    lines.forEach((line, index) => machine.load(assemble(`${line}; spin: jal x0, spin`), RAM_PA + index * STRIDE));
    if (engine === Engine.TIERED) made.#spyOnCallouts();
    return made;
  }

  #spyOnCallouts(): void {
    const core = this.#machine.core as Core & CodeExports;
    const dbt_callout: CodeExports["dbt_callout"] = (...args) => {
      this.callouts++;
      return core.dbt_callout(...args);
    };
    core.code.connect({ ...core, dbt_callout });
    this.#machine.space.vm.setU32(VmField.hotThreshold, 1);
  }

  /** Has instruction `index` translated while frm is as given. Throws when that does not happen. */
  translate(index: number, frm: number): void {
    for (let i = 0; i < 8 && !this.#region(index); i++) this.run(index, { operands: [], fromX: false, frm, fflags: 0 });
    if (!this.#region(index)) throw new Error(`instruction ${index} is not translated`);
  }

  /** Replaces what the interpreter would execute at a translated instruction by a NOP. */
  blindInterpreter(index: number): void {
    const nop = this.#machine.core.decode_word(NOP);
    this.#machine.memory.view.setBigUint64(this.#region(index), BigInt.asUintN(64, nop), true);
  }

  /** The descriptor of the region that begins at instruction `index`; 0 when there is none. */
  #region(index: number): number {
    const { core, memory, space } = this.#machine;
    const page = core.pool.frames.code(space.ram.frame(0));
    const record = memory.view.getBigUint64(page + CodePage.RECORDS + index * STRIDE * 4, true);
    return page !== 0 && Number(record & 0xffn) === Op.REGION ? Number(record >> 32n) : 0;
  }

  /** Executes piece `index`; returns the result registers, the flags and the cause of a trap, as text. */
  run(index: number, before: Before): string {
    const { hart } = this;
    const { view } = hart;
    for (let i = 1; i <= 4; i++) hart.setF(i, before.operands[i - 1] ?? 0n);
    hart.setX(10, 0n);
    hart.setX(12, BigInt(DATA));
    for (let i = 0; i < 4; i++) this.#machine.write64(DATA + 8 * i, before.operands[i] ?? 0n);
    hart.setX(11, before.fromX ? (before.operands[0] ?? 0n) : 0n);
    hart.setCsr(MSTATUS, FS);
    view.setU32(HartField.frm, before.frm);
    view.setU32(HartField.fflags, before.fflags);
    view.setU64(HartField.mcause, 0n);
    hart.pc = BigInt(RAM_PA + index * STRIDE);
    hart.run(this.#translated ? BUDGET : this.#lines[index]!.split(";").length + 1);
    const cause = view.u64(HartField.mcause);
    const flags = view.u32(HartField.fflags).toString(2).padStart(5, "0");
    const data = Array.from({ length: 4 }, (_, i) => this.#machine.read64(DATA + 8 * i).toString(16));
    return `f1 ${hart.f(1).toString(16)} f4 ${hart.f(4).toString(16)} x10 ${hart.x(10).toString(16)} flags ${flags} cause ${cause} data ${data.join(" ")}`;
  }
}
