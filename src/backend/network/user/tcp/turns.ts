/** Whether guest and host take turns on a connection, so that an acknowledgment may wait for the answer that it goes with. */

/** Milliseconds that an acknowledgment waits for an answer. (RFC 1122, "When to Send an ACK Segment": less than half a second) */
export const DELAYED_ACK = 40;

/** Turns in a row that are to be expected to go on. */
const ENOUGH = 3;

/**
 * A turn is one piece of the guest's that the host answers soon. Who sends two pieces before an answer may wait for the acknowledgment of the
 * first before it sends the second (Nagle's algorithm), and the host for both before it answers: nobody would go on until the delay is over.
 */
export class Turns {
  #count = 0;
  /** Pieces of the guest's that the host has not answered: 0, 1, or 2 for more. */
  #pieces = 0;
  #at = 0;

  /** Whether the host is expected to answer soon, before the guest sends more. */
  get areTaken(): boolean {
    return this.#count >= ENOUGH && this.#pieces < 2;
  }

  /** The guest has sent a piece. */
  guest(now: number): void {
    this.#pieces = Math.min(2, this.#pieces + 1);
    if (this.#pieces > 1) this.#count = 0;
    this.#at = now;
  }

  /** The host has sent something. */
  host(now: number): void {
    if (this.#pieces === 0) return;
    const isTurn = this.#pieces === 1 && now - this.#at <= DELAYED_ACK;
    this.#count = isTurn ? Math.min(ENOUGH, this.#count + 1) : 0;
    this.#pieces = 0;
  }

  /** The answer that was waited for has not come. */
  late(): void {
    this.#count = 0;
  }
}
