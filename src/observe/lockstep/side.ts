/** One of the two VMs that run in lock-step: slice by slice, with what it has printed and how it ended. */

import { HartField } from "../../../assembly/state/layout.ts";
import type { Vm } from "../../vmm/vm.ts";
import type { VmExit } from "../../vmm/vm-types.ts";

/** What both VMs do before the next comparison. */
export interface Slice {
  readonly hart: number;
  /** Instructions retired and traps taken, at most. */
  readonly steps: number;
  /** What is typed on the console before. */
  readonly typed?: Uint8Array;
  /** Whether every hart has had a slice, so that time may pass if all of them wait. */
  readonly endsRound: boolean;
}

/** A VM with a deterministic clock that has never been started: slices drive it. */
export class Side {
  readonly vm: Vm;
  /** True when every hart waits for something that does not come by itself. */
  waiting = false;
  #instructions = 0;
  #exit: VmExit | undefined;
  #printed: Uint8Array[] = [];

  constructor(vm: Vm) {
    this.vm = vm;
    vm.on("output", (bytes) => this.#printed.push(bytes));
    vm.on("exit", (exit) => (this.#exit = exit));
  }

  /** How the guest ended, if it has. */
  get exit(): VmExit | undefined {
    return this.#exit;
  }

  /** Instructions retired by all harts, resets or not. */
  get instructions(): number {
    return this.#instructions;
  }

  /** What was printed in the latest slice. */
  get newOutput(): Uint8Array {
    const bytes = new Uint8Array(this.#printed.reduce((sum, { length }) => sum + length, 0));
    this.#printed.reduce((at, chunk) => (bytes.set(chunk, at), at + chunk.length), 0);
    return bytes;
  }

  /** Runs one slice, as the VM's own loop would. */
  async run({ hart, steps, typed, endsRound }: Slice): Promise<void> {
    const { loop, console } = this.vm;
    this.#printed = [];
    if (typed !== undefined) void console.write(typed);
    await this.#execute(hart, steps);
    if (endsRound && this.#exit === undefined) this.waiting = !loop.passIdleTime();
    console.flush();
  }

  async #execute(hart: number, steps: number): Promise<void> {
    const { loop, machine } = this.vm;
    const view = machine.space.harts[hart]!;
    for (let left = steps; left > 0 && this.#exit === undefined;) {
      const budget = loop.plan(hart, left);
      if (budget === 0) return;
      const before = view.count(HartField.instret);
      const exit = loop.execute(hart, budget);
      this.#instructions += view.count(HartField.instret) - before;
      left -= Math.max(1, budget - view.u32(HartField.fuel));
      const goOn = loop.conclude(hart, exit);
      await this.vm.restarting;
      if (!goOn) return;
    }
  }
}
