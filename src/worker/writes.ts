/** What is written to a VM in a worker, in order, also while the VM is moved to another one. */

import { WasmvisorError } from "../error.ts";
import type { Seat } from "./seat.ts";

/** What has become of bytes. */
export type Written = "taken" | "moved";

interface Write {
  readonly moves: number;
  readonly done: Promise<Written>;
}

/** The writes to one stream. */
export class Writes {
  readonly #seat: Seat;
  readonly #write: (bytes: Uint8Array | string) => Promise<void>;
  readonly #underWay = new Set<Write>();

  /** @param write - asks the worker; resolves when the guest has the bytes */
  constructor(seat: Seat, write: (bytes: Uint8Array | string) => Promise<void>) {
    this.#seat = seat;
    this.#write = write;
  }

  /**
   * Resolves when the guest has taken the bytes ("taken"), or when they have gone with it to another worker, where it takes them in time.
   * @throws what the far end throws
   */
  async write(bytes: Uint8Array | string): Promise<Written> {
    const others = [...this.#underWay];
    const { moves } = this.#seat;
    // Those that came too late where it was must be sent again before this one.
    const isOrdered = !this.#seat.isHeld && others.every((other) => other.moves === moves);
    const done = isOrdered ? this.#attempt(bytes) : this.#afterwards(others, bytes);
    const write = { moves, done };
    this.#underWay.add(write);
    try {
      return await done;
    } finally {
      this.#underWay.delete(write);
    }
  }

  async #afterwards(others: readonly Write[], bytes: Uint8Array | string): Promise<Written> {
    await Promise.allSettled(others.map(({ done }) => done));
    return this.#attempt(bytes);
  }

  async #attempt(bytes: Uint8Array | string): Promise<Written> {
    for (;;) {
      if (this.#seat.isHeld) await this.#seat.settled();
      const { moves, holds } = this.#seat;
      try {
        await this.#write(bytes);
        return "taken";
      } catch (error) {
        await this.#seat.settled();
        // Nobody has taken it there.
        const cameLate = error instanceof WasmvisorError && error.data.isAway === true;
        if (cameLate && this.#seat.holds !== holds) continue;
        if (this.#seat.moves === moves) throw error;
        return "moved";
      }
    }
  }
}
