/**
 * Keeps frames free for a host's VMs by having pages leave that are not used (docs/design/host-paging.md).
 *
 * Pages of a VM leave only while nothing of it is running: translated code keeps machine addresses in locals, and devices keep views. So some
 * frames are kept in reserve for what is under way, and taking one of them ends the slice.
 */

import type { FramePager, MemoryPool } from "../pool.ts";
import type { Ram } from "../ram.ts";
import { Clock } from "./clock.ts";
import type { PageStore, PageStoreStatistics } from "./page-store.ts";
import { type Donor, Relief } from "./relief.ts";
import { sharesPerPage } from "./tax.ts";
import { WorkingSet } from "./working-set.ts";

/** A VM, as the pager sees it. */
export interface PagedVm {
  readonly ram: Ram;
  /** Machine address of its block. */
  readonly ma: number;
  /** What it may have of the memory; may change. */
  readonly memory: { readonly shares: number; readonly reservation: number };
  /** Whether a hart, a device or a call has the machine in its hands. */
  isBusy(): boolean;
  /** Has the slice that is under way end. */
  endSlice(): void;
  /** Its guest, if that can be asked for pages. */
  readonly donor?: Donor | undefined;
}

/** How the pager does it. */
export interface PagerOptions {
  /** The tax on idle memory: 0 to less than 1. */
  readonly idleTax: number;
  /** Milliseconds in which it is seen which pages are used. */
  readonly samplePeriod: number;
}

/** What paging has done, and how much memory is free. */
export interface PagingStatistics extends PageStoreStatistics {
  /** How often a page came back because it was used. */
  readonly returned: number;
  /** Bytes that can be given to VMs before any page must leave. */
  readonly freeBytes: number;
}

/** What the pager knows of a VM. */
interface Known {
  readonly vm: PagedVm;
  readonly workingSet: WorkingSet;
  readonly clock: Clock;
}

const [RESERVE_LEAST, RESERVE_MOST] = [64, 4096];
/** One of so many frames of the host is kept in reserve. */
const RESERVE_PART = 32;
/** Frames that are made free at once: more than one instruction can need. */
const BATCH = 64;
/** Pages that are noted as unused in a tick when memory is getting scarce. */
const AGED = 128;

/** Has pages leave when frames are few. */
export class Pager implements FramePager {
  readonly store: PageStore;
  readonly reserve: number;
  readonly #pool: MemoryPool;
  readonly #options: PagerOptions;
  readonly #vms = new Map<number, Known>();
  readonly #relief = new Relief({
    donors: () => this.#donors(),
    hurry: (isHurried) => this.hurry(isHurried),
  });
  /** Has equal pages be looked for as fast as they may, or not any more. */
  hurry: (isHurried: boolean) => void = () => undefined;
  /** A frame of the reserve has been taken, or one more than a limit allows. */
  #isWanted = false;
  /** What has come back of VMs that are gone. */
  #returned = 0;

  constructor(pool: MemoryPool, store: PageStore, options: PagerOptions) {
    this.#pool = pool;
    this.store = store;
    this.#options = options;
    this.reserve = Math.min(RESERVE_MOST, Math.max(RESERVE_LEAST, Math.floor(pool.available / RESERVE_PART)));
  }

  get statistics(): PagingStatistics {
    let returned = this.#returned;
    for (const { vm } of this.#vms.values()) returned += vm.ram.paged.moves.in;
    const free = Math.max(0, this.#pool.available - this.reserve);
    return { ...this.store.statistics, returned, freeBytes: free * 4096 };
  }

  add(vm: PagedVm): void {
    const workingSet = new WorkingSet(vm.ram);
    this.#vms.set(vm.ma, { vm, workingSet, clock: new Clock(vm.ram, workingSet) });
  }

  remove(ma: number): void {
    const known = this.#vms.get(ma);
    if (known === undefined) return;
    this.#returned += known.vm.ram.paged.moves.in;
    this.#vms.delete(ma);
  }

  /** The part of a VM's memory that it uses, 0 to 1. */
  activeOf(ma: number): number {
    return this.#vms.get(ma)?.workingSet.active ?? 1;
  }

  took(ma: number): void {
    const known = this.#vms.get(ma);
    if (known === undefined) return;
    const { ram } = known.vm;
    if (this.#pool.available >= this.reserve && ram.resident < ram.limit) return;
    this.#isWanted = true;
    known.vm.endSlice();
  }

  /** The slice of a VM has ended. */
  afterSlice(ma: number): void {
    if (this.#isWanted) this.relieve(ma);
  }

  rescue(): boolean {
    return this.#relieve(BATCH, (vm) => !vm.isBusy()) > 0;
  }

  /** Between two tasks, with all VMs at rest. `now` is in milliseconds. */
  tick(now: number): void {
    for (const { workingSet } of this.#vms.values()) workingSet.tick(now, this.#options.samplePeriod);
    const { available } = this.#pool;
    this.#relief.tick(now, available, this.reserve);
    if (available < 4 * this.reserve) for (const { clock } of this.#vms.values()) clock.age(AGED);
    this.relieve();
  }

  /**
   * Makes frames free when there are few, and has a VM that has more than its limit keep to it.
   * @param present - the VM whose slice has just ended
   */
  relieve(present?: number): void {
    this.#isWanted = false;
    const mayLose = (vm: PagedVm): boolean => vm.ma === present || !vm.isBusy();
    for (const { vm, clock } of this.#vms.values()) {
      const over = vm.ram.resident - vm.ram.limit;
      if (over >= 0 && mayLose(vm)) clock.reclaim(over + Math.min(BATCH, vm.ram.limit >>> 3));
    }
    const missing = this.reserve - this.#pool.available;
    if (missing > 0) this.#relieve(missing + BATCH, mayLose);
  }

  /** A page could not be had. True when there is room for it now. */
  found(present: number): boolean {
    this.relieve(present);
    if (this.#pool.available >= BATCH) return true;
    return this.#relieve(BATCH, (vm) => vm.ma === present || !vm.isBusy()) >= BATCH / 2;
  }

  /** Makes a range of the machine memory free, by having pages leave it that are in its way. False when there is none. */
  makeRange(bytes: number): boolean {
    this.#relieve(BATCH, (vm) => !vm.isBusy());
    const run = this.#pool.runFor(bytes, (ma) => this.#pageAt(ma) !== undefined);
    if (run === undefined) return false;
    return this.#pool.clearRun(run, (ma) => {
      const at = this.#pageAt(ma);
      return at !== undefined && (at.ram.pageOut(at.page) || at.ram.move(at.page));
    });
  }

  /** The page that the frame at `ma` backs alone, of a VM that nothing of is running. */
  #pageAt(ma: number): { readonly ram: Ram; readonly page: number } | undefined {
    const { frames } = this.#pool;
    const slot = frames.count(ma) === 1 ? frames.slot(ma) : 0;
    if (slot === 0) return undefined;
    for (const { vm } of this.#vms.values()) {
      const page = vm.ram.pageOfSlot(slot);
      if (page !== undefined) return vm.isBusy() ? undefined : { ram: vm.ram, page };
    }
    return undefined;
  }

  /** Has so many pages leave of VMs that may lose some, those first that have the least shares for each. Returns how many have left. */
  #relieve(pages: number, mayLose: (vm: PagedVm) => boolean): number {
    const candidates = new Set([...this.#vms.values()].filter(({ vm }) => mayLose(vm)));
    let left = pages;
    while (left > 0) {
      const victim = this.#poorest(candidates);
      if (victim === undefined) break;
      const { ram, memory } = victim.vm;
      const wanted = Math.min(left, BATCH, ram.resident - memory.reservation);
      const gone = victim.clock.reclaim(wanted);
      left -= gone;
      if (gone < wanted) candidates.delete(victim);
    }
    return pages - left;
  }

  #poorest(candidates: Iterable<Known>): Known | undefined {
    let poorest: Known | undefined;
    let least = Infinity;
    for (const known of candidates) {
      if (known.vm.ram.resident <= known.vm.memory.reservation) continue;
      const shares = this.#sharesPerPage(known);
      if (shares >= least) continue;
      [least, poorest] = [shares, known];
    }
    return poorest;
  }

  #sharesPerPage({ vm: { ram, memory }, workingSet }: Known): number {
    const active = Math.min(1, (workingSet.active * (ram.resident + ram.paged.size)) / Math.max(1, ram.resident));
    return sharesPerPage({ shares: memory.shares, pages: ram.resident, active }, this.#options.idleTax);
  }

  /** Guests that can be asked, in the order in which they would lose pages; who has no more than is reserved for it is asked for none. */
  #donors(): Donor[] {
    const poor = [...this.#vms.values()].filter(
      ({ vm: { ram, memory, donor } }) => donor !== undefined && (ram.resident > memory.reservation || donor.asked > 0),
    );
    const ranked = poor.map((known) => ({ donor: known.vm.donor!, shares: this.#sharesPerPage(known) }));
    return ranked.toSorted((a, b) => a.shares - b.shares).map(({ donor }) => donor);
  }
}
