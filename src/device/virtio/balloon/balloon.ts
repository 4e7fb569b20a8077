/**
 * The memory balloon: pages that the driver puts into it, or reports as free, are given back to the host, and hold zeros when they are next
 * used. (Virtual I/O Device Specification, "Traditional Memory Balloon Device"; QEMU `hw/virtio/virtio-balloon.c`)
 *
 * Pages move only while the machine is at rest, so everything that is in the queues waits for that, a few thousand pages at a time.
 */

import { type Field, record, u32 } from "../../../state/table.ts";
import type { VirtioHost, VirtioModel } from "../model.ts";
import { Chain, type Queue } from "../queue.ts";
import {
  BALLOON_F,
  BALLOON_PAGE_BYTES,
  type GuestMemoryStatistics,
  readStatistics,
  STATISTICS_BYTES_MOST,
} from "./protocol.ts";

const QUEUE_SIZE = 128;

/**
 * Positions of the queues. Reporting has number 4 by the specification; QEMU, and drivers that were written for it, count only queues that are
 * there, so it is 3 without free page hints, and 2 for a driver that wants no statistics either.
 */
const INFLATE = 0;
const DEFLATE = 1;
const STATISTICS = 2;
const QUEUES = 5;

/** Pages that are given back before the machine goes on. */
const PAGES_AT_ONCE = 4096;
/** Page numbers that are read in one step. */
const NUMBERS = 256;
const NUMBER_BYTES = 4;

/** What a balloon offers its driver. */
export interface BalloonFeatures {
  /** The driver takes pages out when the guest would have to kill a program for want of memory. Default false, as QEMU's. */
  readonly deflateOnOom?: boolean;
  /** The driver reports pages that are free, without being asked. Default false, as QEMU's. */
  readonly freePageReporting?: boolean;
}

/** Whom the pages are given back to. */
export interface BalloonPages {
  /** Gives pages of RAM back, by their numbers from the start of RAM. */
  discard(pages: readonly number[]): void;
}

interface BalloonState {
  readonly target: number;
  readonly actual: number;
}

/** A chain that is being worked on. */
interface Work {
  readonly queue: Queue;
  /** Does some of it from byte `from` on, at most `most` pages; returns how many bytes that were, 0 at the end. */
  readonly act: (from: number, most: number) => number;
  /** Bytes of it that stand for a page. */
  readonly unit: number;
  /** Bytes of it that have been done. */
  done: number;
}

/** Gives pages of the guest's back. */
export class Balloon implements VirtioModel<BalloonState> {
  readonly id = 5;
  readonly features: bigint;
  readonly queueSizes = new Array<number>(QUEUES).fill(QUEUE_SIZE);
  readonly configBytes = 8;
  readonly table: Field<BalloonState> = record({ target: u32(), actual: u32() });
  /** Told when the driver has said what it knows of the guest's memory. */
  onStatistics: (() => void) | undefined;
  /** Pages that have been given back, by the driver's doing and by reports, since the device was made. */
  inflated = 0;
  reported = 0;
  #pages: BalloonPages | undefined;
  #host: VirtioHost | undefined;
  #queues: readonly (Queue | undefined)[] = [];
  #hasStatistics = false;
  #reports = false;
  /** What its owner wants, and what the host wants beside that. */
  #target = 0;
  #asked = 0;
  #actual = 0;
  #statistics: GuestMemoryStatistics | undefined;
  /** The chain with statistics, which the driver gets back when others are wanted. */
  #held: Chain | undefined;
  #chain = new Chain();
  #work: Work | undefined;
  #scheduled = false;
  /** Positions in flight in a restored state. */
  #again: { queue: Queue; index: number; position: number }[] = [];
  readonly #numbers = new DataView(new ArrayBuffer(NUMBERS * NUMBER_BYTES));

  constructor({ deflateOnOom = false, freePageReporting = false }: BalloonFeatures = {}) {
    const oom = deflateOnOom ? BALLOON_F.DEFLATE_ON_OOM : 0n;
    this.features = BALLOON_F.STATS_VQ | oom | (freePageReporting ? BALLOON_F.REPORTING : 0n);
  }

  /** Whom the pages belong to. */
  connect(pages: BalloonPages): void {
    this.#pages = pages;
  }

  begin(host: VirtioHost, features: bigint, queues: readonly (Queue | undefined)[]): void {
    this.#host = host;
    this.#queues = queues;
    this.#hasStatistics = (features & BALLOON_F.STATS_VQ) !== 0n;
    this.#reports = (features & BALLOON_F.REPORTING) !== 0n;
  }

  notify(): void {
    this.#soon();
  }

  /** A driver that begins anew has nothing in the balloon. */
  reset(): void {
    this.#queues = [];
    this.#work = undefined;
    this.#held = undefined;
    this.#again = [];
    this.#statistics = undefined;
    this.#actual = 0;
  }

  readConfig(into: DataView): void {
    into.setUint32(0, this.#wanted, true);
    into.setUint32(4, this.#actual, true);
  }

  writeConfig(view: DataView): void {
    this.#actual = view.getUint32(4, true);
  }

  save(): BalloonState {
    return { target: this.#target, actual: this.#actual };
  }

  restore({ target, actual }: BalloonState): void {
    this.#target = target;
    this.#actual = actual;
    // What another host has asked for, this one does not.
    if (actual > target) this.#host?.arrivals.expect(Promise.resolve(), () => this.#host?.configChanged());
    this.#again = this.#queues.flatMap((queue, index) =>
      (queue?.flying ?? []).map((position) => ({ queue: queue!, index, position })),
    );
    if (this.#again.length > 0) this.#soon();
  }

  /** Pages that it should hold, and that it holds as the driver says. */
  get target(): number {
    return this.#target;
  }

  get actual(): number {
    return this.#actual;
  }

  /** What the driver has said of the guest's memory. */
  get statistics(): GuestMemoryStatistics | undefined {
    return this.#statistics;
  }

  /** Pages that the host wants beside its owner's, while memory is scarce. */
  get asked(): number {
    return this.#asked;
  }

  get #wanted(): number {
    return Math.min(0xffff_ffff, this.#target + this.#asked);
  }

  /** Has the driver bring the balloon to so many pages. The machine must be at rest. */
  setTarget(pages: number): void {
    if (pages === this.#target) return;
    this.#target = pages;
    this.#host?.configChanged();
  }

  /** Has it hold so many pages more than its owner wants. The machine must be at rest. */
  squeeze(pages: number): void {
    if (pages === this.#asked) return;
    this.#asked = pages;
    this.#host?.configChanged();
  }

  /** Asks the driver for statistics. False when there is none that gives any. The machine must be at rest. */
  askStatistics(): boolean {
    const queue = this.#queues[STATISTICS];
    if (!this.#hasStatistics || queue === undefined) return false;
    // Otherwise it has been asked and has not answered.
    if (this.#held !== undefined) this.#giveBack(queue, this.#held);
    this.#held = undefined;
    return true;
  }

  #soon(): void {
    if (this.#scheduled || this.#host === undefined) return;
    this.#scheduled = true;
    this.#host.arrivals.expect(Promise.resolve(), () => {
      this.#scheduled = false;
      this.#serve();
    });
  }

  /** Does some of what is in the queues. */
  #serve(): void {
    let left = PAGES_AT_ONCE;
    while (left > 0) {
      if (this.#work === undefined && !this.#takeNext()) return;
      const work = this.#work;
      // A chain without pages costs something, too.
      left--;
      if (work === undefined) continue;
      const done = work.act(work.done, left);
      work.done += done;
      left -= Math.ceil(done / work.unit);
      if (done > 0 && left > 0) continue;
      if (done > 0) break;
      this.#work = undefined;
      this.#giveBack(work.queue, this.#chain);
    }
    this.#soon();
  }

  /** Takes a chain; false when there is none. One that needs no work is given back at once. */
  #takeNext(): boolean {
    const again = this.#again.shift();
    if (again !== undefined) {
      if (again.queue.readAgain(again.position, this.#chain)) this.#begin(again.index, again.queue);
      return true;
    }
    for (const [index, queue] of this.#queues.entries()) {
      if (queue === undefined) continue;
      if (queue.pop(this.#chain)) {
        this.#begin(index, queue);
        return true;
      }
      if (queue.broken === undefined) continue;
      this.#host?.needsReset(queue.broken);
      return false;
    }
    return false;
  }

  #begin(index: number, queue: Queue): void {
    if (index === INFLATE) this.#work = { queue, done: 0, unit: NUMBER_BYTES, act: (from) => this.#inflate(from) };
    else if (index === STATISTICS && this.#hasStatistics) this.#hold(queue);
    else if (index !== DEFLATE && this.#reports)
      this.#work = { queue, done: 0, unit: BALLOON_PAGE_BYTES, act: (from, most) => this.#report(from, most) };
    else this.#giveBack(queue, this.#chain);
  }

  /** Gives pages back whose numbers are in the chain from `from` on; returns how many bytes of it that were. */
  #inflate(from: number): number {
    const { readable } = this.#chain;
    const memory = this.#host!.memory;
    // More numbers than there are pages repeat themselves.
    const end = Math.min(readable.bytes, (memory.ramSize / BALLOON_PAGE_BYTES) * NUMBER_BYTES);
    const bytes = Math.min(this.#numbers.byteLength, end - from) & ~(NUMBER_BYTES - 1);
    if (bytes <= 0 || !readable.read(memory, from, new Uint8Array(this.#numbers.buffer, 0, bytes))) return 0;
    const pages: number[] = [];
    for (let at = 0; at < bytes; at += NUMBER_BYTES) {
      const pa = this.#numbers.getUint32(at, true) * BALLOON_PAGE_BYTES;
      if (memory.contains(pa, BALLOON_PAGE_BYTES)) pages.push((pa - memory.ramPa) / BALLOON_PAGE_BYTES);
    }
    this.inflated += pages.length;
    this.#pages?.discard(pages);
    return bytes;
  }

  /** Gives pages back that lie in the chain's buffers from `from` on, up to `most`; returns how many bytes of them that were. */
  #report(from: number, most: number): number {
    const memory = this.#host!.memory;
    const piece = this.#chain.writable.pieceAt(from);
    // A report of more than all of RAM repeats itself.
    if (piece === undefined || from >= memory.ramSize) return 0;
    const length = Math.min(piece.length, Math.max(1, most) * BALLOON_PAGE_BYTES);
    const offset = piece.pa - memory.ramPa;
    const first = Math.ceil(offset / BALLOON_PAGE_BYTES);
    const end = Math.floor((offset + length) / BALLOON_PAGE_BYTES);
    const pages = Array.from({ length: Math.max(0, end - first) }, (_, index) => first + index);
    this.reported += pages.length;
    this.#pages?.discard(pages);
    return length;
  }

  #hold(queue: Queue): void {
    const { readable } = this.#chain;
    const bytes = new Uint8Array(Math.min(readable.bytes, STATISTICS_BYTES_MOST));
    if (readable.read(this.#host!.memory, 0, bytes)) this.#statistics = readStatistics(bytes);
    // There should be one. (QEMU gives the earlier one back, too.)
    if (this.#held !== undefined) this.#giveBack(queue, this.#held);
    this.#held = this.#chain;
    this.#chain = new Chain();
    this.onStatistics?.();
  }

  #giveBack(queue: Queue, chain: Chain): void {
    queue.push(chain, 0);
    this.#host?.interrupt(queue);
  }
}
