import { describe, expect, test } from "vitest";
import { MemoryBlock } from "../../../src/backend/block/memory.ts";
import type { VirtioLayout } from "../../../src/device/virtio/mmio.ts";
import { type Disk, disk, type DiskOptions, type LateBlock, SECTORS } from "./disk-rig.ts";
import { F, RAM_PA, REG, type Rig } from "./driver.ts";
import { fuzzVirtio } from "./fuzz.ts";

const HEADER = RAM_PA + 0x8_0000;
const STATUS = RAM_PA + 0x8_1000;
const DATA = RAM_PA + 0x9_0000;
const TABLE = RAM_PA + 0x8_2000;

/** Makes a request available; its data lies at `DATA`. */
function request(rig: Rig, type: number, sector: number, bytes: number, { table = 0, offset = 0 } = {}): void {
  rig.memory.store32(HEADER + offset * 32, type);
  rig.memory.store32(HEADER + offset * 32 + 4, 0);
  rig.memory.store64(HEADER + offset * 32 + 8, BigInt(sector));
  rig.memory.store8(STATUS + offset, 0xee);
  const write = type === 0 || type === 8;
  const half = Math.floor(bytes / 2);
  const at = DATA + offset * 0x1000;
  const data = [
    { pa: at, length: half, write },
    { pa: at + half, length: bytes - half, write },
  ].filter(({ length }) => length > 0);
  rig.put(
    [{ pa: HEADER + offset * 32, length: 16 }, ...data, { pa: STATUS + offset, length: 1, write: true }],
    table === 0 ? undefined : table + offset * 0x100,
  );
}

const status = (rig: Rig, offset = 0): number => rig.memory.load8(STATUS + offset)!;

function bytesAt(rig: Rig, pa: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  rig.memory.read(pa, bytes);
  return bytes;
}

const FORMS: readonly (readonly [name: string, layout: VirtioLayout, without: readonly number[]])[] = [
  ["legacy", "legacy", []],
  ["legacy without event indices", "legacy", [F.EVENT_IDX]],
  ["modern split", "modern", [F.PACKED]],
  ["modern split without event indices", "modern", [F.PACKED, F.EVENT_IDX]],
  ["packed", "modern", []],
  ["packed without event indices", "modern", [F.EVENT_IDX]],
];

describe.each(FORMS)("a disk on %s queues", (_name, layout, without) => {
  test.each([
    ["at once", false, 0],
    ["at once, through indirect tables", false, TABLE],
    ["later", true, 0],
    ["later, through indirect tables", true, TABLE],
  ])("keeps what is written to it: %s", async (_how, late, table) => {
    const { rig, memory } = disk({ layout, late });
    rig.start({ without });
    const model = new Uint8Array(SECTORS * 512);
    let seed = 1;
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 200; round++) {
      const sectors = 1 + random(7);
      const sector = random(SECTORS - sectors + 1);
      const writes = random(2) === 1;
      const bytes = Uint8Array.from({ length: sectors * 512 }, () => random(256));
      if (writes) rig.memory.write(DATA, bytes);
      request(rig, writes ? 1 : 0, sector, sectors * 512, { table });
      rig.notify();
      await rig.arrivals.settle();
      expect(rig.take()).toMatchObject({ length: writes ? 1 : sectors * 512 + 1 });
      expect(status(rig)).toBe(0);
      expect(rig.line.level).toBe(true);
      rig.write(REG.ACK, 3);
      expect(rig.line.level).toBe(false);
      if (writes) model.set(bytes, sector * 512);
      else expect(bytesAt(rig, DATA, sectors * 512)).toEqual(model.slice(sector * 512, (sector + sectors) * 512));
    }
    const all = new Uint8Array(SECTORS * 512);
    memory.read(0, all);
    expect(all).toEqual(model);
  });

  test("one interrupt follows several requests, and none is lost", async () => {
    const { rig } = disk({ layout, late: true });
    rig.start({ without });
    for (let i = 0; i < 4; i++) request(rig, 0, i, 512, { table: TABLE, offset: i });
    rig.notify();
    expect(rig.take()).toBeUndefined();
    await rig.arrivals.settle();
    expect(rig.line.level).toBe(true);
    for (let i = 0; i < 4; i++) expect(rig.take()).toBeDefined();
    expect(rig.take()).toBeUndefined();
  });

  test("goes on after a restore with what was in flight", async () => {
    const { rig, memory } = disk({ layout, late: true });
    memory.write(512, new Uint8Array(512).fill(7));
    rig.start({ without });
    request(rig, 0, 1, 512);
    rig.notify();
    const saved = rig.slot.save();
    await rig.arrivals.settle();
    const other = disk({ layout, late: true });
    other.memory.write(512, new Uint8Array(512).fill(8));
    other.rig.ram.set(rig.ram);
    other.rig.start({ without });
    other.rig.ram.set(rig.ram);
    // As it was when the state was taken: nothing had come back.
    const twin = disk({ layout, late: true });
    twin.rig.start({ without });
    request(twin.rig, 0, 1, 512);
    other.rig.ram.set(twin.rig.ram);
    other.rig.slot.restore(saved);
    expect(other.rig.slot.save()).toEqual(saved);
    other.rig.clock.advance(2n);
    other.rig.slot.update!();
    await other.rig.arrivals.settle();
    expect(other.rig.take()).toMatchObject({ length: 513 });
    expect(bytesAt(other.rig, DATA, 512)).toEqual(new Uint8Array(512).fill(8));
  });

  test("nothing that comes after a reset has an effect", async () => {
    const { rig } = disk({ layout, late: true });
    rig.start({ without });
    request(rig, 0, 0, 512);
    rig.notify();
    rig.write(REG.STATUS, 0);
    const before = rig.ram.slice();
    await rig.arrivals.settle();
    expect(rig.ram).toEqual(before);
    expect(rig.line.level).toBe(false);
  });
});

describe("a disk answers", () => {
  const ask = (type: number, sector: number, bytes: number, options: DiskOptions = {}): [number, Disk] => {
    const one = disk(options);
    one.rig.start();
    request(one.rig, type, sector, bytes);
    one.rig.notify();
    expect(one.rig.take()).toBeDefined();
    return [status(one.rig), one];
  };

  test("with an error what lies outside it, or is no whole sector", () => {
    expect(ask(0, SECTORS, 512)[0]).toBe(1);
    expect(ask(1, SECTORS - 1, 1024)[0]).toBe(1);
    expect(ask(0, 2 ** 52, 512)[0]).toBe(1);
    expect(ask(0, 0, 100)[0]).toBe(1);
  });

  test("that it does not know a request", () => {
    expect(ask(77, 0, 0)[0]).toBe(2);
  });

  test("with its serial", () => {
    const [code, { rig }] = ask(8, 0, 20);
    expect(code).toBe(0);
    expect(new TextDecoder().decode(bytesAt(rig, DATA, 4))).toBe("abc\0");
  });

  test("with an error what a disk that is read only is to change", () => {
    const backend = new MemoryBlock(SECTORS * 512, { readonly: true });
    expect(ask(1, 0, 512, { backend })[0]).toBe(1);
    expect(ask(0, 0, 512, { backend })[0]).toBe(0);
  });

  test("zeros where ranges were discarded or made zeros", () => {
    for (const type of [11, 13]) {
      const one = disk();
      one.memory.write(0, new Uint8Array(8192).fill(9));
      one.rig.start();
      one.rig.memory.store64(DATA, 2n);
      one.rig.memory.store32(DATA + 8, 4);
      request(one.rig, type, 0, 16);
      one.rig.notify();
      expect(status(one.rig)).toBe(0);
      const bytes = new Uint8Array(4096);
      one.memory.read(0, bytes);
      expect([...bytes].findIndex((byte) => byte === 0)).toBe(1024);
      expect([...bytes].findLastIndex((byte) => byte === 0)).toBe(1024 + 2048 - 1);
    }
  });

  test("an I/O error, inside and outside, when its disk fails", async () => {
    const { rig, medium, errors } = disk({ late: true });
    (medium.backend as LateBlock).failure = new Error("gone");
    rig.start();
    request(rig, 1, 3, 512);
    rig.notify();
    await rig.arrivals.settle();
    expect(status(rig)).toBe(1);
    expect(errors).toMatchObject([{ operation: "write", at: 1536, length: 512 }]);
  });
});

test("a request without room for a status stops the device until it is reset", () => {
  const { rig } = disk();
  rig.start();
  rig.put([{ pa: HEADER, length: 16 }]);
  rig.notify();
  expect(rig.status() & 0x40).toBe(0x40);
  expect(rig.slot.misdeeds).toBe(1);
  rig.start();
  request(rig, 0, 0, 512);
  rig.notify();
  expect(status(rig)).toBe(0);
});

test("limits let a burst through, and then what a second allows", () => {
  const { rig } = disk({ limits: { operations: 10, operationsBurst: 2 } });
  rig.start();
  let done = 0;
  for (let i = 0; i < 5; i++) request(rig, 0, i, 512, { table: TABLE, offset: i });
  rig.notify();
  const count = (): number => {
    while (rig.take() !== undefined) done++;
    return done;
  };
  expect(count()).toBe(2);
  for (const want of [3, 4, 5]) {
    const deadline = rig.slot.nextDeadline!()!;
    expect(deadline - rig.clock.now).toBeLessThanOrEqual(1_000_000n);
    rig.clock.advance(deadline - rig.clock.now);
    rig.slot.update!();
    expect(count()).toBe(want);
  }
});

test("a request of many MiB is done in parts", () => {
  const backend = new MemoryBlock(2 ** 24);
  const { rig } = disk({ backend });
  rig.start();
  const pieces = Array.from({ length: 12 }, () => ({ pa: RAM_PA + 0x9_0000, length: 0x6_0000, write: true }));
  rig.memory.store64(HEADER, 0n);
  rig.memory.store64(HEADER + 8, 0n);
  rig.put([{ pa: HEADER, length: 16 }, ...pieces, { pa: STATUS, length: 1, write: true }], TABLE);
  rig.notify();
  let parts = 1;
  for (; rig.take() === undefined; parts++) {
    rig.clock.advance(1n);
    rig.slot.update!();
  }
  expect(parts).toBeGreaterThan(4);
  expect(status(rig)).toBe(0);
});

test("a disk whose calls are dear gets the pieces of a request in one, others each where it lies", () => {
  class Counted extends MemoryBlock {
    readonly calls: [string, number, number][] = [];
    readonly prefersLarge: boolean;
    constructor(prefersLarge: boolean) {
      super(SECTORS * 512);
      this.prefersLarge = prefersLarge;
    }
    override read(at: number, into: Uint8Array): void {
      this.calls.push(["read", at, into.length]);
      super.read(at, into);
    }
    override write(at: number, from: Uint8Array): void {
      this.calls.push(["write", at, from.length]);
      super.write(at, from);
    }
  }
  const content = Uint8Array.from({ length: 6 * 512 }, (_, at) => at * 7);
  const calls = [true, false].map((prefersLarge) => {
    const backend = new Counted(prefersLarge);
    const { rig } = disk({ backend });
    rig.start();
    for (const type of [1, 0]) {
      const pieces = [4, 0, 2].map((page) => ({ pa: DATA + page * 1024, length: 1024, write: type === 0 }));
      pieces.forEach(({ pa }, index) =>
        rig.memory.write(pa, type === 1 ? content.subarray(index * 1024, (index + 1) * 1024) : new Uint8Array(1024)),
      );
      rig.memory.store64(HEADER, BigInt(type));
      rig.memory.store64(HEADER + 8, 8n);
      rig.put([{ pa: HEADER, length: 16 }, ...pieces, { pa: STATUS, length: 1, write: true }]);
      rig.notify();
      expect(rig.take()).toBeDefined();
      if (type === 0)
        pieces.forEach(({ pa }, index) =>
          expect(bytesAt(rig, pa, 1024)).toEqual(content.slice(index * 1024, (index + 1) * 1024)),
        );
    }
    return backend.calls;
  });
  expect(calls[0]).toEqual([
    ["write", 4096, 3072],
    ["read", 4096, 3072],
  ]);
  expect(calls[1]!.map(([, at, length]) => [at, length])).toEqual(
    [0, 1, 2, 0, 1, 2].map((piece) => [4096 + piece * 1024, 1024]),
  );
});

test("a disk that is taken out has no sectors, and the driver is told", async () => {
  const { rig, medium, model } = disk();
  rig.start();
  medium.backend = undefined;
  model.mediumChanged();
  expect(rig.read(REG.ISR)).toBe(2);
  expect(rig.slot.load(0x100, 4)).toBe(0);
  expect(rig.read(0xfc)).toBe(1);
  request(rig, 0, 0, 512);
  rig.notify();
  expect(status(rig)).toBe(1);
  await rig.arrivals.settle();
});

test("a restored state is saved as it was, though its request has become another one meanwhile", () =>
  fuzzVirtio(100_617));

test("a state in which a queue lies at the end of all addresses is saved and restored", () => fuzzVirtio(208_232));

test("whatever a driver writes, nothing is thrown and nothing outside RAM is touched", async () => {
  for (let seed = 1; seed <= 150; seed++) await fuzzVirtio(seed);
});
