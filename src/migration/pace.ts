/** How fast a migration sends. */

/** Keeps to a number of bytes a second. Times are milliseconds. */
export class Pace {
  readonly #perMillisecond: number;
  /** When what has been sent is through. */
  #freeAt = 0;

  /** @param bytesPerSecond - may be infinite */
  constructor(bytesPerSecond: number) {
    this.#perMillisecond = bytesPerSecond / 1000;
  }

  /** How long to wait before `bytes` are sent. */
  wait(bytes: number, now: number): number {
    const from = Math.max(now, this.#freeAt);
    this.#freeAt = from + bytes / this.#perMillisecond;
    return from - now;
  }
}
