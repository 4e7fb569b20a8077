/** Which pages of one VM's RAM are in the page store, and where; also of RAM that has been frozen. */

import type { PageStore } from "./page-store.ts";

/** Pages by number, each kept for this set until it leaves it. */
export class PagedPages {
  readonly #store: PageStore | undefined;
  readonly #numbers = new Map<number, number>();
  #in = 0;
  #out = 0;

  /** @param store - undefined: no page ever leaves */
  constructor(store: PageStore | undefined) {
    this.#store = store;
  }

  get size(): number {
    return this.#numbers.size;
  }

  /** How many pages have left, and how many have come back because they were used. */
  get moves(): { readonly in: number; readonly out: number } {
    return { in: this.#in, out: this.#out };
  }

  has(page: number): boolean {
    return this.#numbers.has(page);
  }

  /** Their numbers; the set may change meanwhile. */
  pages(): number[] {
    return [...this.#numbers.keys()];
  }

  /** Keeps what a page holds. False when it cannot be kept. */
  put(page: number, bytes: Uint8Array): boolean {
    const number = this.#store?.put(bytes) ?? 0;
    if (number === 0) return false;
    this.#numbers.set(page, number);
    this.#out++;
    return true;
  }

  /**
   * Copies a page, which stays in the set.
   * @throws WasmvisorError `page-store`
   */
  copy(page: number, into: Uint8Array): void {
    this.#store!.get(this.#numbers.get(page)!, into);
  }

  /** The page is back in RAM. */
  arrived(page: number): void {
    this.drop(page);
    this.#in++;
  }

  /** Nobody wants the page any more. False when it was not in the set. */
  drop(page: number): boolean {
    const number = this.#numbers.get(page);
    if (number === undefined) return false;
    this.#numbers.delete(page);
    this.#store!.release(number);
    return true;
  }

  /** Whether both have the same for a page. */
  isSame(page: number, other: PagedPages): boolean {
    return this.#numbers.get(page) === other.#numbers.get(page);
  }

  /** Takes a page of another set in; it is kept for both. */
  join(page: number, other: PagedPages): void {
    const number = other.#numbers.get(page)!;
    this.#store!.retain(number);
    this.drop(page);
    this.#numbers.set(page, number);
  }

  /** A set of those of them that are wanted. */
  copies(isWanted: (page: number) => boolean): PagedPages {
    const copy = new PagedPages(this.#store);
    for (const page of this.#numbers.keys()) if (isWanted(page)) copy.join(page, this);
    return copy;
  }

  clear(): void {
    for (const page of this.pages()) this.drop(page);
  }
}
