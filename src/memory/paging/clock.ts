/**
 * Which pages of one VM leave: a clock with a hand that goes round its RAM. A page that was used since the hand last passed is noted as unused
 * and stays; one that was not leaves.
 */

import type { Ram } from "../ram.ts";
import type { WorkingSet } from "./working-set.ts";

/** Pages that the hand passes in one step. */
const STEP = 32;

/** The hand of one VM. */
export class Clock {
  readonly #ram: Ram;
  readonly #workingSet: WorkingSet;
  #hand = 0;
  /** Up to where pages have been noted as unused ahead of the hand. */
  #ahead = 0;

  constructor(ram: Ram, workingSet: WorkingSet) {
    this.#ram = ram;
    this.#workingSet = workingSet;
  }

  /** Has `count` pages leave, if there are so many that may. Nothing of the VM may be running. Returns how many have left. */
  reclaim(count: number): number {
    let [left, passed] = [count, 0];
    // Once round notes all that is used; the second time, whatever may leave does.
    while (left > 0 && passed < 2 * this.#ram.pages + STEP) {
      const first = this.#hand;
      const end = Math.min(first + STEP, this.#ram.pages);
      for (let page = first; page < end && left > 0; page++) {
        if (this.#ram.isUnused(page) && this.#ram.pageOut(page)) left--;
      }
      // It stands where it has not finished.
      if (left === 0) break;
      this.#note(first, end);
      passed += end - first;
      this.#hand = end === this.#ram.pages ? 0 : end;
    }
    return count - left;
  }

  /** Notes some pages as unused, round and round, so that it is known which are used before any must leave. */
  age(pages: number): void {
    for (let left = pages; left > 0; left -= STEP) {
      const end = Math.min(this.#ahead + STEP, this.#ram.pages);
      this.#note(this.#ahead, end);
      this.#ahead = end === this.#ram.pages ? 0 : end;
    }
  }

  #note(first: number, end: number): void {
    if (!this.#hasUsed(first, end)) return;
    this.#workingSet.before(first, end);
    this.#ram.unuse(first, end - first);
  }

  #hasUsed(first: number, end: number): boolean {
    for (let page = first; page < end; page++) if (this.#ram.touched(page) && !this.#ram.isUnused(page)) return true;
    return false;
  }
}
