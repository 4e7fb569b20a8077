/** A VM's time, driven by its run loop: the host's, or counted out of instructions. */

import type { Clock } from "../backend/clock/clock.ts";
import { DeterministicClock } from "../backend/clock/deterministic-clock.ts";
import { HOST_CLOCK_TABLE, HostClock } from "../backend/clock/host-clock.ts";
import type { Part } from "../state/saved.ts";
import { table, u64, type ValuesIn } from "../state/table.ts";
import { HartField } from "../../assembly/state/layout.ts";
import type { HartView } from "../core/views.ts";

/** What the run loop does with time. All times are ticks of `clock`. */
export interface VmTime {
  readonly clock: Clock;
  /** Where it stands. */
  readonly saved: Part;
  /** True when time passes by instructions only. */
  readonly deterministic: boolean;
  /** Time passes; a new VM's stands still. */
  resume(): void;
  /** Time stands still. */
  pause(): void;
  /** `hart` starts a slice. */
  begin(hart: HartView): void;
  /** That slice is over. */
  end(): void;
  /** How many instructions to run at most so as not to run past `deadline`: from 1 to `slice`. */
  budget(deadline: bigint, slice: number): number;
  /** All harts wait for `deadline`: the milliseconds to sleep, or 0 when time has been moved there. */
  idle(deadline: bigint): number;
}

const TICKS_PER_MILLISECOND = 10_000;

/** Below this a slice costs more to start than to run. */
const MIN_BUDGET = 2000;

/** What a slice may take, as far as can be told from those before it: the host's clock is looked at between two. */
const SLICE_TICKS = 2 * TICKS_PER_MILLISECOND;

/** The host's time. Slices are measured, so that one ends about when a deadline comes. */
export class HostTime implements VmTime {
  readonly deterministic = false;
  readonly clock = new HostClock();
  #perTick = 10;
  #hart: HartView | undefined;
  #from = 0;
  #startedAt = 0;

  constructor() {
    this.clock.pause();
  }

  get saved(): Part {
    const { clock } = this;
    return {
      name: "time",
      first: true,
      table: HOST_CLOCK_TABLE,
      save: () => clock.save(),
      restore: (values: ValuesIn<typeof HOST_CLOCK_TABLE>) => clock.restore(values),
    };
  }

  resume(): void {
    this.clock.resume();
  }

  pause(): void {
    this.clock.pause();
  }

  begin(hart: HartView): void {
    this.#hart = hart;
    this.#from = hart.count(HartField.instret);
    this.#startedAt = performance.now();
  }

  end(): void {
    if (this.#hart === undefined) return;
    const instructions = this.#hart.count(HartField.instret) - this.#from;
    const ticks = (performance.now() - this.#startedAt) * TICKS_PER_MILLISECOND;
    // Short slices say little; the average forgets half of itself in about five long ones.
    if (instructions < MIN_BUDGET || ticks <= 0) return;
    const change = instructions / ticks - this.#perTick;
    // A guest that has become slower is believed at once.
    this.#perTick += change < 0 ? change / 2 : change / 8;
  }

  budget(deadline: bigint, slice: number): number {
    const ticks = Math.min(SLICE_TICKS, Number(deadline - this.clock.ticks()));
    return Math.max(MIN_BUDGET, Math.min(slice, Math.ceil(ticks * this.#perTick)));
  }

  idle(deadline: bigint): number {
    return Math.max(0, Number(deadline - this.clock.ticks()) / TICKS_PER_MILLISECOND);
  }
}

/** A guest can skip to any tick, again and again: what is skipped counts modulo 2^64, as mtime does. */
const INSTRUCTION_TIME_TABLE = table(1, { retired: u64(2n ** 62n), skipped: u64() });

/** Time that follows the instructions of all harts, in the order in which they run. */
export class InstructionTime implements VmTime {
  readonly deterministic = true;
  readonly clock = new DeterministicClock({ instructions: () => this.#retired + this.#inSlice() });
  #retired = 0n;
  #hart: HartView | undefined;
  #from = 0n;

  get saved(): Part {
    return {
      name: "time",
      first: true,
      table: INSTRUCTION_TIME_TABLE,
      save: () => ({ retired: this.#retired, skipped: BigInt.asUintN(64, this.clock.skipped) }),
      restore: ({ retired, skipped }: ValuesIn<typeof INSTRUCTION_TIME_TABLE>) => {
        this.#retired = retired;
        this.clock.skipped = skipped;
      },
    };
  }

  resume(): void {}

  pause(): void {}

  begin(hart: HartView): void {
    this.#hart = hart;
    this.#from = hart.u64(HartField.instret);
  }

  end(): void {
    this.#retired += this.#inSlice();
    this.#hart = undefined;
  }

  budget(deadline: bigint, slice: number): number {
    const instructions = this.clock.instructionsUntil(deadline);
    return Math.max(1, instructions < BigInt(slice) ? Number(instructions) : slice);
  }

  idle(deadline: bigint): number {
    this.clock.skipTo(deadline);
    return 0;
  }

  /** `instret` is exact whenever the core calls out, so this holds in the middle of a slice too. */
  #inSlice(): bigint {
    return this.#hart === undefined ? 0n : this.#hart.u64(HartField.instret) - this.#from;
  }
}
