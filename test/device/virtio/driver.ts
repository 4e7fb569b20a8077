/** A driver's side of virtio, small enough to be read: sets a device up and puts chains into its queues. */

import type { Arrivals } from "../../../src/device/device.ts";
import { VirtioMmio, type VirtioLayout } from "../../../src/device/virtio/mmio.ts";
import type { VirtioModel } from "../../../src/device/virtio/model.ts";
import { SeededEntropy } from "../../../src/backend/entropy/seeded-entropy.ts";
import { createGuestMemory, type GuestMemory } from "../../../src/memory/guest-memory.ts";
import { FakeClock, FakeLine } from "../fakes.ts";

export const RAM_PA = 0x8000_0000;
export const RAM_BYTES = 2 ** 20;

/** Register offsets that a driver uses. */
export const REG = {
  FEATURES: 0x10,
  FEATURES_SEL: 0x14,
  DRIVER_FEATURES: 0x20,
  DRIVER_FEATURES_SEL: 0x24,
  PAGE_SIZE: 0x28,
  QUEUE_SEL: 0x30,
  QUEUE_MAX: 0x34,
  QUEUE_NUM: 0x38,
  QUEUE_ALIGN: 0x3c,
  QUEUE_PFN: 0x40,
  QUEUE_READY: 0x44,
  NOTIFY: 0x50,
  ISR: 0x60,
  ACK: 0x64,
  STATUS: 0x70,
  DESC: 0x80,
  DRIVER: 0x90,
  DEVICE: 0xa0,
} as const;

export const F = { INDIRECT: 28, EVENT_IDX: 29, VERSION_1: 32, PACKED: 34 } as const;

/** Promises that are let in by hand. */
export class FakeArrivals implements Arrivals {
  pending = 0;
  readonly #arrived: (() => void)[] = [];

  expect(promise: Promise<unknown>, done: (error: unknown) => void): void {
    this.pending++;
    promise.then(
      () => this.#arrived.push(() => done(undefined)),
      (error: unknown) => this.#arrived.push(() => done(error)),
    );
  }

  /** Waits until all that is under way has come, and lets it in. */
  async settle(): Promise<void> {
    while (this.pending > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      for (let enter; (enter = this.#arrived.shift()) !== undefined;) {
        this.pending--;
        enter();
      }
    }
  }
}

/** One piece of a chain. */
export interface Piece {
  readonly pa: number;
  readonly length: number;
  readonly write?: boolean;
}

/** Where the driver is in one queue. */
interface Position {
  free: number;
  avail: number;
  used: number;
  wrap: boolean;
  usedWrap: boolean;
  /** Entries of each chain in a packed ring. */
  readonly lengths: Map<number, number>;
}

/** A slot with a device in it, RAM, and a driver. */
export class Rig {
  readonly memory: GuestMemory;
  readonly ram = new Uint8Array(RAM_BYTES);
  readonly clock = new FakeClock();
  readonly line = new FakeLine();
  readonly entropy = new SeededEntropy(1n);
  readonly arrivals = new FakeArrivals();
  readonly slot: VirtioMmio;
  readonly layout: VirtioLayout;
  packed = false;
  eventIndex = false;
  size = 16;
  readonly #positions: Position[] = [];

  constructor(model: VirtioModel, layout: VirtioLayout = "modern") {
    this.layout = layout;
    this.memory = createGuestMemory({
      ramPa: RAM_PA,
      ramSize: RAM_BYTES,
      memory: this.ram,
      translate: (pa) => pa - RAM_PA,
    });
    this.slot = new VirtioMmio(0, layout, model, this);
  }

  get irq(): FakeLine {
    return this.line;
  }

  write(register: number, value: number): void {
    this.slot.store(register, value >>> 0, 4);
  }

  read(register: number): number {
    return this.slot.load(register, 4);
  }

  /** Where the areas of queue `index` lie. */
  area(index: number): { desc: number; driver: number; device: number } {
    const desc = RAM_PA + 0x1000 * (1 + 4 * index);
    if (this.layout === "legacy") return { desc, driver: desc + 16 * this.size, device: desc + 0x1000 };
    return { desc, driver: desc + 0x1000, device: desc + 0x2000 };
  }

  features(): bigint {
    this.write(REG.FEATURES_SEL, 1);
    const high = BigInt(this.read(REG.FEATURES));
    this.write(REG.FEATURES_SEL, 0);
    return (high << 32n) | BigInt(this.read(REG.FEATURES));
  }

  /** Resets the device and sets it up; `without` are bits that the driver does not know. */
  start({ queues = 1, without = [] as readonly number[] } = {}): void {
    this.write(REG.STATUS, 0);
    this.#positions.length = 0;
    this.ram.fill(0);
    this.write(REG.STATUS, 3);
    let features = this.features();
    for (const bit of without) features &= ~(1n << BigInt(bit));
    this.packed = (features & (1n << BigInt(F.PACKED))) !== 0n;
    this.eventIndex = (features & (1n << BigInt(F.EVENT_IDX))) !== 0n;
    this.write(REG.DRIVER_FEATURES_SEL, 1);
    this.write(REG.DRIVER_FEATURES, Number(features >> 32n));
    this.write(REG.DRIVER_FEATURES_SEL, 0);
    this.write(REG.DRIVER_FEATURES, Number(features & 0xffff_ffffn));
    if (this.layout === "modern") this.write(REG.STATUS, 11);
    else this.write(REG.PAGE_SIZE, 4096);
    for (let index = 0; index < queues; index++) this.setUp(index);
    this.write(REG.STATUS, this.layout === "modern" ? 15 : 7);
  }

  setUp(index: number): void {
    const { desc, driver, device } = this.area(index);
    this.write(REG.QUEUE_SEL, index);
    this.write(REG.QUEUE_NUM, this.size);
    if (this.layout === "legacy") {
      this.write(REG.QUEUE_ALIGN, 4096);
      this.write(REG.QUEUE_PFN, desc / 4096);
      return;
    }
    for (const [register, pa] of [
      [REG.DESC, desc],
      [REG.DRIVER, driver],
      [REG.DEVICE, device],
    ] as const) {
      this.write(register, pa % 2 ** 32);
      this.write(register + 4, Math.floor(pa / 2 ** 32));
    }
    this.write(REG.QUEUE_READY, 1);
  }

  /** Puts a chain into a queue, through an indirect table at `table` if one is given. Returns what the device will call it. */
  put(pieces: readonly Piece[], table?: number, queue = 0): number {
    const list = table === undefined ? pieces : [{ pa: table, length: 16 * pieces.length }];
    if (table !== undefined) this.#fill(table, pieces, 0, pieces.length);
    const head = this.#at(queue).free;
    if (this.packed) this.#putPacked(list, table !== undefined, head, queue);
    else this.#putSplit(list, table !== undefined, head, queue);
    return head;
  }

  #at(queue: number): Position {
    return (this.#positions[queue] ??= {
      free: 0,
      avail: 0,
      used: 0,
      wrap: true,
      usedWrap: true,
      lengths: new Map(),
    });
  }

  notify(index = 0): void {
    this.write(REG.NOTIFY, index);
  }

  /** Whether the device has asked to be told of the next chain that is put into a queue. */
  isAskedFor(queue = 0): boolean {
    const { device } = this.area(queue);
    const { avail, wrap } = this.#at(queue);
    if (this.packed) {
      const how = this.memory.load16(device + 2);
      return how === 0 || (how === 2 && this.memory.load16(device) === (avail | (wrap ? 0x8000 : 0)));
    }
    return !this.eventIndex || this.memory.load16(device + 4 + 8 * this.size) === avail;
  }

  /** The next chain that the device has given back to a queue. */
  take(queue = 0): { id: number; length: number } | undefined {
    return this.packed ? this.#takePacked(queue) : this.#takeSplit(queue);
  }

  status(): number {
    return this.read(REG.STATUS);
  }

  #putSplit(pieces: readonly Piece[], indirect: boolean, head: number, queue: number): void {
    const { desc, driver } = this.area(queue);
    const position = this.#at(queue);
    pieces.forEach((piece, i) => {
      const at = desc + 16 * ((head + i) % this.size);
      const isLast = i === pieces.length - 1;
      this.#descriptor(at, piece, (isLast ? 0 : 1) | (indirect ? 4 : 0));
      this.memory.store16(at + 14, (head + i + 1) % this.size);
    });
    position.free = (head + pieces.length) % this.size;
    this.memory.store16(driver + 4 + 2 * (position.avail % this.size), head);
    position.avail = (position.avail + 1) & 0xffff;
    this.memory.store16(driver + 2, position.avail);
  }

  #putPacked(pieces: readonly Piece[], indirect: boolean, id: number, queue: number): void {
    const { desc } = this.area(queue);
    const position = this.#at(queue);
    const flags: [at: number, flags: number][] = [];
    pieces.forEach((piece, i) => {
      const at = desc + 16 * position.avail;
      this.memory.store64(at, BigInt(piece.pa));
      this.memory.store32(at + 8, piece.length);
      this.memory.store16(at + 12, id);
      const next = i === pieces.length - 1 ? 0 : 1;
      const wrap = position.wrap ? 0x80 : 0x8000;
      flags.push([at + 14, next | (piece.write ? 2 : 0) | (indirect ? 4 : 0) | wrap]);
      position.avail++;
      if (position.avail === this.size) [position.avail, position.wrap] = [0, !position.wrap];
    });
    for (const [at, value] of flags.toReversed()) this.memory.store16(at, value);
    position.free = (id + pieces.length) % this.size;
    position.lengths.set(id, pieces.length);
  }

  #takeSplit(queue: number): { id: number; length: number } | undefined {
    const { device, driver } = this.area(queue);
    const position = this.#at(queue);
    if (this.memory.load16(device + 2) === position.used) return undefined;
    const at = device + 4 + 8 * (position.used % this.size);
    position.used = (position.used + 1) & 0xffff;
    // The driver wants to know of the next one.
    if (this.eventIndex) this.memory.store16(driver + 4 + 2 * this.size, position.used);
    return { id: this.memory.load32(at)!, length: this.memory.load32(at + 4)! };
  }

  #takePacked(queue: number): { id: number; length: number } | undefined {
    const { desc, driver } = this.area(queue);
    const position = this.#at(queue);
    const at = desc + 16 * position.used;
    const flags = this.memory.load16(at + 14)!;
    const [avail, used] = [(flags & 0x80) !== 0, (flags & 0x8000) !== 0];
    if (avail !== used || used !== position.usedWrap) return undefined;
    const id = this.memory.load16(at + 12)!;
    position.used += position.lengths.get(id) ?? 1;
    if (position.used >= this.size)
      [position.used, position.usedWrap] = [position.used - this.size, !position.usedWrap];
    if (this.eventIndex) this.memory.store16(driver, position.used | (position.usedWrap ? 0x8000 : 0));
    if (this.eventIndex) this.memory.store16(driver + 2, 2);
    return { id, length: this.memory.load32(at + 8)! };
  }

  #fill(table: number, pieces: readonly Piece[], first: number, count: number): void {
    for (let i = 0; i < count; i++) {
      this.#descriptor(table + 16 * (first + i), pieces[i]!, i === count - 1 ? 0 : 1, this.packed);
      if (!this.packed) this.memory.store16(table + 16 * (first + i) + 14, first + i + 1);
    }
  }

  #descriptor(at: number, { pa, length, write = false }: Piece, flags: number, packed = false): void {
    this.memory.store64(at, BigInt(pa));
    this.memory.store32(at + 8, length);
    this.memory.store16(at + (packed ? 14 : 12), flags | (write ? 2 : 0));
  }
}
