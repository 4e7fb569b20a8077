/** When the VM of a migration is stopped: as soon as the rest can be sent in the time for which it may stand still. */

import type { MigrationMode } from "./options.ts";

/** A round of pages that has been sent. */
export interface SentRound {
  readonly pages: number;
  /** Milliseconds until the destination had all of it. */
  readonly milliseconds: number;
}

/** What to do next. */
export type NextStep = "stop" | "again" | "slower" | "follow";

/** A round that leaves more than this part of its pages to be sent again does not get ahead. */
const AHEAD = 0.7;

/** Rounds that do not get ahead, after which pages follow the VM, if they may. */
const STUCK = 2;

/** Looks at each round. */
export class Convergence {
  readonly #downtime: number;
  readonly #rounds: number;
  readonly #throttle: boolean;
  readonly #mayFollow: boolean;
  #round = 0;
  #stuck = 0;
  #perPage = 0;

  constructor({
    downtime,
    rounds,
    throttle,
    mode = "pre",
  }: {
    readonly downtime: number;
    readonly rounds: number;
    readonly throttle: boolean;
    readonly mode?: MigrationMode;
  }) {
    this.#downtime = downtime;
    this.#rounds = rounds;
    this.#throttle = throttle;
    this.#mayFollow = mode !== "pre";
  }

  /** After a round. @param pending - pages that have been stored to meanwhile */
  next({ pages, milliseconds }: SentRound, pending: number): NextStep {
    this.#round++;
    if (pages > 0) this.#perPage = milliseconds / pages;
    if (pending * this.#perPage <= this.#downtime) return "stop";
    if (this.#round >= this.#rounds) return this.#mayFollow ? "follow" : "stop";
    // Of the first round nothing can be told: it has all pages.
    if (this.#round === 1 || pending <= AHEAD * pages) return "again";
    if (this.#mayFollow) return ++this.#stuck < STUCK ? "again" : "follow";
    return this.#throttle ? "slower" : "again";
  }
}
