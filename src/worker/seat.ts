/** Where a VM of a worker is: the line to its worker, and its number there. A pool may move it to another one. */

import type { Answered, Asked, Link, RequestOptions } from "./link.ts";
import type { Access, Address } from "./messages.ts";

/** Which object of the VM is meant. */
export type Part = Omit<Address, "vm">;

/** What all stand-ins for objects of one VM have together. */
export class Seat {
  #link: Link;
  #vm: number;
  #held: Promise<void> | undefined;
  #letGo: () => void = () => undefined;
  /** How often it has been moved, and how often it was to be. */
  moves = 0;
  holds = 0;

  /** @param vm - 0 for the host itself */
  constructor(link: Link, vm: number) {
    this.#link = link;
    this.#vm = vm;
  }

  /** The number of the VM in its worker. */
  get vm(): number {
    return this.#vm;
  }

  /** Whether it is between two workers. */
  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** Asks for a member of one of its objects; while it is between two workers, as soon as it is in one of them. */
  async access(part: Part, access: Access): Promise<Answered> {
    if (this.#held !== undefined) await this.#held;
    return this.#link.request({ type: "access", vm: this.#vm, ...part, ...access });
  }

  /** Asks for something else. */
  request(asked: (vm: number) => Asked, options: RequestOptions = {}): Promise<Answered> {
    return this.#link.request(asked(this.#vm), options);
  }

  /** It stands still, and may be elsewhere soon: nothing is asked for until `letGo`. */
  hold(): void {
    if (this.#held !== undefined) return;
    this.holds++;
    this.#held = new Promise((resolve) => (this.#letGo = resolve));
  }

  letGo(): void {
    this.#held = undefined;
    this.#letGo();
  }

  /** Resolves when it is not between two workers. */
  async settled(): Promise<void> {
    await this.#held;
  }

  /** It is elsewhere; what was asked for before is answered from where it was. */
  move(link: Link, vm: number): Seat {
    const before = new Seat(this.#link, this.#vm);
    [this.#link, this.#vm] = [link, vm];
    this.moves++;
    return before;
  }
}
