/** Ranges of machine memory that are given back together. */

import type { MachineMemory } from "./machine-memory.ts";

export class Ranges {
  readonly #memory: MachineMemory;
  readonly #taken: { readonly ma: number; readonly bytes: number }[] = [];

  constructor(memory: MachineMemory) {
    this.#memory = memory;
  }

  /**
   * Takes a range of zeros. Returns its machine address.
   * @throws WasmvisorError `host-memory`
   */
  allocate(bytes: number): number {
    const ma = this.#memory.allocate(bytes);
    this.#taken.push({ ma, bytes });
    return ma;
  }

  /** Gives all of them back. */
  release(): void {
    for (const { ma, bytes } of this.#taken.splice(0)) this.#memory.release(ma, bytes);
  }
}
