/** The destination's side of post-copy: pages of a VM that runs, and comes from elsewhere (docs/design/migration.md). */

import type { Ram } from "../../memory/ram.ts";
import { garbled, WANTS_MOST } from "../../migration/format.ts";
import { type LineBlock, translated } from "../../migration/line.ts";
import { BlockKind, type Run } from "../../snapshot/format.ts";
import { inBlock, Order, take } from "../../snapshot/read.ts";
import { PAGE_BYTES } from "../../state/section.ts";
import { Reader } from "../../state/table.ts";
import { outOfMemory } from "../machine.ts";
import type { LazyOwner } from "../snapshot/lazy.ts";

/** What is still to come of a VM that was moved before its pages. Got by `vm.postCopy`. */
export class PostCopy {
  /**
   * Settled when all pages are here, or the VM has been destroyed or reset. Rejected when the line has broken before; the VM ends with the reason
   * `failure` then.
   */
  readonly done: Promise<void>;
  readonly #ram: Ram;
  readonly #owner: LazyOwner;
  /** How many pages may still come, wanted or not. */
  #left: number;
  #ask: ((page: number) => void) | undefined;
  readonly #asked = new Set<number>();
  readonly #missed = new Set<number>();
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;
  #settle!: { readonly resolve: () => void; readonly reject: (error: unknown) => void };

  /** @internal */
  constructor(ram: Ram, pages: readonly number[], owner: LazyOwner) {
    this.#ram = ram;
    this.#owner = owner;
    this.#left = pages.length;
    this.done = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Who does not ask is told by the VM's end.
    this.done.catch(() => undefined);
    ram.expectLater(
      pages,
      (page) => this.#fetch(page),
      () => this.#complete(),
    );
  }

  /** Pages that are not here yet. */
  get pagesLeft(): number {
    return this.#ram.absent;
  }

  /** Whether no page is missing, or wanted, any more. @internal */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Pages come from now on; `ask` has one come before others, and does not throw. @internal */
  open(ask: (page: number) => void): void {
    this.#ask = ask;
    this.#askMore();
  }

  /**
   * Takes a block.
   * @throws WasmvisorError `migration-damaged`, `migration-key`, `host-memory`
   * @internal
   */
  async take(block: LineBlock): Promise<void> {
    if (block.kind !== BlockKind.PAGES && block.kind !== BlockKind.ZEROS) throw garbled("it sends no pages");
    const sink = {
      disk: () => Promise.resolve(),
      pages: (runs: readonly Run[], bytes: Uint8Array) => this.#arrive(runs, bytes),
      zeros: (runs: readonly Run[]) => this.#arrive(runs, undefined),
    };
    await translated(() => inBlock(() => take(block, new Reader(block.bytes), sink, new Order())));
    if (this.#isOver) return;
    this.#owner.onArrived();
    this.#askMore();
  }

  /** The rest does not come. @internal */
  fail(error: unknown): void {
    if (this.#failure !== undefined || this.#isOver) return;
    this.#failure = { error };
    this.#settle.reject(error);
    this.#owner.onFailure(error);
  }

  #arrive(runs: readonly Run[], bytes: Uint8Array | undefined): void {
    let at = 0;
    for (const { first, count } of runs) {
      if (count > this.#ram.pages - first) throw garbled("a page is outside of its RAM");
      this.#left -= count;
      // Each page comes once, so that a source that goes on and on makes no endless work.
      if (this.#left < 0) throw garbled("it sends more pages than it has said");
      for (let page = first; page < first + count; page++, at += PAGE_BYTES) {
        if (this.#isOver) return;
        this.#asked.delete(page);
        this.#missed.delete(page);
        if (!this.#ram.arrive(page, bytes?.subarray(at, at + PAGE_BYTES))) throw outOfMemory();
      }
    }
  }

  /** Somebody uses a page that is absent. */
  #fetch(page: number): boolean {
    if (this.#failure !== undefined) return false;
    if (!this.#asked.has(page)) this.#missed.add(page);
    this.#owner.onMissed(page);
    this.#askMore();
    return false;
  }

  #askMore(): void {
    for (const page of this.#missed) {
      if (this.#ask === undefined || this.#asked.size >= WANTS_MOST / 2) return;
      this.#missed.delete(page);
      this.#asked.add(page);
      this.#ask(page);
    }
  }

  #complete(): void {
    this.#isOver = true;
    this.#settle.resolve();
    this.#owner.onComplete();
  }
}
