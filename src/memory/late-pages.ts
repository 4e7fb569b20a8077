/** Pages of RAM that cannot be had in the middle of an instruction, and what waits for them (docs/design/lazy-restore.md). */

import { FRAME_BYTES } from "./machine-memory.ts";
import type { Ram } from "./ram.ts";

/** Names bytes of RAM that are about to be used. Whether they are here; what is not is asked for. What lies outside RAM is. */
export type Touch = (pa: number, length: number) => boolean;

/** How a device finds out whether it may use RAM now. */
export interface LateMemory {
  /**
   * Whether something that `uses` names is not here. If so, the machine stands still after the present instruction, and `act` is done when
   * all of it has come, with the machine at rest: it must do all that was to be done.
   */
  isLate(uses: (touch: Touch) => void, act: () => void): boolean;
  /** Does `act` now, or when all that `uses` names has come, as `isLate` has it. */
  whenHere(uses: (touch: Touch) => void, act: () => void): void;
}

/** The machine. */
export interface LatePagesOwner {
  /** Something can go on. */
  wake(): void;
  /** The slice that is under way must end. */
  endSlice(): void;
}

/** Pages that one look names, for each page that RAM has; what names more is taken to use all of RAM. */
const VISITS_PER_PAGE = 4;

/** Calls `visit` for each range of pages that `uses` names. */
function visitRanges(
  ramPa: number,
  pages: number,
  uses: (touch: Touch) => void,
  visit: (first: number, last: number) => boolean,
): void {
  let left = VISITS_PER_PAGE * pages;
  uses((pa, length) => {
    const [first, last] = rangeIn(ramPa, pages, pa, length);
    if (left > 0) left -= last - first + 1;
    return left > 0 ? visit(first, last) : visit(0, pages - 1);
  });
}

/** The pages of RAM that `uses` names. */
export function touchedPages(ramPa: number, pages: number, uses: (touch: Touch) => void): Set<number> {
  const found = new Set<number>();
  visitRanges(ramPa, pages, uses, (first, last) => {
    for (let page = first; page <= last && found.size < pages; page++) found.add(page);
    return true;
  });
  return found;
}

/** The first and the last page of a range, as far as it is in RAM. */
function rangeIn(ramPa: number, pages: number, pa: number, length: number): readonly [number, number] {
  const offset = pa - ramPa;
  if (!(length > 0 && offset >= 0 && offset < pages * FRAME_BYTES)) return [0, -1];
  const last = Math.floor((offset + length - 1) / FRAME_BYTES);
  return [Math.floor(offset / FRAME_BYTES), Math.min(last, pages - 1)];
}

interface Waiting {
  uses(touch: Touch): void;
  act(): void;
}

/** What a VM waits for. */
export class LatePages implements LateMemory {
  readonly #ram: Ram;
  readonly #ramPa: number;
  readonly #owner: LatePagesOwner;
  /** Pages that somebody wanted and that have not come. */
  readonly #missed = new Set<number>();
  readonly #waiting: Waiting[] = [];
  readonly #settling: (() => void)[] = [];
  #isExpecting = false;
  #isLettingIn = false;

  constructor(ram: Ram, ramPa: number, owner: LatePagesOwner) {
    this.#ram = ram;
    this.#ramPa = ramPa;
    this.#owner = owner;
  }

  /** Absent pages come late from now on, until `end`. */
  begin(): void {
    this.#isExpecting = true;
  }

  /** All pages are here, or none is wanted any more. The machine must be at rest. */
  end(): void {
    this.came();
    this.letIn();
    this.#isExpecting = false;
    this.#goOn();
  }

  /** Nothing is waited for: the machine is another one now. */
  forget(): void {
    this.#waiting.length = 0;
    this.#missed.clear();
    this.#goOn();
  }

  /** Whether the machine must stand still. */
  get isWaiting(): boolean {
    return this.#missed.size > 0 || this.#waiting.length > 0;
  }

  /** Whether `letIn` has something to do. */
  get canGoOn(): boolean {
    return this.#missed.size === 0 && this.#waiting.length > 0;
  }

  /** Somebody has used a page that is not here and is on its way. */
  miss(page: number): void {
    this.#missed.add(page);
  }

  /** Pages have come. */
  came(): void {
    if (this.#missed.size === 0) return;
    for (const page of this.#missed) if (!this.#ram.isAbsent(page)) this.#missed.delete(page);
    if (this.#missed.size === 0) this.#goOn();
  }

  /** Resolves when nothing is missed. */
  async settled(): Promise<void> {
    while (this.#missed.size > 0) await new Promise<void>((resolve) => this.#settling.push(resolve));
  }

  /** Whether all that `uses` names is here; what is not is on its way then. */
  has(uses: (touch: Touch) => void): boolean {
    if (!this.#isExpecting || this.#ram.absent === 0) return true;
    visitRanges(this.#ramPa, this.#ram.pages, uses, (first, last) => this.#bring(first, last));
    return this.#missed.size === 0;
  }

  isLate(uses: (touch: Touch) => void, act: () => void): boolean {
    if (!this.#isExpecting) return false;
    const isBehind = this.#waiting.length > 0 && !this.#isLettingIn;
    if (!isBehind && this.has(uses)) return false;
    this.#waiting.push({ uses, act });
    this.#owner.endSlice();
    return true;
  }

  whenHere(uses: (touch: Touch) => void, act: () => void): void {
    if (!this.isLate(uses, act)) act();
  }

  /** Does what has waited, as far as its pages have come. Whether nothing waits any more. The machine must be at rest. */
  letIn(): boolean {
    this.#isLettingIn = true;
    try {
      while (this.#missed.size === 0) {
        const [next] = this.#waiting;
        if (next === undefined) return true;
        if (!this.has((touch) => next.uses(touch))) return false;
        this.#waiting.shift();
        next.act();
      }
      return false;
    } finally {
      this.#isLettingIn = false;
    }
  }

  #goOn(): void {
    this.#owner.wake();
    for (const tell of this.#settling.splice(0)) tell();
  }

  #bring(first: number, last: number): boolean {
    let isHere = true;
    for (let page = first; page <= last && this.#ram.absent > 0; page++)
      if (this.#ram.isAbsent(page) && !this.#ram.ensure(page)) isHere = false;
    return isHere;
  }
}
