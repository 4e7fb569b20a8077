/** Pages of a VM in a worker that are still to come, as programs see them. */

import type { PostCopy } from "../vmm/migrate/follow.ts";
import type { LazyRestore } from "../vmm/snapshot/lazy.ts";
import { Remote } from "./remote.ts";
import type { Seat } from "./seat.ts";

/** As `LazyRestore`, by promise. */
export class WorkerLazyRestore {
  readonly #lazy: Remote<LazyRestore>;

  /** @internal */
  constructor(seat: Seat) {
    this.#lazy = new Remote(seat, "lazyRestore");
  }

  /** As `LazyRestore.done`. */
  get done(): Promise<void> {
    return this.#lazy.get("done") as Promise<never>;
  }

  /** As `LazyRestore.pagesLeft`. */
  get pagesLeft(): Promise<number> {
    return this.#lazy.get("pagesLeft");
  }

  /** As `LazyRestore.fetchAll`. */
  fetchAll(): Promise<void> {
    return this.#lazy.call("fetchAll");
  }

  /** As `LazyRestore.workingSet`. */
  workingSet(): Promise<Uint8Array> {
    return this.#lazy.call("workingSet");
  }
}

/** As `PostCopy`, by promise. */
export class WorkerPostCopy {
  readonly #copy: Remote<PostCopy>;

  /** @internal */
  constructor(seat: Seat) {
    this.#copy = new Remote(seat, "postCopy");
  }

  /** As `PostCopy.done`. */
  get done(): Promise<void> {
    return this.#copy.get("done") as Promise<never>;
  }

  /** As `PostCopy.pagesLeft`. */
  get pagesLeft(): Promise<number> {
    return this.#copy.get("pagesLeft");
  }
}
