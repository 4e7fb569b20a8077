/**
 * Finds pages that hold the same, little by little while VMs run, and has them share a frame (docs/design/sharing.md). A page is looked at once in
 * a *pass* over all RAM. Only what holds the same as in the pass before is shared: what changes all the time would be copied again at once.
 */

import { FRAME_BYTES } from "./machine-memory.ts";
import type { Ram } from "./ram.ts";

/** How many pages are looked at in a second. */
export interface ScanRate {
  readonly least: number;
  readonly most: number;
}

/** Where the pages are, and what is known of their frames. */
export interface ScannedMemory {
  /** RAM of the VMs by their numbers, as it is now. */
  rams(): ReadonlyMap<number, Ram>;
  hash(ma: number): number;
  /** Whether any byte is not zero. */
  holds(ma: number): boolean;
}

/** What scanning has done. */
export interface SharingStatistics {
  /** How often all RAM has been looked at. */
  readonly passes: number;
  readonly scannedPages: number;
  /** Pages that have been given the frame of another, and those of zeros that have lost theirs, each time that it happened. */
  readonly mergedPages: number;
  readonly zeroPages: number;
  /** Pages looked at in a second, at present. */
  readonly rate: number;
}

/** Pages that are looked at in one step: some milliseconds. */
const STEP_PAGES = 512;

/** A pass that frees one page of so many is worth a faster one. */
const WORTH = 200;

/** Pages of a VM, for keys: RAM has 16 GiB at most. */
const PAGES_MOST = 2 ** 22;

/** Scans all RAM again and again. */
export class Scanner {
  readonly #memory: ScannedMemory;
  readonly #range: ScanRate;
  #rate: number;
  /** Whether memory is scarce: the most pages are looked at, whatever has been found lately. */
  isHurried = false;
  #lastAt: number | undefined;
  /** The VMs that are still to be looked at in this pass, and the next page of the first of them. */
  #left: number[] = [];
  #page = 0;
  /** The first page (and its VM) with a hash, in this pass. */
  readonly #first = new Map<number, number>();
  /** What each page of each VM hashed to in the pass before. */
  readonly #before = new Map<number, Uint32Array>();
  #passes = 0;
  #scanned = 0;
  #merged = 0;
  #zeros = 0;
  #gain = 0;
  #looked = 0;

  constructor(memory: ScannedMemory, range: ScanRate) {
    this.#memory = memory;
    this.#range = range;
    this.#rate = range.most;
  }

  get statistics(): SharingStatistics {
    return {
      passes: this.#passes,
      scannedPages: this.#scanned,
      mergedPages: this.#merged,
      zeroPages: this.#zeros,
      rate: this.#rateNow,
    };
  }

  get #rateNow(): number {
    return this.isHurried ? this.#range.most : this.#rate;
  }

  /** Looks at as many pages as the rate allows since the last time, some milliseconds' worth at most. All VMs must be at rest. `now` is in milliseconds. */
  tick(now: number): void {
    this.#lastAt ??= now;
    const pages = Math.min(STEP_PAGES, Math.floor(((now - this.#lastAt) / 1000) * this.#rateNow));
    // A few would not be worth the beginning.
    if (pages < Math.min(32, STEP_PAGES)) return;
    this.#lastAt = now;
    this.scan(pages);
  }

  /** Looks at so many pages, or to the end of the pass. Returns whether it has come there. */
  scan(pages: number): boolean {
    const rams = this.#memory.rams();
    while (pages > 0) {
      const vm = this.#left[0];
      const ram = vm === undefined ? undefined : rams.get(vm);
      if (vm === undefined) {
        this.#endPass(rams);
        return true;
      }
      if (ram === undefined || this.#page >= ram.pages) {
        this.#left.shift();
        this.#page = 0;
        continue;
      }
      // What has no frame costs next to nothing to pass over.
      if (ram.touched(this.#page)) {
        this.#look(rams, vm, ram, this.#page);
        pages--;
      } else if ((this.#page & 63) === 0) pages--;
      this.#page++;
    }
    return false;
  }

  #look(rams: ReadonlyMap<number, Ram>, vm: number, ram: Ram, page: number): void {
    this.#scanned++;
    this.#looked++;
    const ma = ram.frame(page);
    const hash = this.#memory.hash(ma) >>> 0;
    const before = this.#hashes(vm, ram);
    const isStill = before[page] === hash;
    before[page] = hash;
    if (!isStill) return;
    if (!this.#memory.holds(ma)) {
      if (ram.giveBackZeros(page)) {
        this.#zeros++;
        this.#gain++;
      }
      return;
    }
    const key = this.#first.get(hash);
    const other = key === undefined ? undefined : rams.get(Math.floor(key / PAGES_MOST));
    if (other === undefined) {
      this.#first.set(hash, vm * PAGES_MOST + page);
      return;
    }
    const otherPage = key! % PAGES_MOST;
    // It may have been given back, or changed, since it was looked at.
    if (!other.touched(otherPage) || other.frame(otherPage) === ma || !ram.share(page, other, otherPage)) return;
    this.#merged++;
    this.#gain++;
  }

  #hashes(vm: number, ram: Ram): Uint32Array {
    let hashes = this.#before.get(vm);
    if (hashes === undefined) this.#before.set(vm, (hashes = new Uint32Array(ram.pages)));
    return hashes;
  }

  #endPass(rams: ReadonlyMap<number, Ram>): void {
    for (const vm of this.#before.keys()) if (!rams.has(vm)) this.#before.delete(vm);
    this.#left = [...rams.keys()];
    this.#page = 0;
    this.#first.clear();
    if (this.#looked === 0) return;
    this.#passes++;
    // The first pass only learns.
    if (this.#passes > 1) {
      const { least, most } = this.#range;
      const rate = this.#gain * WORTH >= this.#looked ? this.#rate * 2 : this.#rate / 2;
      this.#rate = Math.min(most, Math.max(least, rate));
    }
    this.#gain = 0;
    this.#looked = 0;
  }
}

/** Bytes that sharing saves now: pages beyond the first of each frame. */
export function savedBytes(rams: Iterable<Ram>): number {
  const frames = new Set<number>();
  let pages = 0;
  for (const ram of rams) {
    for (let page = 0; page < ram.pages; page++) {
      if (!ram.shared(page)) continue;
      pages++;
      frames.add(ram.frame(page));
    }
  }
  return (pages - frames.size) * FRAME_BYTES;
}
