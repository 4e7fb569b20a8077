/**
 * What is done while memory is getting scarce, before any page must leave: first guests are asked for what they can do without, then equal pages are
 * looked for faster. (docs/design/host-paging.md, "In which order")
 */

/** A guest that can be asked for pages, by its memory balloon. Numbers of pages. */
export interface Donor {
  /** What it has been asked for by the host, beside what its owner wants. */
  readonly asked: number;
  /** Asked for, and not given yet. */
  readonly owed: number;
  /** What it can do without, as its driver has last said; 0 if that says nothing. */
  readonly spare: number;
  /** Has its driver say what it can do without. The machine must be at rest. */
  ask(): void;
  /** Asks for so many pages in all. The machine must be at rest. */
  squeeze(pages: number): void;
}

/** What relief is asked of. */
export interface ReliefParts {
  /** Those that can be asked, who is to give first at the beginning. */
  donors(): readonly Donor[];
  /** Whether equal pages are to be looked for as fast as they may. */
  hurry(isHurried: boolean): void;
}

/** In multiples of the reserve: below which guests are asked, and equal pages looked for faster; above which guests get their pages back. */
const ASK_BELOW = 6;
const HURRY_BELOW = 3;
const RETURN_ABOVE = 10;

/** Milliseconds from one look to the next: a driver needs its time. */
const PERIOD = 250;

/** A guest is asked for one of so many pages that it can do without at a time. */
const PART = 2;

/** Looks at how much is free. */
export class Relief {
  readonly #parts: ReliefParts;
  #lookedAt = -Infinity;

  constructor(parts: ReliefParts) {
    this.#parts = parts;
  }

  /** Between two tasks, with all VMs at rest. `now` is in milliseconds. */
  tick(now: number, available: number, reserve: number): void {
    this.#parts.hurry(available < HURRY_BELOW * reserve);
    if (now - this.#lookedAt < PERIOD) return;
    this.#lookedAt = now;
    const donors = this.#parts.donors();
    if (available < ASK_BELOW * reserve) this.#ask(donors, RETURN_ABOVE * reserve - available);
    else if (available > RETURN_ABOVE * reserve) this.#giveBack(donors, available - RETURN_ABOVE * reserve);
    if (available < RETURN_ABOVE * reserve) for (const donor of donors) donor.ask();
  }

  /** What is on its way counts. */
  #ask(donors: readonly Donor[], wanted: number): void {
    let left = wanted - donors.reduce((sum, { owed }) => sum + owed, 0);
    for (const donor of donors) {
      if (left <= 0) return;
      const pages = Math.min(left, Math.floor(donor.spare / PART) - donor.owed);
      if (pages <= 0) continue;
      donor.squeeze(donor.asked + pages);
      left -= pages;
    }
  }

  #giveBack(donors: readonly Donor[], wanted: number): void {
    let left = wanted;
    for (const donor of donors.toReversed()) {
      const pages = Math.min(left, donor.asked);
      if (pages <= 0) continue;
      donor.squeeze(donor.asked - pages);
      left -= pages;
    }
  }
}
