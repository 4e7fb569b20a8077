/** Time that is a function of what the guest has done, and of nothing else. */

import type { Clock } from "./clock.ts";
import { NANOSECONDS_PER_TICK } from "./clock.ts";

/** How a deterministic clock runs. */
export interface DeterministicClockOptions {
  /** Instructions retired so far, by all harts together; never falls. */
  instructions(): bigint;
  /** How many instructions make one tick; 10 makes a machine of 100 MIPS. */
  readonly instructionsPerTick?: number;
  /** Time of day at tick 0, in nanoseconds since 1970. */
  readonly epochNanoseconds?: bigint;
}

/** 2025-01-01T00:00Z. */
const DEFAULT_EPOCH = 1_735_689_600_000_000_000n;

/** Ticks follow retired instructions; while all harts wait, their owner moves time on with `skipTo`. */
export class DeterministicClock implements Clock {
  private readonly instructions: () => bigint;
  private readonly perTick: bigint;
  private readonly epoch: bigint;
  /** Ticks that have been moved on by `skipTo`: with the instructions, all that the clock is. */
  skipped = 0n;

  constructor(options: DeterministicClockOptions) {
    this.instructions = options.instructions;
    this.perTick = BigInt(options.instructionsPerTick ?? 10);
    this.epoch = options.epochNanoseconds ?? DEFAULT_EPOCH;
  }

  ticks(): bigint {
    return this.instructions() / this.perTick + this.skipped;
  }

  wallNanoseconds(): bigint {
    return this.epoch + this.ticks() * BigInt(NANOSECONDS_PER_TICK);
  }

  /** Moves time on to `tick`, a deadline nobody has to work for. Does nothing when it has passed. */
  skipTo(tick: bigint): void {
    const now = this.ticks();
    if (tick > now) this.skipped += tick - now;
  }

  /** Retired instructions until `tick`, for a budget that ends exactly there. */
  instructionsUntil(tick: bigint): bigint {
    const instructions = (tick - this.skipped) * this.perTick - this.instructions();
    return instructions > 0n ? instructions : 0n;
  }
}
