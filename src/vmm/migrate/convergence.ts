/** When the VM of a migration is stopped: as soon as the rest can be sent in the time for which it may stand still. */

/** A round of pages that has been sent. */
export interface SentRound {
  readonly pages: number;
  /** Milliseconds until the destination had all of it. */
  readonly milliseconds: number;
}

/** What to do next. */
export type NextStep = "stop" | "again" | "slower";

/** A round that leaves more than this part of its pages to be sent again does not get ahead. */
const AHEAD = 0.7;

/** Looks at each round. */
export class Convergence {
  readonly #downtime: number;
  readonly #rounds: number;
  readonly #throttle: boolean;
  #round = 0;
  #perPage = 0;

  constructor({
    downtime,
    rounds,
    throttle,
  }: {
    readonly downtime: number;
    readonly rounds: number;
    readonly throttle: boolean;
  }) {
    this.#downtime = downtime;
    this.#rounds = rounds;
    this.#throttle = throttle;
  }

  /** After a round. @param pending - pages that have been stored to meanwhile */
  next({ pages, milliseconds }: SentRound, pending: number): NextStep {
    this.#round++;
    if (pages > 0) this.#perPage = milliseconds / pages;
    if (pending * this.#perPage <= this.#downtime || this.#round >= this.#rounds) return "stop";
    // Of the first round nothing can be told: it has all pages.
    return this.#throttle && this.#round > 1 && pending > AHEAD * pages ? "slower" : "again";
  }
}
