/**
 * A virtqueue as the device sees it: takes chains of buffers that the driver has made available, gives them back used. Everything that the
 * driver writes is checked here, once; a chain that has been taken lies in RAM whatever the driver does to its descriptors afterwards.
 * (Virtual I/O Device Specification, "Virtqueues")
 */

import type { GuestMemory } from "../../memory/guest-memory.ts";
import type { Touch } from "../../memory/late-pages.ts";
import { flag, list, record, u16, type Field } from "../../state/table.ts";
import { Segments } from "./segments.ts";

/** The most entries that any queue may have. */
export const QUEUE_SIZE_MOST = 1024;

/** Bits of a descriptor's flags. */
export enum Desc {
  NEXT = 1,
  WRITE = 2,
  INDIRECT = 4,
  /** Packed queues. */
  AVAIL = 1 << 7,
  USED = 1 << 15,
}

export const DESC_BYTES = 16;

/** Where a queue lies and what has been agreed on; as the driver has set it. */
export interface QueueSetup {
  readonly size: number;
  /** Physical addresses of the descriptor, driver (available) and device (used) areas. */
  readonly desc: number;
  readonly driver: number;
  readonly device: number;
  readonly indirect: boolean;
  readonly eventIndex: boolean;
}

/** A position in each direction, and what has been told to the driver; the meaning of each is the kind's. */
export interface QueuePosition {
  readonly next: number;
  readonly nextWrap: boolean;
  readonly used: number;
  readonly usedWrap: boolean;
  /** Where `used` was at the last interrupt, if that is known. */
  readonly told: number;
  readonly isTold: boolean;
  /** Positions of the chains that have been taken and not given back, in the order of taking. */
  readonly inFlight: number[];
}

/** What is saved of a queue that runs. */
export const POSITION: Field<QueuePosition> = record({
  next: u16(),
  nextWrap: flag(),
  used: u16(),
  usedWrap: flag(),
  told: u16(),
  isTold: flag(),
  inFlight: list(u16(), QUEUE_SIZE_MOST),
});

/** Whether a split queue may have so many entries. */
export function isQueueSize(size: number): boolean {
  return size > 0 && size <= QUEUE_SIZE_MOST && (size & (size - 1)) === 0;
}

/** Buffers that belong together: what the driver has written, then room for the answer. */
export class Chain {
  /** What the driver calls it. */
  id = 0;
  /** Where it begins in the ring; with this it can be read again. */
  position = 0;
  /** Entries of the ring that it takes. */
  entries = 0;
  readonly readable = new Segments();
  readonly writable = new Segments();

  clear(): void {
    this.readable.clear();
    this.writable.clear();
  }

  /** Names all its buffers. */
  touch(touch: Touch): void {
    this.readable.touch(touch);
    this.writable.touch(touch);
  }
}

/** A queue that runs. */
export abstract class Queue {
  readonly setup: QueueSetup;
  /** Why nothing can be taken from it any more, until the device is reset. */
  broken: string | undefined;
  protected readonly memory: GuestMemory;
  /** Positions of chains that are with the device. */
  protected readonly inFlight: number[] = [];
  #count = 0;

  constructor(memory: GuestMemory, setup: QueueSetup) {
    this.memory = memory;
    this.setup = setup;
  }

  /** Takes the next chain. False when there is none, when the device has as many as there are entries, or when the queue is broken. */
  pop(chain: Chain): boolean {
    if (this.broken !== undefined || this.inFlight.length >= this.setup.size || !this.isAvailable()) return false;
    chain.clear();
    if (!this.readNext(chain)) return false;
    this.inFlight.push(chain.position);
    return true;
  }

  /** Has the chain that was taken last, and not given back, be the next again. */
  unpop(chain: Chain): void {
    if (this.inFlight.at(-1) !== chain.position) return;
    this.inFlight.pop();
    this.unread(chain);
  }

  /** Positions of the chains that are with the device, the first taken first. */
  get flying(): readonly number[] {
    return this.inFlight;
  }

  /** Whether a saved position can be one of this queue's. */
  takes({ inFlight }: QueuePosition): boolean {
    const { size } = this.setup;
    return inFlight.length <= size && inFlight.every((position) => position < size);
  }

  /** Reads a chain again that is in flight in a restored state. False when it makes no sense any more. */
  readAgain(position: number, chain: Chain): boolean {
    chain.clear();
    return this.readAt(position, chain);
  }

  /** Gives a chain back, of whose writable bytes the first `written` have been written. */
  push(chain: Chain, written: number): void {
    const at = this.inFlight.indexOf(chain.position);
    if (at < 0) return;
    this.inFlight.splice(at, 1);
    this.give(chain, written);
  }

  /**
   * Names what a device uses that serves this queue now: its areas, and the buffers of all chains that are available or with the device. They
   * are taken for that, so it must be a queue that nobody else uses.
   */
  touch(touch: Touch): void {
    if (!this.areas.map(([pa, length]) => touch(pa, length)).every(Boolean)) return;
    const chain = new Chain();
    for (const position of this.inFlight) {
      if (this.readAgain(position, chain)) chain.touch(touch);
      this.broken = undefined;
    }
    while (this.pop(chain)) chain.touch(touch);
  }

  /** Whether the driver wants an interrupt for what has been given back since this was last asked. */
  abstract mustInterrupt(): boolean;
  /** Has the driver notify the device of the next chain. */
  abstract askNotification(): void;
  abstract get position(): QueuePosition;
  abstract set position(position: QueuePosition);
  /** Address and bytes of the rings. */
  protected abstract get areas(): readonly (readonly [number, number])[];
  protected abstract isAvailable(): boolean;
  protected abstract readNext(chain: Chain): boolean;
  protected abstract unread(chain: Chain): void;
  protected abstract readAt(position: number, chain: Chain): boolean;
  protected abstract give(chain: Chain, written: number): void;

  protected breaks(why: string): false {
    this.broken = why;
    return false;
  }

  /** Begins a chain of at most as many descriptors as the queue has entries. */
  protected begin(): void {
    this.#count = 0;
  }

  /** Appends what the descriptor at `pa` describes. */
  protected add(pa: number, length: number, flags: number, chain: Chain): boolean {
    if (++this.#count > this.setup.size) return this.breaks("a chain is longer than its queue");
    if (!this.memory.contains(pa, length)) return this.breaks("a descriptor is outside RAM");
    if ((flags & Desc.WRITE) !== 0) chain.writable.add(pa, length);
    else if (chain.writable.bytes > 0) return this.breaks("a readable descriptor follows a writable one");
    else chain.readable.add(pa, length);
    return true;
  }

  /** How many descriptors an indirect table of `length` bytes at `pa` has; 0 when it cannot be one. */
  protected tableEntries(pa: number, length: number, flags: number): number {
    const { setup, memory } = this;
    const entries = length / DESC_BYTES;
    const fits = Number.isInteger(entries) && entries > 0 && entries <= setup.size && memory.contains(pa, length);
    if (setup.indirect && fits && (flags & Desc.NEXT) === 0) return entries;
    this.breaks("an indirect table is not one");
    return 0;
  }

  /** An address in a descriptor. */
  protected address(pa: number): number {
    return (this.memory.load32(pa) ?? 0) + (this.memory.load32(pa + 4) ?? 0) * 2 ** 32;
  }

  protected half(pa: number): number {
    return this.memory.load16(pa) ?? 0;
  }

  protected word(pa: number): number {
    return this.memory.load32(pa) ?? 0;
  }
}

/** Whether an index that goes from `old` to `now` passes `event`, modulo 2^16. ("Used Buffer Notification Suppression") */
export function passes(event: number, now: number, old: number): boolean {
  return ((now - event - 1) & 0xffff) < ((now - old) & 0xffff);
}
