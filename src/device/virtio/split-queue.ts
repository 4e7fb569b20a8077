/**
 * A split virtqueue: descriptors in a table, their heads in one ring, those given back in another.
 * (Virtual I/O Device Specification, "Split Virtqueues")
 */

import type { GuestMemory } from "../../memory/guest-memory.ts";
import { type Chain, Desc, DESC_BYTES, passes, Queue, type QueuePosition, type QueueSetup } from "./queue.ts";

/** Bits of the rings' flags. */
const NO_INTERRUPT = 1;

export class SplitQueue extends Queue {
  /** Index of the next head in the available ring. */
  #next = 0;
  /** Index of the next element of the used ring. */
  #used = 0;
  /** Where `#used` was at the last interrupt. */
  #told = 0;
  #isTold = false;

  get position(): QueuePosition {
    const [next, used, told] = [this.#next, this.#used, this.#told];
    const inFlight = [...this.inFlight];
    return { next, nextWrap: false, used, usedWrap: false, told, isTold: this.#isTold, inFlight };
  }

  set position({ next, used, told, isTold, inFlight }: QueuePosition) {
    this.#next = next;
    this.#used = used;
    this.#told = told;
    this.#isTold = isTold;
    this.inFlight.splice(0, Infinity, ...inFlight);
  }

  mustInterrupt(): boolean {
    const { setup } = this;
    const [old, isTold] = [this.#told, this.#isTold];
    if (isTold && old === this.#used) return false;
    if (!setup.eventIndex) {
      this.#told = this.#used;
      this.#isTold = true;
      return (this.half(setup.driver) & NO_INTERRUPT) === 0;
    }
    this.#told = this.#used;
    this.#isTold = true;
    return !isTold || passes(this.half(setup.driver + 4 + 2 * setup.size), this.#used, old);
  }

  askNotification(): void {
    const { setup, memory } = this;
    // Behind all that is there, also behind what has been left: the driver notifies only when it passes this index.
    if (setup.eventIndex) memory.store16(setup.device + 4 + 8 * setup.size, this.half(setup.driver + 2));
  }

  protected get areas(): readonly (readonly [number, number])[] {
    const { size, desc, driver, device } = this.setup;
    const bytes = splitAreas(size);
    return [
      [desc, bytes.desc],
      [driver, bytes.driver],
      [device, bytes.device],
    ];
  }

  protected isAvailable(): boolean {
    const count = (this.half(this.setup.driver + 2) - this.#next) & 0xffff;
    if (count > this.setup.size) return this.breaks("more is available than the queue has entries");
    return count > 0;
  }

  protected readNext(chain: Chain): boolean {
    const { driver, size } = this.setup;
    const head = this.half(driver + 4 + 2 * (this.#next % size));
    this.#next = (this.#next + 1) & 0xffff;
    return this.readAt(head, chain);
  }

  protected unread(): void {
    this.#next = (this.#next - 1) & 0xffff;
  }

  protected readAt(head: number, chain: Chain): boolean {
    const { desc, size } = this.setup;
    chain.id = head;
    chain.position = head;
    chain.entries = 1;
    this.begin();
    if (head >= size) return this.breaks("a head is no descriptor");
    const at = desc + DESC_BYTES * head;
    const flags = this.half(at + 12);
    if ((flags & Desc.INDIRECT) === 0) return this.#follow(desc, size, head, chain, this.setup.indirect);
    const [table, length] = [this.address(at), this.word(at + 8)];
    const entries = this.tableEntries(table, length, flags);
    return entries > 0 && this.#follow(table, entries, 0, chain, false);
  }

  protected give(chain: Chain, written: number): void {
    const { device, size } = this.setup;
    const at = device + 4 + 8 * (this.#used % size);
    this.memory.store32(at, chain.id);
    this.memory.store32(at + 4, Math.min(written, 0xffff_ffff));
    this.#used = (this.#used + 1) & 0xffff;
    this.memory.store16(device + 2, this.#used);
  }

  /** Descriptors from `index` on, of a table with `entries`. One in a direct chain may end it with an indirect table. */
  #follow(table: number, entries: number, index: number, chain: Chain, tail: boolean): boolean {
    for (;;) {
      const at = table + DESC_BYTES * index;
      const [pa, length, flags] = [this.address(at), this.word(at + 8), this.half(at + 12)];
      if ((flags & Desc.INDIRECT) !== 0) {
        if (!tail) return this.breaks("an indirect table is in another one");
        const count = this.tableEntries(pa, length, flags);
        return count > 0 && this.#follow(pa, count, 0, chain, false);
      }
      if (!this.add(pa, length, flags, chain)) return false;
      if ((flags & Desc.NEXT) === 0) return true;
      index = this.half(at + 14);
      if (index >= entries) return this.breaks("a descriptor goes on outside its table");
    }
  }
}

/** Bytes of the three areas of a queue. */
export function splitAreas(size: number): { desc: number; driver: number; device: number } {
  return { desc: DESC_BYTES * size, driver: 6 + 2 * size, device: 6 + 8 * size };
}

export function splitFits(memory: GuestMemory, { size, desc, driver, device }: QueueSetup): boolean {
  const bytes = splitAreas(size);
  return (
    memory.contains(desc, bytes.desc) && memory.contains(driver, bytes.driver) && memory.contains(device, bytes.device)
  );
}
