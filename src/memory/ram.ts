/**
 * The RAM of one VM, by the frames that back its pages (docs/design/memory.md).
 *
 * A page is *in place* when its frame is the one of its number in the piece that the VM's RAM has to itself. While all pages are, and
 * nothing asks to see stores, the VM's RAM is a *window*: translated code reaches it by adding a constant. Everything else (a page that
 * is shared, stores that are tracked, RAM without a piece) goes page by page.
 */

import { VmField } from "../../assembly/state/layout.ts";
import { Frame, P2m } from "../../assembly/shared/constants.ts";
import { WasmvisorError } from "../error.ts";
import { FRAME_BYTES, type MachineMemory } from "./machine-memory.ts";
import { PagedPages } from "./paging/paged-pages.ts";
import type { MemoryPool } from "./pool.ts";

/** What RAM asks of the core; see assembly/mem/ram.ts. */
export interface RamCore {
  readonly pool: MemoryPool;
  readonly fetchers: Map<number, Fetch>;
  frames_equal(a: number, b: number): number;
  frame_holds(ma: number): number;
  ram_frame(vm: number, page: number): number;
  ram_map(vm: number, page: number, ma: number, flags: number): void;
  ram_protect(vm: number): void;
  ram_unuse(vm: number, first: number, count: number): void;
  ram_flush(vm: number): void;
  vm_forget_code(vm: number): void;
  ram_freeze(vm: number, table: number, since: number): number;
  ram_adopt(vm: number, table: number): void;
  ram_revert(vm: number, table: number, released: number): number;
}

/** Has a page that is absent brought, by `Ram.arrive`: true when that has been done. It never throws. */
export type Fetch = (page: number) => boolean;

/** The VM's block. */
export interface RamBlock {
  readonly ma: number;
  u32(field: VmField): number;
  setU32(field: VmField, value: number): void;
}

/** Which pages have been stored to. */
export interface DirtyFrames {
  /** Numbers of the pages, counted from the start of RAM, in order. */
  readonly pages: Uint32Array<ArrayBuffer>;
  /** What to ask with the next time, for what is stored to from now on. */
  readonly epoch: number;
}

/** RAM as it was at one moment. */
export interface Freezing {
  /** How many pages are noted. */
  readonly count: number;
  /** The epoch that begins, 0 when stores are not tracked. */
  readonly epoch: number;
  /** Those of them that are in the page store; to be cleared by who has it. */
  readonly paged: PagedPages;
}

/** What a VM's RAM consists of, in bytes. */
export interface RamStatistics {
  /** In pages that have a frame. The others are zeros, and take no memory. */
  readonly touchedBytes: number;
  /** Of these, in pages whose frame backs others too. */
  readonly sharedBytes: number;
  /** In pages that the host has put into its page store; they take no memory of its own. */
  readonly pagedBytes: number;
  /** Whether all of RAM is one range that nobody else uses; translated code is fastest then. */
  readonly window: boolean;
}

const FRAME_MASK = ~P2m.FLAGS;

/** The RAM of one VM. Pages go by their number, from the start of RAM. */
export class Ram {
  readonly pages: number;
  /** Machine address of the VM's own piece, or 0. */
  readonly pieceMa: number;
  readonly #core: RamCore;
  readonly #pool: MemoryPool;
  readonly #memory: MachineMemory;
  readonly #vm: RamBlock;
  /** Pages have been discarded: bringing them all back to their places would undo that. */
  #discards = false;
  /** The epoch from which stores have been tracked. */
  #trackedFrom = 0;
  /** Pages whose contents are not here yet. */
  #absent = 0;
  #whenNoneAbsent: (() => void) | undefined;
  #fetch: Fetch | undefined;
  /** Absent pages whose places in the VM's piece are somebody else's. */
  readonly #placeless = new Set<number>();
  /** Pages that were here and are in the page store. */
  readonly #paged: PagedPages;
  #limit: number;
  /** A page that is in the page store cannot be had any more. A hart may be running. */
  onPageLost: (error: unknown) => void = () => undefined;

  /**
   * @param piece - whether it has a piece to itself, or takes frames as pages are first stored to
   * @throws WasmvisorError `host-memory` when no such piece can be had
   */
  constructor(core: RamCore, memory: MachineMemory, vm: RamBlock, pages: number, piece: boolean) {
    this.#core = core;
    this.#pool = core.pool;
    this.#memory = memory;
    this.#vm = vm;
    this.pages = pages;
    this.pieceMa = piece ? this.#pool.takePiece(vm.ma, pages * FRAME_BYTES) : 0;
    vm.setU32(VmField.ramMa, this.pieceMa);
    vm.setU32(VmField.window, piece ? 1 : 0);
    vm.setU32(VmField.frameLimit, pages);
    this.#limit = pages;
    this.#paged = new PagedPages(core.pool.pager?.store);
    if (core.pool.pager !== undefined) core.fetchers.set(vm.ma, (page) => this.#bring(page));
  }

  /** How many pages may have a frame; the VM stops when it needs more, or with a page store, pages leave. */
  get limit(): number {
    return this.#limit;
  }

  set limit(pages: number) {
    this.#limit = pages;
    if (this.#pool.pager === undefined) this.#vm.setU32(VmField.frameLimit, pages);
  }

  /** How many pages have a frame. */
  get resident(): number {
    return this.#vm.u32(VmField.framesTouched);
  }

  /** What is in the page store. */
  get paged(): PagedPages {
    return this.#paged;
  }

  /** Whether a page could not get a frame since this was last set back. */
  get short(): boolean {
    return this.#vm.u32(VmField.framesShort) !== 0;
  }

  set short(value: boolean) {
    this.#vm.setU32(VmField.framesShort, value ? 1 : 0);
  }

  /** How many pages are absent: what they hold is somewhere else, and is brought when they are used (docs/design/lazy-restore.md). */
  get absent(): number {
    return this.#absent;
  }

  /** Whether what the page holds is not here. */
  isAbsent(page: number): boolean {
    return (this.#entry(page) & P2m.ABSENT) !== 0;
  }

  /**
   * Has pages be absent; what they hold is forgotten, and `fetch` is called when one of them is used. No hart may have run. RAM is no window until
   * all are here and `settle` is called.
   * @param whenNone - called once, when none is absent any more: all are here, or are not wanted any more. A hart may be running then
   */
  expectLater(pages: Iterable<number>, fetch: Fetch, whenNone: () => void): void {
    this.#leaveWindow();
    this.#whenNoneAbsent = whenNone;
    this.#fetch = fetch;
    for (const page of pages) {
      this.#empty(page);
      this.#setEntry(page, P2m.ABSENT);
      this.#absent++;
    }
    if (this.#absent > 0) this.#core.fetchers.set(this.#vm.ma, (page) => this.#bring(page));
    else this.#forgetAbsent();
  }

  /**
   * Gives an absent page what it holds: `bytes`, or zeros. May be called while a hart is in the middle of an instruction.
   * @returns false when there is no frame for it: the VM then ends with `out-of-memory`
   */
  arrive(page: number, bytes?: Uint8Array): boolean {
    if (!this.isAbsent(page) || this.#paged.has(page)) return true;
    if (bytes !== undefined && !this.#put(page, bytes)) {
      this.short = true;
      return false;
    }
    if (bytes === undefined) this.#setEntry(page, this.#placeless.has(page) ? Frame.ZERO_MA | P2m.PRESENT : 0);
    this.#placeless.delete(page);
    this.#arrived();
    return true;
  }

  /** Has the page here: true when it is, or could be brought at once. */
  ensure(page: number): boolean {
    return !this.isAbsent(page) || this.#bring(page);
  }

  /** Has the page count as used, if it has a frame. */
  use(page: number): void {
    const entry = this.#entry(page);
    if ((entry & P2m.UNUSED) !== 0) this.#setEntry(page, entry & ~P2m.UNUSED);
  }

  /**
   * Has pages count as unused until somebody uses them: those that have frames of their own, and no decoded code. Nothing of the VM may be
   * running.
   */
  unuse(first: number, count: number): void {
    this.#leaveWindow();
    this.#core.ram_unuse(this.#vm.ma, first, count);
  }

  /** Whether nobody has used the page since `unuse`. */
  isUnused(page: number): boolean {
    return (this.#entry(page) & P2m.UNUSED) !== 0;
  }

  /**
   * Has a page leave for the page store, or be given back when it holds zeros. Nothing of the VM may be running.
   * @returns false, and nothing changed, when it has no frame of its own, has decoded code, or cannot be kept
   */
  pageOut(page: number): boolean {
    const entry = this.#entry(page);
    const ma = (entry & FRAME_MASK) >>> 0;
    const isOwn = (entry & P2m.PRESENT) !== 0 && ma !== Frame.ZERO_MA && this.#pool.frames.count(ma) === 1;
    if (!isOwn || this.hasCode(page)) return false;
    if (this.#core.frame_holds(ma) === 0) return this.giveBackZeros(page);
    if (!this.#paged.put(page, this.#memory.u8.subarray(ma, ma + FRAME_BYTES))) return false;
    this.#leaveWindow();
    // What is unused is in no TLB.
    if ((entry & P2m.UNUSED) === 0) this.#core.ram_map(this.#vm.ma, page, 0, P2m.ABSENT);
    else this.#setEntry(page, P2m.ABSENT);
    this.#count(-1);
    this.#leave(ma);
    return true;
  }

  /** Gives a page that has a frame of its own another one. Nothing of the VM may be running. False when there is none. */
  move(page: number): boolean {
    const from = this.frame(page);
    const to = this.#pool.take();
    if (to === 0) return false;
    this.#memory.u8.copyWithin(to, from, from + FRAME_BYTES);
    this.#pool.frames.set(to, 1, this.#slot(page));
    this.#core.ram_map(this.#vm.ma, page, to, P2m.PRESENT);
    this.#leave(from);
    return true;
  }

  /** The page whose p2m slot is at a machine address; undefined when it is none of its own. */
  pageOfSlot(ma: number): number | undefined {
    const page = (ma - this.#vm.u32(VmField.p2m)) / 4;
    return page >= 0 && page < this.pages ? page : undefined;
  }

  /** Whether instructions of the page have been decoded. */
  hasCode(page: number): boolean {
    return this.#pool.frames.code(this.frame(page)) !== 0;
  }

  /** Whether any byte of the page is not zero. It must be here, or in the page store. */
  holds(page: number): boolean {
    if (this.#paged.has(page)) return true;
    const ma = this.frame(page);
    return ma !== Frame.ZERO_MA && this.#core.frame_holds(ma) !== 0;
  }

  /**
   * Copies a page that is here, or in the page store, where it stays.
   * @throws WasmvisorError `page-store`
   */
  copyOut(page: number, into: Uint8Array): void {
    if (this.#paged.has(page)) return this.#paged.copy(page, into);
    const ma = this.frame(page);
    into.set(this.#memory.u8.subarray(ma, ma + FRAME_BYTES));
  }

  /** Machine address of a page for who only reads it, until it is next stored to. It must not be absent. */
  frame(page: number): number {
    const entry = this.#entry(page);
    if ((entry & P2m.PRESENT) !== 0) return (entry & FRAME_MASK) >>> 0;
    return this.pieceMa === 0 ? Frame.ZERO_MA : this.pieceMa + page * FRAME_BYTES;
  }

  /** Machine address of a page that is about to be written; undefined when no frame can be had for it. */
  writable(page: number): number | undefined {
    const entry = this.#entry(page);
    if ((entry & P2m.WRITABLE) !== 0) return (entry & FRAME_MASK) >>> 0;
    const ma = this.#core.ram_frame(this.#vm.ma, page) >>> 0;
    return ma === 0 ? undefined : ma;
  }

  /** Whether the page has a frame: something has been stored to it, or it has been used in its place. */
  touched(page: number): boolean {
    const entry = this.#entry(page);
    return (entry & P2m.PRESENT) !== 0 && (entry & FRAME_MASK) !== Frame.ZERO_MA;
  }

  /** Whether the page's frame backs others too. */
  shared(page: number): boolean {
    return this.touched(page) && this.#pool.frames.count(this.frame(page)) > 1;
  }

  /** What it consists of. */
  statistics(): RamStatistics {
    let [touched, shared] = [0, 0];
    for (let page = 0; page < this.pages; page++) {
      if (!this.touched(page)) continue;
      touched++;
      if (this.shared(page)) shared++;
    }
    return {
      touchedBytes: touched * FRAME_BYTES,
      sharedBytes: shared * FRAME_BYTES,
      pagedBytes: this.#paged.size * FRAME_BYTES,
      window: this.#vm.u32(VmField.window) !== 0,
    };
  }

  /**
   * Has a page backed by the frame that backs `otherPage` of `other`, which may be the same VM, if both hold the same. A store to either
   * gives it a frame of its own again. False, and nothing changed, when they differ.
   */
  share(page: number, other: Ram, otherPage: number): boolean {
    if (!this.ensure(page) || !other.ensure(otherPage)) return false;
    const [own, theirs] = [this.#present(page), other.#present(otherPage)];
    if (own === theirs) return true;
    if (this.#core.frames_equal(own, theirs) === 0) return false;
    if (own === Frame.ZERO_MA) other.#join(otherPage, theirs, own);
    else this.#join(page, own, theirs);
    this.#readOnly(page);
    other.#readOnly(otherPage);
    return true;
  }

  /**
   * Has a page become a copy of `otherPage` of `other`, by sharing its frame until one of them is stored to. Code that harts have decoded
   * already must be looked at anew. False, and nothing changed, when the page may have no frame.
   */
  copyFrom(page: number, other: Ram, otherPage: number): boolean {
    if (!this.ensure(page) || !other.ensure(otherPage)) return false;
    const theirs = other.#present(otherPage);
    const untouched = !this.touched(page) && this.pieceMa === 0;
    if (untouched && this.#vm.u32(VmField.framesTouched) >= this.#vm.u32(VmField.frameLimit)) return false;
    const own = this.#present(page);
    if (own !== theirs) this.#join(page, own, theirs);
    if (own === Frame.ZERO_MA && theirs !== Frame.ZERO_MA) this.#count(1);
    this.#stamp(page);
    this.#readOnly(page);
    other.#readOnly(otherPage);
    return true;
  }

  /** The page's frame goes back to the pool; it holds zeros, and gets a frame when it is next stored to. False when it had none. */
  discard(page: number): boolean {
    if (this.isAbsent(page)) {
      this.#setEntry(page, Frame.ZERO_MA | P2m.PRESENT);
      if (!this.#paged.drop(page)) this.#arrived();
      this.#discards = true;
      this.#stamp(page);
      return true;
    }
    if (!this.giveBackZeros(page)) return false;
    this.#stamp(page);
    return true;
  }

  /** As `discard`, of a page that holds zeros: nobody sees a difference. */
  giveBackZeros(page: number): boolean {
    const own = this.#present(page);
    if (own === Frame.ZERO_MA) return false;
    this.#leaveWindow();
    this.#join(page, own, Frame.ZERO_MA);
    this.#discards = true;
    return true;
  }

  /** Gives each of `count` pages from `first` on a frame of its own, in place where it can. False when there are not enough. */
  breakSharing(first = 0, count = this.pages - first): boolean {
    let complete = true;
    for (let page = first; page < first + count; page++) {
      if (this.shared(page) && this.#core.ram_frame(this.#vm.ma, page) === 0) complete = false;
    }
    this.settle();
    return complete;
  }

  /**
   * Brings pages back to their places and makes RAM a window again, if all can be brought back. It takes time in proportion to RAM, and
   * translated code is dropped, because it was made for pages.
   */
  settle(): void {
    if (
      this.#discards ||
      this.#absent > 0 ||
      this.#paged.size > 0 ||
      this.pieceMa === 0 ||
      this.#vm.u32(VmField.window) !== 0 ||
      this.#vm.u32(VmField.dirtyStamps) !== 0
    )
      return;
    let complete = true;
    for (let page = 0; page < this.pages; page++) if (!this.#settlePage(page)) complete = false;
    if (!complete) return;
    this.#vm.setU32(VmField.window, 1);
    this.#core.vm_forget_code(this.#vm.ma);
    this.#core.ram_flush(this.#vm.ma);
  }

  /**
   * Notes in a table at `table`, of a word a page, which frame each page has, and keeps these frames as they are: a page that is stored to
   * gets another one. With `since`, only pages stored to in that epoch or later; a new epoch begins for them.
   * @throws WasmvisorError `memory-tracking`; `vm-state` when pages are absent and cannot be brought at once
   */
  freezeInto(table: number, since = 0): Freezing {
    const stamps = this.#vm.u32(VmField.dirtyStamps) / 4;
    const isTracked = stamps !== 0;
    if (since !== 0 && (!isTracked || since < this.#trackedFrom)) throw notTracked();
    if (since === 0) this.#ensureAll();
    const count = this.#core.ram_freeze(this.#vm.ma, table, since);
    const { u32 } = this.#memory;
    const paged = this.#paged.copies((page) => since === 0 || u32[stamps + page]! >= since);
    // They are not zeros.
    let twice = 0;
    for (const page of paged.pages()) {
      if (u32[table / 4 + page] !== 0) twice++;
      u32[table / 4 + page] = 0;
    }
    // Others may have its frames when it goes.
    if (this.pieceMa !== 0) this.#pool.mix(this.pieceMa);
    return { count: count + paged.size - twice, epoch: isTracked ? this.#nextEpoch() : 0, paged };
  }

  /** Whether stores are tracked. */
  get isTracked(): boolean {
    return this.#vm.u32(VmField.dirtyStamps) !== 0;
  }

  /** Has the pages backed by the frames of a table; nothing may have been stored to this RAM, which has no piece. */
  adopt(table: number, paged: PagedPages): void {
    this.#core.ram_adopt(this.#vm.ma, table);
    for (const page of paged.pages()) this.#becomePaged(page, paged);
  }

  /** Has the pages backed by the frames of a table again. How many it gives back; their numbers are written over `scratch`. */
  revertTo(table: number, scratch: number, paged: PagedPages): number {
    const { u32 } = this.#memory;
    const kept = new Set<number>();
    for (const page of this.#paged.pages()) {
      if (paged.isSame(page, this.#paged)) kept.add(page);
      else {
        this.#setEntry(page, Frame.ZERO_MA | P2m.PRESENT);
        this.#paged.drop(page);
        if (u32[table / 4 + page] === 0) this.#stamp(page);
      }
    }
    const count = this.#core.ram_revert(this.#vm.ma, table, scratch);
    for (let index = 0; index < count; index++) this.#pool.release(this.#memory.u32[scratch / 4 + index]!);
    for (const page of paged.pages()) if (!kept.has(page)) this.#becomePaged(page, paged);
    return count;
  }

  /** Begins to note stores, by pages. Returns the present epoch, from which `dirtyFrames` can be asked. */
  trackStores(): number {
    if (this.#vm.u32(VmField.dirtyStamps) === 0) {
      this.#vm.setU32(VmField.dirtyStamps, this.#memory.allocate(this.pages * 4));
      // Epochs go on: one from before says nothing of what has been stored while nobody looked.
      this.#trackedFrom = this.#vm.u32(VmField.dirtyEpoch) + 1;
    }
    return this.#nextEpoch();
  }

  /**
   * The pages that have been stored to since the epoch `since`, which `trackStores` or `dirtyFrames` has returned; a new epoch begins.
   * @throws WasmvisorError `memory-tracking` when stores are not tracked
   */
  dirtyFrames(since: number): DirtyFrames {
    const stamps = this.#vm.u32(VmField.dirtyStamps) / 4;
    if (stamps === 0) throw notTracked();
    const { u32 } = this.#memory;
    const pages = [];
    for (let page = 0; page < this.pages; page++) if (u32[stamps + page]! >= since) pages.push(page);
    return { pages: Uint32Array.from(pages), epoch: this.#nextEpoch() };
  }

  /** Notes no stores any more. */
  stopTracking(): void {
    const stamps = this.#vm.u32(VmField.dirtyStamps);
    if (stamps === 0) return;
    this.#vm.setU32(VmField.dirtyStamps, 0);
    this.#memory.release(stamps, this.pages * 4);
    this.settle();
  }

  /** Makes all of it zeros, in their places as far as those are free. */
  clear(): void {
    this.#forgetAbsent();
    this.#paged.clear();
    let complete = true;
    for (let page = 0; page < this.pages; page++) if (!this.#clearPage(page)) complete = false;
    this.#clearPiece(complete);
    this.#vm.setU32(VmField.framesTouched, 0);
    this.short = false;
    this.#discards = false;
    const stamps = this.#vm.u32(VmField.dirtyStamps) / 4;
    if (stamps !== 0) this.#memory.u32.fill(this.#vm.u32(VmField.dirtyEpoch), stamps, stamps + this.pages);
    else if (complete && this.pieceMa !== 0) this.#vm.setU32(VmField.window, 1);
    this.#core.ram_flush(this.#vm.ma);
  }

  /**
   * Takes what frames the host must still have so that, after `clear`, each of `pages` can be written. Nothing else changes.
   * @returns what gives them back, to be called before `clear`; undefined when the host has not so many
   */
  reserveFor(pages: Uint32Array): (() => void) | undefined {
    const { placeless, freed } = this.#afterClear();
    const missing = pages.reduce((count, page) => count + (placeless.has(page) ? 1 : 0), 0);
    return this.#pool.reserve(Math.max(0, missing - freed));
  }

  /** Gives everything back. */
  release(): void {
    this.#forgetAbsent();
    this.#paged.clear();
    this.#core.fetchers.delete(this.#vm.ma);
    const first = this.#slot(0) / 4;
    const entries = this.#memory.u32.subarray(first, first + this.pages);
    for (let page = 0; page < this.pages; page++) if (entries[page] !== 0) this.#drop(page);
    this.#pool.releasePiece(this.#vm.ma);
    const stamps = this.#vm.u32(VmField.dirtyStamps);
    if (stamps !== 0) this.#memory.release(stamps, this.pages * 4);
  }

  /** The page has its frame, with these bytes; false when there is none. */
  #put(page: number, bytes: Uint8Array): boolean {
    if (this.#vm.u32(VmField.framesTouched) >= this.limit) return false;
    const place = this.#placeless.has(page) ? 0 : this.#place(page);
    const ma = place || this.#pool.takeFor(this.#vm.ma, page);
    if (ma === 0) return false;
    this.#memory.u8.set(bytes, ma);
    this.#pool.frames.set(ma, 1, this.#slot(page));
    this.#setEntry(page, ma | P2m.PRESENT);
    this.#count(1);
    return true;
  }

  /** Has a page brought that is absent, from where it is. */
  #bring(page: number): boolean {
    if (!this.#paged.has(page)) return this.#fetch?.(page) ?? false;
    const ma = this.#pool.takeFor(this.#vm.ma, page);
    if (ma === 0) {
      this.short = true;
      return false;
    }
    try {
      this.#paged.copy(page, this.#memory.u8.subarray(ma, ma + FRAME_BYTES));
    } catch (error) {
      this.#pool.release(ma);
      this.onPageLost(error);
      return false;
    }
    this.#paged.arrived(page);
    this.#pool.frames.set(ma, 1, this.#slot(page));
    this.#setEntry(page, ma | P2m.PRESENT);
    this.#count(1);
    return true;
  }

  /** The page is what another set of pages has in the page store. */
  #becomePaged(page: number, paged: PagedPages): void {
    if (this.hasCode(page)) return this.#copyOf(page, paged);
    const entry = this.#entry(page);
    const ma = (entry & P2m.PRESENT) === 0 ? Frame.ZERO_MA : (entry & FRAME_MASK) >>> 0;
    this.#core.ram_map(this.#vm.ma, page, 0, P2m.ABSENT);
    if (ma !== Frame.ZERO_MA) {
      this.#count(-1);
      this.#leave(ma);
    }
    this.#paged.join(page, paged);
    this.#stamp(page);
  }

  /** The page, whose decoded code leads to its frame, holds what another set of pages has in the page store. */
  #copyOf(page: number, paged: PagedPages): void {
    const ma = this.writable(page);
    if (ma === undefined)
      throw new WasmvisorError("host-memory", "The host has no memory left for a page of the VM's.");
    paged.copy(page, this.#memory.u8.subarray(ma, ma + FRAME_BYTES));
  }

  /** @throws WasmvisorError `vm-state` */
  #ensureAll(): void {
    for (let page = 0; page < this.pages && this.#absent > 0; page++)
      if (this.isAbsent(page) && !this.#paged.has(page) && !this.ensure(page)) throw pagesAbsent();
  }

  #arrived(): void {
    this.#absent--;
    if (this.#absent === 0) this.#forgetAbsent();
  }

  /** The page has no frame but that of its place, which holds zeros. */
  #empty(page: number): void {
    if (this.#paged.has(page)) this.#paged.drop(page);
    if (!this.touched(page)) return;
    const stays = this.#drop(page);
    this.#count(-1);
    if (this.pieceMa === 0) return;
    if (stays) this.#memory.clear(this.#place(page), FRAME_BYTES);
    else this.#placeless.add(page);
  }

  /** What has not come is not wanted any more. */
  #forgetAbsent(): void {
    for (const page of this.#placeless) if (this.isAbsent(page)) this.#setEntry(page, Frame.ZERO_MA | P2m.PRESENT);
    this.#placeless.clear();
    this.#absent = 0;
    this.#fetch = undefined;
    if (this.#pool.pager === undefined) this.#core.fetchers.delete(this.#vm.ma);
    const whenNone = this.#whenNoneAbsent;
    this.#whenNoneAbsent = undefined;
    whenNone?.();
  }

  #slot(page: number): number {
    return this.#vm.u32(VmField.p2m) + page * 4;
  }

  #entry(page: number): number {
    return this.#memory.u32[this.#slot(page) / 4]!;
  }

  #setEntry(page: number, entry: number): void {
    this.#memory.u32[this.#slot(page) / 4] = entry;
  }

  #place(page: number): number {
    return this.pieceMa === 0 ? 0 : this.pieceMa + page * FRAME_BYTES;
  }

  /** The page's frame, which the p2m has from now on, also of a page that nobody has looked at. */
  #present(page: number): number {
    const ma = this.frame(page);
    if ((this.#entry(page) & P2m.PRESENT) !== 0) return ma;
    this.#setEntry(page, ma | P2m.PRESENT);
    if (ma !== Frame.ZERO_MA) {
      this.#pool.frames.set(ma, 1, this.#slot(page));
      this.#count(1);
    }
    return ma;
  }

  /** Maps a page to the frame of another one; its own loses it. */
  #join(page: number, own: number, theirs: number): void {
    const { frames } = this.#pool;
    this.#core.ram_map(this.#vm.ma, page, theirs, P2m.PRESENT);
    if (theirs !== Frame.ZERO_MA) {
      frames.set(theirs, frames.count(theirs) + 1);
      this.#pool.mix(theirs);
    } else this.#count(-1);
    if (own !== Frame.ZERO_MA) this.#leave(own);
  }

  /** Takes the right to store to a page without asking away. */
  #readOnly(page: number): void {
    this.#leaveWindow();
    if ((this.#entry(page) & P2m.WRITABLE) !== 0) this.#core.ram_map(this.#vm.ma, page, this.frame(page), P2m.PRESENT);
  }

  /** One page less is backed by the frame at `ma`. */
  #leave(ma: number): void {
    const { frames } = this.#pool;
    const count = frames.count(ma) - 1;
    if (count > 0) frames.set(ma, count);
    else this.#pool.release(ma);
  }

  #count(change: number): void {
    this.#vm.setU32(VmField.framesTouched, this.#vm.u32(VmField.framesTouched) + change);
  }

  #stamp(page: number): void {
    const stamps = this.#vm.u32(VmField.dirtyStamps) / 4;
    if (stamps !== 0) this.#memory.u32[stamps + page] = this.#vm.u32(VmField.dirtyEpoch);
  }

  #leaveWindow(): void {
    if (this.#vm.u32(VmField.window) === 0) return;
    this.#vm.setU32(VmField.window, 0);
    this.#core.ram_flush(this.#vm.ma);
  }

  #nextEpoch(): number {
    const epoch = this.#vm.u32(VmField.dirtyEpoch) + 1;
    this.#vm.setU32(VmField.dirtyEpoch, epoch);
    this.#leaveWindow();
    this.#core.ram_protect(this.#vm.ma);
    return epoch;
  }

  /** Whether the page is in place and its frame nobody else's, or could be brought there. */
  #settlePage(page: number): boolean {
    if ((this.#entry(page) & P2m.PRESENT) === 0) return true;
    const [ma, place] = [this.frame(page), this.#place(page)];
    const { frames } = this.#pool;
    if (ma !== Frame.ZERO_MA && frames.count(ma) > 1) return false;
    if (ma !== place) {
      if (!this.#pool.takeAt(place)) return false;
      this.#memory.u8.copyWithin(place, ma, ma + FRAME_BYTES);
      this.#core.ram_map(this.#vm.ma, page, place, 0);
      if (ma !== Frame.ZERO_MA) this.#leave(ma);
      else this.#count(1);
    }
    frames.set(place, 1, this.#slot(page));
    this.#setEntry(page, place | P2m.PRESENT | P2m.WRITABLE);
    return true;
  }

  /** Has a page without contents: in its place, or of zeros. False when its place is somebody else's. */
  #clearPage(page: number): boolean {
    const [entry, ma, place] = [this.#entry(page), this.frame(page), this.#place(page)];
    if (this.#drop(page) || place === 0) return true;
    if ((entry & P2m.PRESENT) !== 0 && ma !== place && this.#pool.takeAt(place)) return true;
    this.#setEntry(page, Frame.ZERO_MA | P2m.PRESENT);
    return false;
  }

  /** The page loses its frame. True when that is in its place and nobody else's: then it stays the page's. */
  #drop(page: number): boolean {
    const entry = this.#entry(page);
    this.#setEntry(page, 0);
    if ((entry & P2m.PRESENT) === 0) return true;
    const ma = (entry & FRAME_MASK) >>> 0;
    if (ma === Frame.ZERO_MA) return false;
    if (ma === this.#place(page) && this.#pool.frames.count(ma) <= 1) {
      this.#pool.frames.set(ma, 0);
      return true;
    }
    this.#leave(ma);
    return false;
  }

  /** What `clear` would do: which pages would have no place, and how many frames the pool would have more. */
  #afterClear(): { placeless: { has(page: number): boolean }; freed: number } {
    if (this.#vm.u32(VmField.window) !== 0) return { placeless: new Set(), freed: 0 };
    const { frames } = this.#pool;
    // Without a piece no page has a place.
    const placeless = this.pieceMa === 0 ? { has: () => true, add: () => undefined } : new Set<number>();
    const counts = new Map<number, number>();
    const [released, taken] = [new Set<number>(), new Set<number>()];
    for (let page = 0; page < this.pages; page++) {
      const [entry, ma, place] = [this.#entry(page), this.frame(page), this.#place(page)];
      if ((entry & P2m.PRESENT) === 0 && place !== 0) continue;
      const count = counts.get(ma) ?? frames.count(ma);
      if (ma === place && count <= 1) continue;
      if (ma !== Frame.ZERO_MA) {
        counts.set(ma, count - 1);
        if (count === 1) released.add(ma);
      }
      const isFree = released.has(place) || this.#pool.isFree(place);
      if (place === 0 || ma === place || taken.has(place) || !isFree) placeless.add(page);
      else taken.add(place);
    }
    return { placeless, freed: released.size - taken.size };
  }

  #clearPiece(complete: boolean): void {
    if (this.pieceMa === 0) return;
    if (complete) this.#memory.clear(this.pieceMa, this.pages * FRAME_BYTES);
    else {
      for (let page = 0; page < this.pages; page++) {
        if (this.#entry(page) === 0) this.#memory.clear(this.#place(page), FRAME_BYTES);
      }
    }
  }
}

/** Pages are wanted that are not here, and cannot be brought at once. */
export function pagesAbsent(): WasmvisorError {
  const sentence =
    "The VM was restored lazily and not all of its pages are here; wait for the promise vm.lazyRestore.done before.";
  return new WasmvisorError("vm-state", sentence);
}

function notTracked(): WasmvisorError {
  return new WasmvisorError("memory-tracking", "Stores to this VM's memory are not tracked; call trackStores first.");
}
