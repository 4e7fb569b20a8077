/** What a VM has asked the outside for, and lets in between two slices. */

import type { Arrivals } from "../device/device.ts";

/** The one place where what is done elsewhere (a disk's request, a file's flush) enters a VM. */
export class VmArrivals implements Arrivals {
  readonly #onChange: () => void;
  /** What can enter, in the order in which it came. */
  readonly #arrived: (() => void)[] = [];
  /** Told whenever something has arrived. */
  readonly #settling: (() => void)[] = [];
  #pending = 0;
  #closed = false;

  /** @param onChange - told when something has been asked for, and when something can enter */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** How much has been asked for that has not entered. */
  get pending(): number {
    return this.#pending;
  }

  /** Whether something can enter. */
  get hasArrived(): boolean {
    return this.#arrived.length > 0;
  }

  /** Resolves when nothing is under way: all that has been asked for has arrived, or entered. */
  async settled(): Promise<void> {
    while (this.#pending > this.#arrived.length && !this.#closed)
      await new Promise<void>((resolve) => this.#settling.push(resolve));
  }

  expect(promise: Promise<unknown>, done: (error: unknown) => void): void {
    this.#pending++;
    const enter = (error: unknown): void => {
      if (this.#closed) return;
      this.#arrived.push(() => done(error));
      for (const tell of this.#settling.splice(0)) tell();
      this.#onChange();
    };
    promise.then(
      () => enter(undefined),
      (error: unknown) => enter(error ?? new Error("it failed")),
    );
    if (!this.#closed) this.#onChange();
  }

  /** Lets `act` in before the next slice; it is there already. */
  soon(act: () => void): void {
    if (this.#closed) return;
    this.#pending++;
    this.#arrived.push(act);
    this.#onChange();
  }

  /** Lets in what has come. The machine must be at rest. */
  enter(): void {
    // Those that are there: what lets others in each time does not hold the machine.
    for (let count = this.#arrived.length; count > 0 && !this.#closed; count--) {
      this.#pending--;
      this.#arrived.shift()!();
    }
  }

  /** Nothing enters any more. */
  close(): void {
    this.#closed = true;
    this.#arrived.length = 0;
    for (const tell of this.#settling.splice(0)) tell();
  }
}
