/** Time that follows the host's. */

import { table, u64, type ValuesIn } from "../../state/table.ts";
import type { Clock } from "./clock.ts";

/** Readings of the host's clocks, in milliseconds. */
export interface HostTime {
  /** Never runs backwards; from any origin. */
  monotonic(): number;
  /** Since 1970-01-01T00:00Z. */
  wall(): number;
}

const hostTime: HostTime = { monotonic: () => performance.now(), wall: () => Date.now() };

const TICKS_PER_MILLISECOND = 10_000;

/** What of a host's clock is saved: where the ticks stand, and the latest time of day that has been seen. */
export const HOST_CLOCK_TABLE = table(1, { ticks: u64(2n ** 62n), wall: u64() });

/** Ticks count real time from creation on, less the time the machine was paused. */
export class HostClock implements Clock {
  private readonly host: HostTime;
  /** The host's monotonic time at tick `base`. */
  private origin: number;
  private base = 0n;
  private pausedAt: number | undefined;
  private lastWall = 0n;

  constructor(host: HostTime = hostTime) {
    this.host = host;
    this.origin = host.monotonic();
  }

  ticks(): bigint {
    const now = this.pausedAt ?? this.host.monotonic();
    return this.base + BigInt(Math.floor((now - this.origin) * TICKS_PER_MILLISECOND));
  }

  /** The host may set its wall clock back; the guest's then stands still until it has caught up. */
  wallNanoseconds(): bigint {
    const now = BigInt(Math.floor(this.host.wall() * 1000)) * 1000n;
    if (now > this.lastWall) this.lastWall = now;
    return this.lastWall;
  }

  save(): ValuesIn<typeof HOST_CLOCK_TABLE> {
    return { ticks: this.ticks(), wall: this.lastWall };
  }

  /** The ticks go on from where they were saved. The time of day is the host's, and does not run backwards either. */
  restore({ ticks, wall }: ValuesIn<typeof HOST_CLOCK_TABLE>): void {
    this.base = ticks;
    this.origin = this.pausedAt ?? this.host.monotonic();
    this.lastWall = wall;
  }

  /** Stops the ticks, not the wall clock. */
  pause(): void {
    this.pausedAt ??= this.host.monotonic();
  }

  /** Lets the ticks go on from where they stopped. */
  resume(): void {
    if (this.pausedAt === undefined) return;
    this.origin += this.host.monotonic() - this.pausedAt;
    this.pausedAt = undefined;
  }
}
