/** Drivers of fw_cfg that break every rule, beside a model of what must come of it. Any number by `npm run fuzz -- fw-cfg`. */

import { FwCfg } from "../../src/device/fw-cfg/fw-cfg.ts";
import { type Items, makeItems, setBoot } from "../../src/device/fw-cfg/items.ts";
import { Random } from "../../src/isa/random/values.ts";
import { createGuestMemory, type GuestMemory } from "../../src/memory/guest-memory.ts";
import { fuzzMany } from "../support/fuzz-many.ts";
import { FakeClock } from "./fakes.ts";

const RAM_PA = 0x8000_0000n;
const REQUEST_BYTES = 16n;
const FILES = [
  { name: "opt/empty", data: "" },
  { name: "opt/short", data: "some bytes" },
  { name: "opt/long", data: "0123456789abcdef".repeat(600) },
];
const ERROR = 1;
const [READ, SKIP, SELECT, WRITE] = [2, 4, 8, 16] as const;

/** What the device must do, written without it: one request at once, and all of it or nothing. (QEMU `fw_cfg_dma_transfer`) */
class Model {
  readonly ram: Uint8Array;
  readonly #items: Items;
  key = 0;
  offset = 0;

  constructor(items: Items, ram: Uint8Array) {
    this.#items = items;
    this.ram = ram.slice();
  }

  select(key: number): void {
    [this.key, this.offset] = [key, 0];
  }

  next(count: number): Uint8Array {
    const bytes = (this.#items.get(this.key) ?? new Uint8Array(0)).slice(this.offset, this.offset + count);
    this.offset += bytes.length;
    return bytes;
  }

  has(pa: bigint, length: bigint): boolean {
    return pa >= RAM_PA && pa + length <= RAM_PA + BigInt(this.ram.length);
  }

  request(pa: bigint): void {
    const answer = (control: number): void => {
      if (this.has(pa, 4n)) new DataView(this.ram.buffer).setUint32(Number(pa - RAM_PA), control);
    };
    if (!this.has(pa, REQUEST_BYTES)) return answer(ERROR);
    const view = new DataView(this.ram.buffer, Number(pa - RAM_PA), Number(REQUEST_BYTES));
    const [control, length, to] = [view.getUint32(0), view.getUint32(4), view.getBigUint64(8)];
    if ((control & SELECT) !== 0) this.select(control >>> 16);
    if ((control & READ) !== 0) return answer(this.#read(to, length));
    if ((control & WRITE) !== 0) return answer(length > 0 ? ERROR : 0);
    if ((control & SKIP) !== 0) this.next(length);
    answer(0);
  }

  #read(to: bigint, length: number): number {
    if (length === 0) return 0;
    const fits = this.has(to, BigInt(length));
    const bytes = this.next(length);
    if (!fits) return ERROR;
    const at = Number(to - RAM_PA);
    this.ram.fill(0, at, at + length).set(bytes, at);
    return 0;
  }
}

/** A device, its RAM and a driver's hand. */
class Driver {
  readonly random: Random;
  readonly ram: Uint8Array;
  readonly model: Model;
  readonly #items: Items;
  readonly #memory: GuestMemory;
  readonly clock = new FakeClock();
  device: FwCfg;

  constructor(seed: number, ramBytes: number) {
    this.random = new Random(seed);
    this.ram = new Uint8Array(ramBytes);
    const ramPa = Number(RAM_PA);
    this.#memory = createGuestMemory({ ramPa, ramSize: ramBytes, memory: this.ram, translate: (pa) => pa - ramPa });
    this.#items = makeItems(1, ramBytes, FILES);
    this.model = new Model(this.#items, this.ram);
    this.device = this.#make();
  }

  #make(): FwCfg {
    return new FwCfg(new Map(this.#items), { memory: this.#memory, clock: this.clock });
  }

  boot(): void {
    const boot = this.random.oneIn(2) ? undefined : { kernel: Uint8Array.of(1, 2, 3), append: "quiet" };
    setBoot(this.#items, boot);
    this.device.setBoot(boot);
  }

  /** An address: in RAM, at its edges, nowhere, or where sums overflow. */
  address(): bigint {
    const { random } = this;
    const end = RAM_PA + BigInt(this.ram.length);
    switch (random.below(6)) {
      case 0:
        return end - BigInt(random.below(40));
      case 1:
        return RAM_PA - BigInt(random.below(20));
      case 2:
        return 2n ** 64n - 1n - BigInt(random.below(64));
      case 3:
        return random.pick([0n, 2n ** 32n - 8n, 2n ** 53n - 1n, 2n ** 63n, random.bits64(), RAM_PA + 2n ** 63n]);
      default:
        return RAM_PA + BigInt(random.below(this.ram.length));
    }
  }

  length(): number {
    const { random } = this;
    return random.pick([0, 1, 10, 16, random.below(20_000), this.ram.length, 0x7fff_ffff, 0xffff_ffff]);
  }

  key(): number {
    const { random } = this;
    return random.oneIn(8)
      ? random.below(0x1_0000)
      : random.pick([0, 1, 3, 5, 8, 0x11, 0x14, 0x15, 0x19, 0x20, 0x21, 0x22, 0x23]);
  }

  /** Writes a request into RAM, into the model's too. */
  write(pa: bigint): void {
    const { random } = this;
    if (!this.model.has(pa, REQUEST_BYTES)) return;
    const command = random.oneIn(8)
      ? random.below(0x1_0000)
      : random.pick([READ, SKIP, SELECT, WRITE, READ | SELECT, 0x1e]);
    const control = this.key() * 0x1_0000 + command;
    // Often over the request itself.
    const to = random.oneIn(4) ? pa + BigInt(random.between(-16, 16)) : this.address();
    const length = this.length();
    for (const ram of [this.ram, this.model.ram]) {
      const view = new DataView(ram.buffer, Number(pa - RAM_PA));
      view.setUint32(0, control);
      view.setUint32(4, length);
      view.setBigUint64(8, BigInt.asUintN(64, to));
    }
  }

  start(pa: bigint): void {
    const [high, low] = [swapped(Number(pa >> 32n)), swapped(Number(pa & 0xffff_ffffn))];
    if (this.random.oneIn(2)) return this.device.store64(16, high, low);
    this.device.store(16, high, 4);
    if (this.random.oneIn(4)) this.move();
    this.device.store(20, low, 4);
  }

  /** Goes on with another device, as after a restore. */
  move(): void {
    const state = this.device.save();
    this.device = this.#make();
    this.device.restore(state);
  }

  settle(): void {
    for (let parts = 0; this.device.nextDeadline() !== undefined; parts++) {
      if (parts > 4096) throw new Error("a request never ends");
      this.clock.advance(1n);
      this.device.update();
    }
  }
}

function swapped(value: number): number {
  return new DataView(Uint32Array.of(value).buffer).getUint32(0);
}

function compare(what: string, is: unknown, must: unknown): void {
  if (is !== must) throw new Error(`${what} is ${String(is)} and must be ${String(must)}`);
}

/** One thing that a driver does, and the model with it. */
function step(driver: Driver): void {
  const { random, model } = driver;
  switch (random.below(6)) {
    case 0: {
      const key = driver.key();
      driver.device.store(8, swapped(key) >>> 16, 2);
      return model.select(key);
    }
    case 1: {
      const size = random.pick([1, 2, 4]);
      const must = model.next(size).reduceRight((value, byte) => value * 256 + byte, 0);
      return compare("what is read", driver.device.load(random.below(8 / size) * size, size), must);
    }
    case 2:
      return random.oneIn(2) ? driver.move() : driver.boot();
    case 3:
      // Nobody is there for these.
      driver.device.store(random.below(8), random.next(), random.pick([1, 2, 4]));
      driver.device.store(16 + random.below(8), random.next(), 1);
      return void driver.device.load(8 + random.below(12), 4);
    default: {
      const pa = random.oneIn(3) ? driver.address() : RAM_PA + BigInt(random.below(4096));
      driver.write(pa);
      driver.start(pa);
      model.request(pa);
    }
  }
}

/** Requests of MiBs, which take several parts, with everything else in between. */
function several(driver: Driver): void {
  const { random } = driver;
  for (let round = 0; round < 20; round++) {
    const pa = RAM_PA + BigInt(16 * random.below(8));
    driver.write(pa);
    driver.start(pa);
    if (random.oneIn(3)) driver.device.store(8, random.below(0x1_0000), 2);
    if (random.oneIn(3)) driver.move();
    if (random.oneIn(3)) driver.boot();
    driver.clock.advance(1n);
    driver.device.update();
  }
}

/** One driver; every 32nd has RAM for requests in parts. It fails by throwing. */
export function fuzzFwCfg(seed: number): void {
  const inParts = seed % 32 === 0;
  const driver = new Driver(seed, inParts ? 3 * 2 ** 20 : 2 ** 15);
  if (inParts) several(driver);
  for (let round = 0; round < 60 && !inParts; round++) {
    step(driver);
    if (Buffer.compare(driver.ram, driver.model.ram) !== 0) throw new Error("RAM is not what it must be");
  }
  driver.settle();
  driver.device.reset();
  compare("the first byte of the signature", driver.device.load(0, 1), "Q".charCodeAt(0));
}

/** That many of them from a seed on; false when one has failed, which is printed. */
export const fuzzFwCfgMany = fuzzMany(
  "fw-cfg",
  (seed) => {
    fuzzFwCfg(seed);
    return Promise.resolve();
  },
  "drivers of fw_cfg: RAM and answers were the model's",
);
