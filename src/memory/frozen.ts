/** The RAM of a VM as it was at one moment: its frames, kept while the VM runs on with others (copy on write). */

import { Frame } from "../../assembly/shared/constants.ts";
import { FRAME_BYTES, type MachineMemory } from "./machine-memory.ts";
import type { MemoryPool } from "./pool.ts";
import type { PagedPages } from "./paging/paged-pages.ts";
import type { Ram } from "./ram.ts";

/** What frozen RAM asks of the core. */
export interface FrozenCore {
  readonly pool: MemoryPool;
  frame_holds(ma: number): number;
  frames_thaw(table: number, pages: number): number;
}

/** RAM that does not change any more. It holds frames until `release`. */
export class FrozenRam {
  /** Pages of RAM. */
  readonly pages: number;
  /** How many of them are noted: those that had a frame, or that had been stored to. */
  readonly count: number;
  /** The epoch that began then; 0 when stores are not tracked. */
  readonly epoch: number;
  readonly #core: FrozenCore;
  readonly #memory: MachineMemory;
  /** Pages that were in the page store. */
  readonly paged: PagedPages;
  #table: number;

  /**
   * @param since - notes only what has been stored to in this epoch or later; 0: all
   * @throws WasmvisorError `host-memory` when there is no room for a table of 4 bytes a page, `memory-tracking`
   */
  constructor(core: FrozenCore, memory: MachineMemory, ram: Ram, since = 0) {
    this.#core = core;
    this.#memory = memory;
    this.pages = ram.pages;
    this.#table = memory.allocate(ram.pages * 4);
    try {
      ({ count: this.count, epoch: this.epoch, paged: this.paged } = ram.freezeInto(this.#table, since));
    } catch (error) {
      memory.release(this.#table, ram.pages * 4);
      throw error;
    }
  }

  /** Where the table is: 0 when it has been released. */
  get table(): number {
    return this.#table;
  }

  /** Whether the page is noted. */
  has(page: number): boolean {
    return this.#frame(page) !== 0 || this.paged.has(page);
  }

  /** Whether any byte of a page that is noted is not zero. */
  holds(page: number): boolean {
    if (this.paged.has(page)) return true;
    const ma = this.#frame(page);
    return ma !== 0 && ma !== Frame.ZERO_MA && this.#core.frame_holds(ma) !== 0;
  }

  /**
   * Copies a page that `holds` something.
   * @throws WasmvisorError `page-store`
   */
  read(page: number, into: Uint8Array): void {
    if (this.paged.has(page)) return this.paged.copy(page, into);
    const ma = this.#frame(page);
    into.set(this.#memory.u8.subarray(ma, ma + FRAME_BYTES));
  }

  /** Gives its frames up. Nothing is noted afterwards. */
  release(): void {
    if (this.#table === 0) return;
    this.paged.clear();
    const [table, bytes] = [this.#table, this.pages * 4];
    const count = this.#core.frames_thaw(table, this.pages);
    for (let index = 0; index < count; index++) this.#core.pool.release(this.#memory.u32[table / 4 + index]!);
    this.#memory.release(table, bytes);
    this.#table = 0;
  }

  #frame(page: number): number {
    return this.#table === 0 ? 0 : this.#memory.u32[this.#table / 4 + page]!;
  }
}
