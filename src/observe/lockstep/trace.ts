/** What the interpreter did in a slice: its last instructions, and which of them wrote the registers in question. */

import { HartField } from "../../../assembly/state/layout.ts";
import type { HartView } from "../../core/views.ts";
import type { Vm } from "../../vmm/vm.ts";
import { disassemble } from "../../isa/disasm.ts";
import { registerValue } from "./compare.ts";
import type { Pair } from "./pair.ts";
import type { Narrowed } from "./narrow.ts";
import type { Side, Slice } from "./side.ts";

/** An instruction that was executed. */
export interface TracedInstruction {
  readonly pc: bigint;
  readonly mode: "U" | "S" | "M";
  /** Undefined when it could not be fetched. */
  readonly text: string | undefined;
}

/** The end of a slice as the interpreter went through it. */
export interface Trace {
  /** The last instructions, in order. */
  readonly instructions: readonly TracedInstruction[];
  /** By the register's name: the instruction that wrote what the interpreter has there, if that was in this slice. */
  readonly writers: ReadonlyMap<string, TracedInstruction>;
}

/** Instructions that are followed one by one, and those that are told. */
const FOLLOWED = 5000;
const TOLD = 24;

/** Goes through the interpreter's side of the narrowed slice again. */
export async function trace(pair: Pair, { before, slice, differences }: Narrowed): Promise<Trace> {
  await pair.restart();
  const names = differences.registers.filter(({ hart }) => hart === slice.hart).map(({ name }) => name);
  const tracer = new Tracer(pair.interpreter, slice.hart, names);
  const last = before.at(-1);
  for (const done of before.slice(0, -1)) await pair.interpreter.run(done);
  // The slice before belongs to the context, the registers' writers are of this one.
  if (last !== undefined) await tracer.follow(last, TOLD);
  tracer.writers.clear();
  await tracer.follow(slice, FOLLOWED);
  return tracer;
}

/** Steps a hart and keeps what it does. */
class Tracer implements Trace {
  readonly instructions: TracedInstruction[] = [];
  readonly writers = new Map<string, TracedInstruction>();
  readonly #side: Side;
  readonly #hart: number;
  readonly #view: HartView;
  readonly #names: readonly string[];
  #values: bigint[] = [];

  constructor(side: Side, hart: number, names: readonly string[]) {
    this.#side = side;
    this.#hart = hart;
    this.#view = side.vm.machine.space.harts[hart]!;
    this.#names = names;
  }

  /** Runs `slice`, the last `most` steps of it one by one. */
  async follow(slice: Slice, most: number): Promise<void> {
    const followed = slice.hart === this.#hart ? Math.min(slice.steps, most) : 0;
    await this.#side.run({ ...slice, steps: slice.steps - followed, endsRound: slice.endsRound && followed === 0 });
    this.#values = this.#read();
    for (let left = followed; left > 0 && this.#side.exit === undefined; left--) {
      await this.#step(slice.endsRound && left === 1);
    }
  }

  async #step(endsRound: boolean): Promise<void> {
    const instruction = nextInstruction(this.#side.vm, this.#hart);
    const before = this.#done();
    await this.#side.run({ hart: this.#hart, steps: 1, endsRound });
    if (this.#done() === before) return;
    this.instructions.push(instruction);
    if (this.instructions.length > TOLD) this.instructions.shift();
    const now = this.#read();
    this.#names.filter((_, i) => now[i] !== this.#values[i]).forEach((name) => this.writers.set(name, instruction));
    this.#values = now;
  }

  #read(): bigint[] {
    return this.#names.map((name) => registerValue(this.#view, name));
  }

  #done(): number {
    return this.#view.count(HartField.instret) + this.#view.count(HartField.countTrap);
  }
}

/** The instruction that `hart` is about to execute. */
export function nextInstruction(vm: Vm, hart: number): TracedInstruction {
  const { pc, mode } = vm.hart(hart);
  const low = halfword(vm, hart, pc);
  const high = low !== undefined && (low & 3) === 3 ? halfword(vm, hart, pc + 2n) : 0;
  if (low === undefined || high === undefined) return { pc, mode, text: undefined };
  return { pc, mode, text: disassemble(low | (high << 16), pc).text };
}

function halfword(vm: Vm, hart: number, va: bigint): number | undefined {
  const pa = vm.hart(hart).translate(va, "fetch");
  if (pa === undefined || !vm.memory.contains(pa, 2)) return undefined;
  const bytes = vm.memory.read(pa, 2);
  return bytes[0]! | (bytes[1]! << 8);
}
