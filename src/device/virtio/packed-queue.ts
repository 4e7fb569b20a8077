/**
 * A packed virtqueue: one ring, in which both sides write descriptors; a wrap counter tells new from old.
 * (Virtual I/O Device Specification, "Packed Virtqueues")
 */

import type { GuestMemory } from "../../memory/guest-memory.ts";
import { type Chain, Desc, DESC_BYTES, passes, Queue, type QueuePosition, type QueueSetup } from "./queue.ts";

/** An event suppression structure: where to, and whether. */
const EVENT_BYTES = 4;
enum Event {
  ENABLE,
  DISABLE,
  DESC,
}

/** Bit of the wrap counter beside an offset. */
const WRAP = 0x8000;

export class PackedQueue extends Queue {
  #next = 0;
  #nextWrap = true;
  #used = 0;
  #usedWrap = true;
  /** Where `#used` was at the last interrupt; unknown after the ring has come round. */
  #told = 0;
  #isTold = false;
  /** Whether anything has been given back since the last interrupt. */
  #isNews = false;

  get position(): QueuePosition {
    const [next, nextWrap, used, usedWrap] = [this.#next, this.#nextWrap, this.#used, this.#usedWrap];
    return { next, nextWrap, used, usedWrap, told: this.#told, isTold: this.#isTold, inFlight: [...this.inFlight] };
  }

  set position({ next, nextWrap, used, usedWrap, told, isTold, inFlight }: QueuePosition) {
    this.#next = next;
    this.#nextWrap = nextWrap;
    this.#used = used;
    this.#usedWrap = usedWrap;
    this.#told = told;
    this.#isTold = isTold;
    this.inFlight.splice(0, Infinity, ...inFlight);
  }

  override takes(position: QueuePosition): boolean {
    return super.takes(position) && position.next < this.setup.size && position.used < this.setup.size;
  }

  mustInterrupt(): boolean {
    if (!this.#isNews) return false;
    this.#isNews = false;
    const { driver, size } = this.setup;
    const [old, isTold] = [this.#told, this.#isTold];
    this.#told = this.#used;
    this.#isTold = true;
    const how = this.half(driver + 2) & 3;
    if (how !== Event.DESC || !this.setup.eventIndex) return how !== Event.DISABLE;
    if (!isTold) return true;
    const event = this.half(driver);
    const offset = (event & ~WRAP) - (((event & WRAP) !== 0) === this.#usedWrap ? 0 : size);
    return passes(offset, this.#used, old);
  }

  askNotification(): void {
    const { device } = this.setup;
    // Of what has been left there is an end that nobody has looked for: then every chain is to be told of.
    const isPlace = this.setup.eventIndex && !this.isAvailable();
    if (isPlace) this.memory.store16(device, this.#next | (this.#nextWrap ? WRAP : 0));
    this.memory.store16(device + 2, isPlace ? Event.DESC : Event.ENABLE);
  }

  protected get areas(): readonly (readonly [number, number])[] {
    const { size, desc, driver, device } = this.setup;
    return [
      [desc, DESC_BYTES * size],
      [driver, EVENT_BYTES],
      [device, EVENT_BYTES],
    ];
  }

  protected isAvailable(): boolean {
    const flags = this.half(this.setup.desc + DESC_BYTES * this.#next + 14);
    return ((flags & Desc.AVAIL) !== 0) === this.#nextWrap && ((flags & Desc.USED) !== 0) !== this.#nextWrap;
  }

  protected readNext(chain: Chain): boolean {
    if (!this.readAt(this.#next, chain)) return false;
    this.#next += chain.entries;
    if (this.#next >= this.setup.size) {
      this.#next -= this.setup.size;
      this.#nextWrap = !this.#nextWrap;
    }
    return true;
  }

  protected unread({ position, entries }: Chain): void {
    if (position + entries >= this.setup.size) this.#nextWrap = !this.#nextWrap;
    this.#next = position;
  }

  protected readAt(position: number, chain: Chain): boolean {
    const { desc, size } = this.setup;
    if (position >= size) return this.breaks("a chain begins outside the ring");
    chain.position = position;
    chain.entries = 0;
    this.begin();
    for (let index = position; ; index = index + 1 === size ? 0 : index + 1) {
      const at = desc + DESC_BYTES * index;
      const [pa, length, flags] = [this.address(at), this.word(at + 8), this.half(at + 14)];
      chain.id = this.half(at + 12);
      chain.entries++;
      const added =
        (flags & Desc.INDIRECT) !== 0 ? this.#table(pa, length, flags, chain) : this.add(pa, length, flags, chain);
      if (!added || (flags & Desc.NEXT) === 0) return added;
    }
  }

  protected give(chain: Chain, written: number): void {
    const at = this.setup.desc + DESC_BYTES * this.#used;
    this.memory.store32(at + 8, Math.min(written, 0xffff_ffff));
    this.memory.store16(at + 12, chain.id);
    const flags = (this.#usedWrap ? Desc.AVAIL | Desc.USED : 0) | (written > 0 ? Desc.WRITE : 0);
    this.memory.store16(at + 14, flags);
    this.#used += chain.entries;
    this.#isNews = true;
    if (this.#used < this.setup.size) return;
    this.#used -= this.setup.size;
    this.#usedWrap = !this.#usedWrap;
    this.#isTold = false;
  }

  #table(pa: number, length: number, flags: number, chain: Chain): boolean {
    if (chain.entries > 1) return this.breaks("an indirect table follows another descriptor");
    const entries = this.tableEntries(pa, length, flags);
    for (let i = 0; i < entries; i++) {
      const at = pa + DESC_BYTES * i;
      const inner = this.half(at + 14);
      if ((inner & Desc.INDIRECT) !== 0) return this.breaks("an indirect table is in another one");
      if (!this.add(this.address(at), this.word(at + 8), inner, chain)) return false;
    }
    return entries > 0;
  }
}

export function packedFits(memory: GuestMemory, { size, desc, driver, device }: QueueSetup): boolean {
  return (
    memory.contains(desc, DESC_BYTES * size) &&
    memory.contains(driver, EVENT_BYTES) &&
    memory.contains(device, EVENT_BYTES)
  );
}
