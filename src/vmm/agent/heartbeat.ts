/** Whether a guest's agent still answers: a hang is seen by its silence. (docs/design/cure.md) */

import type { Watchdog } from "../cure/watchdog.ts";

/** What a VM is doing, as far as its guest's silence depends on it. */
export interface Pulse {
  /** Whether harts may run: a VM that is paused, held or restarted cannot answer. */
  readonly runs: boolean;
  /** Milliseconds so far in which it wanted to run, and others did. */
  readonly waited: number;
}

/** Whom a heartbeat asks, and tells. */
export interface HeartbeatOwner {
  pulse(): Pulse | Promise<Pulse>;
  /** How much the agent has said so far. */
  heard(): number;
  /** Whether its silence would matter to anybody. */
  matters(): boolean;
  /** Asks it something, if it is there. */
  ping(): void;
  /** The guest has been silent for so many milliseconds of its own time. */
  onHang(milliseconds: number): void;
}

/** The heartbeat of one agent. */
export class Heartbeat {
  readonly #owner: HeartbeatOwner;
  readonly #watchdog: Watchdog;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #silence = 0;
  #heard = 0;
  #isUp = false;
  #last: { readonly at: number; readonly waited: number } | undefined;

  constructor(owner: HeartbeatOwner, watchdog: Watchdog) {
    this.#owner = owner;
    this.#watchdog = watchdog;
    this.#next();
  }

  /** The guest begins anew: what it has said until now says nothing of it. */
  booted(): void {
    this.#isUp = false;
    this.#silence = 0;
    this.#heard = this.#owner.heard();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #next(): void {
    const timer = setTimeout(() => void this.#beat(timer), this.#watchdog.heartbeat);
    this.#timer = timer;
    // Nobody waits for it alone.
    (timer as { unref?(): void }).unref?.();
  }

  async #beat(timer: ReturnType<typeof setTimeout>): Promise<void> {
    try {
      this.#count(await this.#owner.pulse());
    } catch {
      // There is no VM any more, or its worker is lost; those who wait are told by that.
    }
    if (this.#timer === timer) this.#next();
  }

  #count({ runs, waited }: Pulse): void {
    const heard = this.#owner.heard();
    if (heard !== this.#heard) {
      this.#isUp = true;
      this.#silence = 0;
    } else if (runs && this.#owner.matters()) this.#silence += this.#passed(waited);
    else this.#silence = 0;
    this.#heard = heard;
    this.#last = runs ? { at: performance.now(), waited } : undefined;
    const { heartbeat, misses, boot } = this.#watchdog;
    if (this.#silence >= (this.#isUp ? heartbeat * misses : boot)) {
      const silence = this.#silence;
      this.#silence = 0;
      this.#owner.onHang(silence);
    } else if (runs && this.#owner.matters()) this.#owner.ping();
  }

  /** What has passed of the guest's time since the last beat: one beat at most, however late this one is. */
  #passed(waited: number): number {
    if (this.#last === undefined) return 0;
    const passed = performance.now() - this.#last.at - (waited - this.#last.waited);
    return Math.max(0, Math.min(this.#watchdog.heartbeat, passed));
  }
}
