/** The pages of a VM that runs while they still come from its snapshot (docs/design/lazy-restore.md). */

import type { Done } from "../../backend/block/block.ts";
import { settle } from "../../disk/steps.ts";
import { WasmvisorError } from "../../error.ts";
import type { Ram } from "../../memory/ram.ts";
import { damaged } from "../../snapshot/format.ts";
import type { PageBlock, PageFile } from "../../snapshot/page-file.ts";
import { PAGE_BYTES } from "../../state/section.ts";
import { giveWay } from "../event-loop.ts";
import { known } from "../known.ts";
import { outOfMemory } from "../machine.ts";

/** How a snapshot is restored lazily. */
export interface LazyOptions {
  /** Pages that were used after an earlier restore of the same snapshot (`LazyRestore.workingSet`): they are fetched first. */
  readonly workingSet?: Uint8Array;
  /**
   * Whether pages that nobody uses are fetched too, between the tasks of VMs. Default true. Without it they stay in the snapshot until
   * `fetchAll` is called, and the working set is exactly what was used.
   */
  readonly background?: boolean;
}

/** A page block of one of the files. */
export interface BlockPlace {
  readonly file: PageFile;
  /** Its number in the file's index. */
  readonly index: number;
}

/** What a lazy restore is made of. */
export interface LazyParts {
  /** The id of the snapshot, of 16 bytes. */
  readonly id: Uint8Array;
  readonly ram: Ram;
  readonly files: readonly PageFile[];
  readonly blocks: readonly BlockPlace[];
  /** For each page 1 and the number of its block in `blocks`; 0 for one that is not in the snapshot. */
  readonly blockOf: Uint32Array;
}

/** Whom it tells. */
export interface LazyOwner {
  /** A page has been used that is on its way. A hart may be running. */
  onMissed(page: number): void;
  /** Pages have come. A hart may be running. */
  onArrived(): void;
  /** All pages are here, or none is wanted any more. A hart may be running. */
  onComplete(): void;
  /** A page cannot be had; the VM must end. A hart may be running. */
  onFailure(error: unknown): void;
}

/** "WVMWSET" and a line's end, the id of the snapshot, then numbers of pages (u32, little-endian) in the order of their use. */
const MAGIC = Uint8Array.of(0x57, 0x56, 0x4d, 0x57, 0x53, 0x45, 0x54, 0x0a);
const HEAD_BYTES = 24;

/** Blocks that are read at the same time, when they cannot be read at once. */
const AT_ONCE = 8;
/** Of these, blocks that nobody has used. */
const IN_BACKGROUND = 4;

/** What is still to come of a VM that was restored lazily. Got by `vm.lazyRestore`. */
export class LazyRestore {
  /**
   * Settled when all pages are here, or the VM has been destroyed or reset. Rejected when one cannot be had; the VM ends with the reason
   * `failure` then.
   */
  readonly done: Promise<void>;
  /** Whether pages can be read at once, in the middle of an instruction; known after `ready`. @internal */
  isAtOnce = true;
  readonly #parts: LazyParts;
  readonly #owner: LazyOwner;
  readonly #used: number[] = [];
  readonly #first: readonly number[];
  readonly #isInBackground: boolean;
  /** Blocks whose pages are here. */
  readonly #here: Uint8Array;
  /** Blocks that are being read, and those that somebody wants and that are read next. */
  readonly #coming = new Map<number, Promise<void>>();
  readonly #wanted = new Set<number>();
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;
  #settle!: { readonly resolve: () => void; readonly reject: (error: unknown) => void };

  /** @internal */
  constructor(parts: LazyParts, owner: LazyOwner, options: LazyOptions) {
    const { workingSet, background = true } = options;
    this.#parts = parts;
    this.#owner = owner;
    this.#isInBackground = background;
    this.#here = new Uint8Array(parts.blocks.length);
    this.#first = workingSet === undefined ? [] : pagesOf(workingSet, parts);
    this.done = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Who does not ask is told by the VM's end.
    this.done.catch(() => undefined);
    parts.ram.expectLater(
      absentPages(parts.blockOf),
      (page) => this.#fetch(page),
      () => this.#complete(),
    );
  }

  /** Pages that are not here yet. */
  get pagesLeft(): number {
    return this.#parts.ram.absent;
  }

  /**
   * Fetches all that is not here, the working set first, between the tasks of VMs.
   * @throws as `done`
   */
  async fetchAll(): Promise<void> {
    const order = this.#order()[Symbol.iterator]();
    const lanes = this.isAtOnce ? 1 : IN_BACKGROUND;
    await Promise.all(Array.from({ length: lanes }, () => this.#fetchInOrder(order)));
    if (this.pagesLeft > 0) this.#fail(missing());
    await this.done;
  }

  /**
   * The VM may run: pages can be had when they are used, and it is known whether at once.
   * @throws as `done`
   * @internal
   */
  async ready(): Promise<void> {
    const [first] = this.#order();
    if (first !== undefined && !this.#isOver) {
      const done = this.#put(first);
      this.isAtOnce = !(done instanceof Promise);
      await done;
    }
    if (this.#isInBackground) this.fetchAll().catch(() => undefined);
  }

  /** @throws as `done` @internal */
  expectSound(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /**
   * The pages that have been used so far before they were here, in that order, as bytes to be kept beside the snapshot. Pages come in
   * blocks of up to 64, of which the first page used is named.
   *
   * ```ts
   * const vm = await host.restore("vm.snap", { lazy: { background: false } });
   * vm.start();
   * await vm.exec("true");
   * await writeFile("vm.snap.set", vm.lazyRestore.workingSet());
   * ```
   */
  workingSet(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(HEAD_BYTES + 4 * this.#used.length);
    bytes.set(MAGIC);
    bytes.set(this.#parts.id, MAGIC.length);
    const view = new DataView(bytes.buffer, HEAD_BYTES);
    this.#used.forEach((page, index) => view.setUint32(4 * index, page, true));
    return bytes;
  }

  /** Blocks in the order in which they are fetched, each once. */
  #order(): Iterable<number> {
    const { blockOf, blocks } = this.#parts;
    return new Set([...this.#first.map((page) => blockOf[page]! - 1), ...blocks.keys()]);
  }

  async #fetchInOrder(order: Iterator<number, unknown>): Promise<void> {
    for (let next = order.next(); next.done !== true; next = order.next()) {
      if (this.#isOver || this.#failure !== undefined) return;
      await giveWay();
      if (this.#isOver) return;
      if (this.#here[next.value] === 1) continue;
      try {
        await (this.#coming.get(next.value) ?? this.#begin(next.value));
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  /** Somebody uses a page that is absent. Whether it is here now. */
  #fetch(page: number): boolean {
    if (this.#failure !== undefined) return false;
    const { blockOf, ram } = this.#parts;
    const number = blockOf[page]! - 1;
    const isComing = this.#coming.has(number) || this.#wanted.has(number);
    if (!isComing) this.#used.push(page);
    try {
      if (!isComing) this.#ask(number);
      if (!ram.isAbsent(page)) return true;
      if (this.#here[number] === 1) throw missing();
      this.#owner.onMissed(page);
    } catch (error) {
      this.#fail(error);
    }
    return false;
  }

  /** Has a block brought that somebody wants, as soon as it can be. */
  #ask(number: number): void {
    if (this.#coming.size >= AT_ONCE) this.#wanted.add(number);
    else void this.#begin(number)?.catch((error: unknown) => this.#fail(error));
  }

  /** Begins to bring a block; undefined when it is here already. */
  #begin(number: number): Promise<void> | undefined {
    this.#wanted.delete(number);
    const done = this.#put(number);
    if (!(done instanceof Promise)) return undefined;
    const coming = done.finally(() => this.#next(number));
    this.#coming.set(number, coming);
    return coming;
  }

  /** A block has come; another one that is wanted can. */
  #next(number: number): void {
    this.#coming.delete(number);
    if (this.#isOver || this.#failure !== undefined) return;
    const [next] = this.#wanted;
    if (next !== undefined) this.#ask(next);
  }

  /** Brings a block, at once if it can be read at once. */
  #put(number: number): Done {
    const { file, index } = this.#parts.blocks[number]!;
    const block = settle(file.block(index));
    if (block instanceof Promise) return block.then((later) => this.#arrive(number, later));
    this.#arrive(number, block);
  }

  /** Pages of the block that a later snapshot of the chain has anew are not this one's. */
  #arrive(number: number, { runs, bytes }: PageBlock): void {
    if (this.#isOver) return;
    const { ram, blockOf } = this.#parts;
    let at = 0;
    for (const { first, count } of runs) {
      for (let page = first; page < first + count; page++, at += PAGE_BYTES) {
        if (blockOf[page] !== number + 1) continue;
        if (!ram.arrive(page, bytes?.subarray(at, at + PAGE_BYTES))) throw outOfMemory();
      }
    }
    this.#here[number] = 1;
    this.#owner.onArrived();
  }

  #complete(): void {
    this.#isOver = true;
    this.#settle.resolve();
    for (const file of this.#parts.files) void file.close().catch(() => undefined);
    this.#owner.onComplete();
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined || this.#isOver) return;
    this.#failure = { error };
    this.#settle.reject(error);
    this.#owner.onFailure(error);
  }
}

/** A block did not have a page that the index says it has. */
function missing(): WasmvisorError {
  return damaged("a page is not in its block");
}

function* absentPages(blockOf: Uint32Array): Generator<number> {
  for (let page = 0; page < blockOf.length; page++) if (blockOf[page] !== 0) yield page;
}

/** Pages of a working set that are in the snapshot. @throws WasmvisorError `option` */
function pagesOf(workingSet: Uint8Array, { id, blockOf }: LazyParts): number[] {
  const isOne = workingSet.length >= HEAD_BYTES && MAGIC.every((byte, index) => workingSet[index] === byte);
  const isOf = isOne && id.every((byte, index) => workingSet[MAGIC.length + index] === byte);
  if (!isOf) {
    const what = isOne ? "is of another snapshot" : "is none";
    throw new WasmvisorError(
      "option",
      `The working set ${what}; give what vm.lazyRestore.workingSet returned, or leave it out.`,
    );
  }
  const count = Math.min(blockOf.length, Math.floor((workingSet.length - HEAD_BYTES) / 4));
  const view = new DataView(workingSet.buffer, workingSet.byteOffset + HEAD_BYTES);
  const pages = Array.from({ length: count }, (_, index) => view.getUint32(4 * index, true));
  return pages.filter((page) => (blockOf[page] ?? 0) !== 0);
}

/** @throws WasmvisorError `option` */
export function checkLazy(lazy: boolean | LazyOptions): LazyOptions | undefined {
  if (typeof lazy === "boolean") return lazy ? {} : undefined;
  known({ code: "option", where: "lazy" }, lazy, ["workingSet", "background"]);
  const { workingSet, background = true } = lazy;
  if ((workingSet !== undefined && !(workingSet instanceof Uint8Array)) || typeof background !== "boolean")
    throw new WasmvisorError("option", "A lazy restore has a workingSet, a Uint8Array, and background, true or false.");
  return lazy;
}
