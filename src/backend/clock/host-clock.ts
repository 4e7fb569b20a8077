/** Time that follows the host's. */

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

/** Ticks count real time from creation on, less the time the machine was paused. */
export class HostClock implements Clock {
  private readonly host: HostTime;
  /** The host's monotonic time at tick 0. */
  private origin: number;
  private pausedAt: number | undefined;
  private lastWall = 0n;

  constructor(host: HostTime = hostTime) {
    this.host = host;
    this.origin = host.monotonic();
  }

  ticks(): bigint {
    const now = this.pausedAt ?? this.host.monotonic();
    return BigInt(Math.floor((now - this.origin) * TICKS_PER_MILLISECOND));
  }

  /** The host may set its wall clock back; the guest's then stands still until it has caught up. */
  wallNanoseconds(): bigint {
    const now = BigInt(Math.floor(this.host.wall() * 1000)) * 1000n;
    if (now > this.lastWall) this.lastWall = now;
    return this.lastWall;
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
