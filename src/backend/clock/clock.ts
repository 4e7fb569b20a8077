/** What a machine needs to know about time, and all it ever learns of the host's. */

/** How fast `Clock.ticks` runs: QEMU virt's `timebase-frequency`. */
export const TICKS_PER_SECOND = 10_000_000;

/** Nanoseconds in one tick. */
export const NANOSECONDS_PER_TICK = 1_000_000_000 / TICKS_PER_SECOND;

/** A source of time. Both readings never run backwards. */
export interface Clock {
  /** 10 MHz ticks since the machine was switched on; below 2^64. */
  ticks(): bigint;
  /** Nanoseconds since 1970-01-01T00:00Z, for the real-time clock. */
  wallNanoseconds(): bigint;
}
