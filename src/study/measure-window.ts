/** Workloads on variants too slow for all of them: a window of instructions, verified by the hart's registers after it. */

import { type Hart, Host, type VmConfig } from "../index.ts";
import { clocks, type Environment } from "./environment.ts";
import type { Job } from "./measure.ts";
import { plainCounters, vmConfig } from "./measure-vm.ts";

/** A window's figures. */
export interface WindowOutcome {
  readonly cpu: number;
  readonly wall: number;
  readonly instructions: number;
  /** Instructions and traps. */
  readonly steps: number;
  /** The hart's pc and registers afterwards, as text. */
  readonly registers: string;
  readonly counters: Readonly<Record<string, number>>;
}

/** The engine whose registers are right. */
const REFERENCE: Partial<VmConfig> = { engine: "interpreter" };

/** A scale at which no window reaches the end. */
const ENDLESS = 1e6;

/** Instructions of a step: few enough not to hold up the event loop for long, many for the exact end of a slice not to matter. */
const STEP = 2000;

/** Runs the first instructions of a workload. */
export class WindowRunner {
  readonly #vm: Partial<VmConfig>;
  readonly #environment: Environment;

  constructor(vm: Partial<VmConfig>, environment: Environment) {
    this.#vm = vm;
    this.#environment = environment;
  }

  /** Steps through at most `most` instructions and traps, and ends after the first step that ends later than `milliseconds`. */
  async run(job: Job, most: number, milliseconds = Infinity): Promise<WindowOutcome> {
    return this.#step(job, this.#vm, most, milliseconds);
  }

  /** The registers that the interpreter has after as many steps. */
  async expected(job: Job, steps: number): Promise<string> {
    return (await this.#step(job, REFERENCE, steps, Infinity)).registers;
  }

  async #step(job: Job, vm: Partial<VmConfig>, most: number, milliseconds: number): Promise<WindowOutcome> {
    // Guest time follows the instructions, so that reading it gives the same on both engines.
    const endless = { ...job, scale: ENDLESS };
    const config = { ...(await vmConfig(this.#environment, endless, vm)), clock: "deterministic" } as const;
    using host = await Host.create();
    const machine = await host.createVm(config);
    try {
      const begin = clocks(this.#environment);
      let end = begin;
      let steps = 0;
      while (steps < most && end.wall - begin.wall < milliseconds) {
        job.signal.throwIfAborted();
        const next = Math.min(STEP, most - steps);
        machine.step(0, next);
        steps += next;
        end = clocks(this.#environment);
        await turnOfOthers();
      }
      return {
        cpu: end.cpu - begin.cpu,
        wall: end.wall - begin.wall,
        instructions: machine.counters().instructions,
        steps,
        registers: registersOf(machine.hart(0)),
        counters: plainCounters(machine.counters()),
      };
    } finally {
      machine.destroy();
    }
  }
}

function registersOf(hart: Hart): string {
  const numbers = Array.from({ length: 32 }, (_, index) => index);
  const values = [hart.pc, ...numbers.map((n) => hart.x(n)), ...numbers.map((n) => hart.f(n))];
  return values.map((value) => value.toString(16)).join(" ");
}

/** Lets timers and signals in. */
function turnOfOthers(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
