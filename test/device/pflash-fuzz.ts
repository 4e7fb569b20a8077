/** Drivers of flash that know no command set, beside a model of what must come of it. Any number by `npm run fuzz -- pflash`. */

import type { BlockBackend } from "../../src/backend/block/block.ts";
import { BANK_BYTES, BLOCK_BYTES, BUFFER_BYTES } from "../../src/device/pflash/cfi.ts";
import { PFlash } from "../../src/device/pflash/pflash.ts";
import { Random } from "../../src/isa/random/values.ts";
import { fuzzMany } from "../support/fuzz-many.ts";
import { FakeClock } from "./fakes.ts";
import { FakeArrivals } from "./virtio/driver.ts";

/** The bank, what it must hold, and its medium: the same memory for all drivers, who leave zeros. */
const [BANK, MUST, MEDIUM] = [0, 1, 2].map(() => new Uint8Array(BANK_BYTES)) as [Uint8Array, Uint8Array, Uint8Array];

const COMMANDS = [0, 0x10, 0x20, 0x28, 0x40, 0x50, 0x60, 0x70, 0x90, 0x98, 0xd0, 0xe8, 0xf0, 0xff, 1, 3];
const [PROGRAM_ERROR, ERASE_ERROR, READY] = [0x10, 0x20, 0x80] as const;

/** A medium that fails, and answers now or later, as it is told. */
class Medium implements BlockBackend {
  readonly size = BANK_BYTES;
  readonly synchronous = false;
  readonly info = { description: "a medium that fails" };
  fails = false;
  late = false;
  /** Writes since the last flush. */
  unflushed = 0;

  constructor(readonly readonly: boolean) {}

  read(at: number, into: Uint8Array): void {
    into.set(MEDIUM.subarray(at, at + into.length));
  }

  write(at: number, from: Uint8Array): Promise<void> | undefined {
    if (this.readonly || at < 0 || at + from.length > BANK_BYTES) throw new Error("a write that must not be");
    if (this.fails) throw new Error("full");
    this.unflushed++;
    const write = (): void => MEDIUM.set(from, at);
    if (this.late) return new Promise<void>((resolve) => setImmediate(resolve)).then(write);
    write();
    return undefined;
  }

  flush(): void {
    if (this.fails) throw new Error("full");
    this.unflushed = 0;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** The command set, written without the device. (QEMU `pflash_write`) */
class Model {
  command = 0;
  cycle = 0;
  status = 0;
  counter = 0;
  buffer = 0;
  /** Blocks that have changed. */
  readonly touched = new Set<number>();

  constructor(readonly isReadonly: boolean) {}

  store(at: number, value: number, size: number): void {
    const byte = value & 0xff;
    if (this.cycle === 0) this.#first(at, byte);
    else if (this.cycle === 1) this.#second(at, value, size);
    else if (this.cycle === 2) {
      if (Math.floor(at / BUFFER_BYTES) === this.buffer) this.#program(at, value, size);
      else this.status |= PROGRAM_ERROR;
      this.status |= READY;
      if (this.counter === 0) this.cycle = 3;
      else this.counter--;
    } else if (byte === 0xd0) this.#done();
    else this.#array();
  }

  #first(at: number, byte: number): void {
    if (byte === 0x70 || byte === 0x90) return void (this.command = byte);
    if (byte === 0x50) this.status = 0;
    if (byte === 0x20 || byte === 0x28) this.#erase(at);
    if (byte === 0xe8) this.status |= READY;
    if (![0x10, 0x40, 0x20, 0x28, 0x60, 0x98, 0xe8].includes(byte)) return this.#array();
    [this.command, this.cycle] = [byte, 1];
  }

  #second(at: number, value: number, size: number): void {
    const byte = value & 0xff;
    switch (this.command) {
      case 0x10:
      case 0x40:
        this.#program(at, value, size);
        return this.#done();
      case 0xe8:
        [this.counter, this.buffer, this.cycle] = [value & 0xffff, Math.floor(at / BUFFER_BYTES), 2];
        return;
      case 0x98:
        return byte === 0xff ? this.#array() : undefined;
      default:
        return byte === 0xd0 || (byte === 1 && this.command === 0x60) ? this.#done() : this.#array();
    }
  }

  reset(): void {
    [this.status, this.counter, this.buffer] = [0, 0, 0];
    this.#array();
  }

  #array(): void {
    [this.command, this.cycle] = [0, 0];
  }

  #done(): void {
    this.cycle = 0;
    this.status |= READY;
  }

  #program(at: number, value: number, size: number): void {
    if (this.isReadonly) return void (this.status |= PROGRAM_ERROR);
    for (let i = 0; i < size; i++) MUST[at + i] = value >>> (8 * i);
    this.touched.add(Math.floor(at / BLOCK_BYTES));
  }

  #erase(at: number): void {
    this.status |= READY;
    if (this.isReadonly) return void (this.status |= ERASE_ERROR);
    const block = Math.floor(at / BLOCK_BYTES);
    MUST.fill(0xff, block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
    this.touched.add(block);
  }
}

/** A bank and a driver's hand. */
class Driver {
  readonly random: Random;
  readonly medium: Medium | undefined;
  readonly model: Model;
  readonly clock = new FakeClock();
  readonly arrivals = new FakeArrivals();
  device: PFlash;
  isShown = true;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.medium = this.random.oneIn(4) ? undefined : new Medium(this.random.oneIn(4));
    this.model = new Model(this.medium?.readonly ?? false);
    this.device = this.#make();
  }

  #make(): PFlash {
    return new PFlash(this.random.below(2), {
      memory: { bytes: () => BANK, show: (shown) => (this.isShown = shown) },
      medium: { backend: this.medium, onError: () => undefined },
      clock: this.clock,
      arrivals: this.arrivals,
    });
  }

  /** Near where the last ones were, at edges of blocks and buffers, or anywhere. */
  place(size: number): number {
    const { random } = this;
    const edge = random.pick([0, BUFFER_BYTES, BLOCK_BYTES, 2 * BLOCK_BYTES, BANK_BYTES - BLOCK_BYTES, BANK_BYTES]);
    const at = random.oneIn(10) ? random.below(BANK_BYTES) : edge + random.between(-2, 2) * size;
    const most = BANK_BYTES - size;
    return Math.min(Math.max(at - (at % size), 0), most);
  }

  store(at: number, value: number, size: number): void {
    this.device.store(at, value, size);
    this.model.store(at, value, size);
  }

  load(at: number, size: number): void {
    const value = this.device.load(at, size);
    const { command, status } = this.model;
    if (command === 0x90 || command === 0x98) return;
    const array = BANK.subarray(at, at + size).reduceRight((all, byte) => all * 256 + byte, 0);
    const must = command === 0 ? array : status + (size === 4 ? status * 2 ** 16 : 0);
    if (value !== must) throw new Error(`a load gives ${value} and must give ${must}`);
  }

  /** A millisecond later, or when the next write is due. */
  later(ticks: number): void {
    this.clock.advance(BigInt(ticks));
    this.device.update();
  }

  /** Goes on with another device, as after a restore: what was written has been written. */
  async move(): Promise<void> {
    if (this.medium !== undefined) this.medium.fails = false;
    await Promise.all([this.device.writeBack(), this.arrivals.settle()]);
    const state = this.device.save();
    this.isShown = true;
    this.device = this.#make();
    this.device.restore(state);
  }
}

/** A sequence that makes sense, with a driver's mistakes in it. */
function sequence(driver: Driver): void {
  const { random } = driver;
  const size = random.pick([1, 2, 4]);
  const at = driver.place(size);
  const command = (value: number, where = at): void => driver.store(where, (value * 0x1_0001) % 2 ** (8 * size), size);
  switch (random.below(3)) {
    case 0:
      command(random.pick([0x10, 0x40]));
      return driver.store(at, random.below(2 ** (8 * size)), size);
    case 1:
      command(0x20);
      return command(random.oneIn(8) ? 0xff : 0xd0);
    default: {
      const count = random.pick([0, 1, 15, 255]);
      command(0xe8);
      command(count);
      for (let i = 0; i <= count + random.between(-1, 1); i++)
        driver.store(Math.min(at + i * size, BANK_BYTES - size), random.below(2 ** (8 * size)), size);
      return command(0xd0);
    }
  }
}

async function step(driver: Driver): Promise<void> {
  const { random, medium } = driver;
  const size = random.pick([1, 2, 4]);
  switch (random.below(8)) {
    case 0:
      return driver.load(driver.place(size), size);
    case 1:
    case 2:
      return sequence(driver);
    case 3:
      return driver.later(random.pick([1, 5000, 10_000]));
    case 4:
      if (medium === undefined) return;
      [medium.fails, medium.late] = [random.oneIn(3), random.oneIn(2)];
      return;
    case 5:
      if (random.oneIn(4)) return await driver.arrivals.settle();
      if (random.oneIn(20)) return await driver.move();
      return driver.device.restore(driver.device.save());
    default: {
      const value = random.oneIn(6) ? random.below(2 ** (8 * size)) : random.pick(COMMANDS);
      return driver.store(driver.place(size), value, size);
    }
  }
}

/** Whether the bank is memory when no command is under way, as the model has it. */
function expectShown({ isShown, model }: Driver): void {
  if (isShown && (model.cycle > 0 || model.command !== 0)) throw new Error("it is memory in the middle of a command");
}

/** What has changed is what must have, and all of it is on the medium. */
async function finish(driver: Driver, isThorough: boolean): Promise<void> {
  const { medium, model, device } = driver;
  device.reset();
  model.reset();
  if (!driver.isShown) throw new Error("it is no memory after a reset");
  driver.load(0, 4);
  await driver.arrivals.settle();
  if (medium !== undefined) medium.fails = false;
  await device.writeBack();
  for (const block of model.touched) {
    const [from, to] = [block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES];
    const must = MUST.subarray(from, to);
    if (Buffer.compare(BANK.subarray(from, to), must) !== 0) throw new Error("the bank is not what it must be");
    if (medium !== undefined && Buffer.compare(MEDIUM.subarray(from, to), must) !== 0)
      throw new Error("the medium is not what the bank is");
  }
  if ((medium?.unflushed ?? 0) > 0) throw new Error("the medium was not flushed");
  if (isThorough && Buffer.compare(BANK, MUST) !== 0) throw new Error("something else has changed");
}

/** One driver. It fails by throwing. */
export async function fuzzPFlash(seed: number): Promise<void> {
  const driver = new Driver(seed);
  try {
    for (let round = 0; round < 80; round++) {
      await step(driver);
      expectShown(driver);
    }
    await finish(driver, seed % 16 === 0);
  } finally {
    for (const all of [BANK, MUST, MEDIUM])
      for (const block of driver.model.touched) all.fill(0, block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
  }
}

/** That many of them from a seed on; false when one has failed, which is printed. */
export const fuzzPFlashMany = fuzzMany("pflash", fuzzPFlash, "drivers of flash: bank and medium were the model's");
