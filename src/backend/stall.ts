/** Noticing that nothing has come for too long. */

/** A timer that every sign of life sets back. */
export class StallTimer {
  readonly #after: number;
  readonly #giveUp: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Calls `giveUp` when `after` milliseconds pass in silence while something is waited for; never with Infinity. */
  constructor(after: number, giveUp: () => void) {
    this.#after = after;
    this.#giveUp = giveUp;
  }

  /** Something is waited for from now on. */
  begin(): void {
    this.end();
    if (this.#after !== Infinity) this.#timer = setTimeout(this.#giveUp, this.#after);
  }

  /** Something has come. Nothing happens while nothing is waited for. */
  progress(): void {
    if (this.#timer !== undefined) this.begin();
  }

  /** Nothing is waited for any more. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** Why a connection was given up, for the end of a sentence. */
export const silence = (milliseconds: number): Error => new Error(`nothing has come for ${milliseconds / 1000} s`);
