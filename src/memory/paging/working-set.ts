/**
 * How much of its memory a VM uses, by sampling (Waldspurger, "Memory Resource Management in VMware ESX Server", OSDI 2002, section 5): of a
 * few pages chosen at random it is seen whether they are used within a period.
 */

import type { Ram } from "../ram.ts";

/** Pages that are looked at in a period. */
const SAMPLE = 100;

/** What the two averages keep of what was before, from period to period. */
const SLOW = 0.75;
const FAST = 0.25;

/** Estimates how much one VM uses. */
export class WorkingSet {
  readonly #ram: Ram;
  readonly #random: () => number;
  /** The pages of this period, and whether each has been seen used. */
  readonly #sample = new Map<number, boolean>();
  #slow: number | undefined;
  #fast = 1;
  #startedAt: number | undefined;

  /** @param random - from 0 to less than 1 */
  constructor(ram: Ram, random: () => number = Math.random) {
    this.#ram = ram;
    this.#random = random;
  }

  /** The part of what the VM has that it uses, 0 to 1: the most of a slow and a fast average and what is seen in this period. 1 at first. */
  get active(): number {
    return this.#slow === undefined ? 1 : Math.max(this.#slow, this.#fast, this.#seen());
  }

  /** Ends the period when it has lasted `milliseconds`, and begins the next one. Nothing of the VM may be running. */
  tick(now: number, milliseconds: number): void {
    this.#startedAt ??= -Infinity;
    if (now - this.#startedAt < milliseconds) return;
    this.#startedAt = now;
    this.#note();
    if (this.#sample.size > 0) {
      const seen = this.#seen();
      this.#slow = this.#slow === undefined ? seen : SLOW * this.#slow + (1 - SLOW) * seen;
      this.#fast = FAST * this.#fast + (1 - FAST) * seen;
    }
    this.#choose();
  }

  /** Pages from `first` to `end` are about to count as unused: what they have been used for is noted. */
  before(first: number, end: number): void {
    for (const [page, isUsed] of this.#sample) {
      if (!isUsed && page >= first && page < end && this.#isUsed(page)) this.#sample.set(page, true);
    }
  }

  #note(): void {
    this.before(0, this.#ram.pages);
  }

  #isUsed(page: number): boolean {
    return !this.#ram.isAbsent(page) && !this.#ram.isUnused(page);
  }

  #seen(): number {
    if (this.#sample.size === 0) return 0;
    let used = 0;
    for (const isUsed of this.#sample.values()) if (isUsed) used++;
    return used / this.#sample.size;
  }

  /** Pages that hold something, here or in the page store. One of which no use can be seen is not among them. */
  #choose(): void {
    this.#sample.clear();
    const { pages } = this.#ram;
    const first = Math.floor(this.#random() * pages);
    const stride = Math.max(1, Math.floor(pages / Math.max(1, this.#ram.resident + this.#ram.paged.size)));
    for (let tries = 0; tries < 8 * SAMPLE * Math.min(stride, 64) && this.#sample.size < SAMPLE; tries++) {
      const page = (first + Math.floor(this.#random() * pages)) % pages;
      if (this.#sample.has(page)) continue;
      if (this.#ram.paged.has(page)) this.#sample.set(page, false);
      else if (this.#ram.touched(page)) {
        this.#ram.unuse(page, 1);
        if (this.#ram.isUnused(page)) this.#sample.set(page, false);
      }
    }
  }
}
