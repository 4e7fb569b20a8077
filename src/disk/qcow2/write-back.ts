/**
 * Bringing changed tables to the file in an order in which a process or a host may stop at any moment:
 *
 * 1. data and refcounts of what is newly used, blocks before the table that leads to them;
 * 2. L2 tables, then the L1 table, after a barrier each: whatever they lead to is there;
 * 3. after another barrier, frees: nothing on the disk leads there any more.
 *
 * Between these the image has clusters that are counted and not used, which is a leak and no error.
 */

import type { Done } from "../../backend/block/block.ts";
import { settle, type Steps, wait } from "../steps.ts";
import type { Image } from "./image.ts";
import { barrier, type Refcounts } from "./refcounts.ts";
import { giveBack, writeChanges } from "./tables.ts";

/** As many frees as are kept before they are made to take effect. */
const MOST_PENDING = 65_536;

/** Writes the tables of one image. */
export class WriteBack {
  readonly #image: Image;
  readonly #refcounts: Refcounts;
  /** The flush that is under way, and the one that comes after it. */
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(image: Image, refcounts: Refcounts) {
    this.#image = image;
    this.#refcounts = refcounts;
  }

  /**
   * Everything that has been written until now gets to the disk. Several that are asked for while one is under way are one; what is written
   * meanwhile need not wait for it.
   */
  flush(): Done {
    if (this.#running === undefined) return this.#start();
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = undefined;
        return this.#start();
      });
    return this.#next;
  }

  #start(): Done {
    const done = settle(this.#steps((file) => wait(file.flush())));
    if (!(done instanceof Promise)) return;
    const running = done.finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }

  /**
   * Brings the tables to the disk where this cannot be left to a flush: memory for tables or frees is used up. It is done at once where
   * the file allows.
   */
  *now(): Steps {
    if (this.#image.file.flushNow !== undefined) yield* this.#steps(barrier);
    else yield* wait(this.flush());
  }

  /** Whether memory for tables or frees is used up. */
  get needed(): boolean {
    if (this.#image.l2.full) this.#image.l2.trim();
    if (this.#refcounts.blocks.full) this.#refcounts.blocks.trim();
    return this.#image.l2.full || this.#refcounts.blocks.full || this.#refcounts.pending.length > MOST_PENDING;
  }

  *#steps(wall: (file: Image["file"]) => Steps): Steps {
    const { file, l2 } = this.#image;
    const refcounts = this.#refcounts;
    const groups = [
      refcounts.blocks.dirty().map((table) => table.take()),
      refcounts.table.dirty ? [refcounts.table.take()] : [],
      l2.dirty().map((table) => table.take()),
      this.#image.l1.dirty ? [this.#image.l1.take()] : [],
    ];
    const frees = refcounts.pending;
    refcounts.pending = [];
    let reached = 0;
    try {
      for (const changes of groups) {
        // The blocks come first and refer to nothing: they need no barrier before them.
        if (changes.length > 0 && reached > 0) yield* wall(file);
        reached++;
        yield* writeChanges(file, changes);
      }
      yield* wall(file);
    } catch (error) {
      groups.slice(reached).flat().forEach(giveBack);
      refcounts.pending = frees.concat(refcounts.pending);
      throw error;
    }
    if (frees.length > 0) yield* this.#release(frees);
    l2.trim();
    refcounts.blocks.trim();
  }

  *#release(frees: readonly number[]): Steps {
    yield* this.#image.landed();
    yield* this.#image.gate.pass(() => this.#refcounts.release(frees));
    this.#image.forgetDecompressed();
  }
}
