import { describe, expect, test } from "vitest";
import { MemoryBlock } from "../../src/backend/block/memory.ts";
import type { BlockBackend } from "../../src/backend/block/block.ts";
import { BANK_BYTES, BLOCK_BYTES } from "../../src/device/pflash/cfi.ts";
import { PFlash } from "../../src/device/pflash/pflash.ts";
import { FakeClock } from "./fakes.ts";
import { fuzzPFlash } from "./pflash-fuzz.ts";
import { FakeArrivals } from "./virtio/driver.ts";

const ALL = new Uint8Array(BANK_BYTES);

function bank(backend?: BlockBackend, bytes: Uint8Array = ALL.fill(0)) {
  const shown: boolean[] = [];
  const [clock, arrivals] = [new FakeClock(), new FakeArrivals()];
  const errors: unknown[] = [];
  const device = new PFlash(0, {
    memory: { bytes: () => bytes, show: (is) => shown.push(is) },
    medium: { backend, onError: (error) => errors.push(error) },
    clock,
    arrivals,
  });
  const command = (value: number, at = 0): void => device.store(at, value * 0x1_0001, 4);
  return { device, bytes, shown, clock, arrivals, errors, command };
}

describe("a bank of flash", () => {
  test("says what it is when it is asked", () => {
    const { device, command } = bank();
    command(0x98);
    const query = Array.from({ length: 3 }, (_, i) => device.load(4 * (0x10 + i), 4));
    expect(query).toEqual([..."QRY"].map((one) => one.charCodeAt(0) * 0x1_0001));
    // 16 MiB a device, 128 blocks of 128 KiB each.
    expect([0x27, 0x2d, 0x2e, 0x2f, 0x30].map((at) => device.load(4 * at, 2))).toEqual([24, 127, 0, 0, 2]);
    command(0xff);
    command(0x90);
    expect([device.load(0, 4), device.load(4, 4)]).toEqual([0x89_0089, 0x18_0018]);
  });

  test("is memory until the first command, and again after the last", () => {
    const { shown, command, device } = bank();
    command(0x70);
    command(0x70);
    command(0xff);
    expect(shown).toEqual([false, true]);
    expect(device.load(0, 4)).toBe(0);
  });

  test("erases a block", () => {
    const { device, command, bytes } = bank();
    command(0x20, BLOCK_BYTES + 20);
    command(0xd0, BLOCK_BYTES + 20);
    expect(device.load(0, 4)).toBe(0x80_0080);
    expect([BLOCK_BYTES - 1, BLOCK_BYTES, 2 * BLOCK_BYTES - 1, 2 * BLOCK_BYTES].map((at) => bytes[at])).toEqual([
      0, 0xff, 0xff, 0,
    ]);
  });

  test("programs a word, and a buffer of words", () => {
    const { device, command, bytes } = bank();
    command(0x40, 100);
    device.store(100, 0x1234_5678, 4);
    expect([...bytes.subarray(100, 104)]).toEqual([0x78, 0x56, 0x34, 0x12]);
    command(0xe8, 4096);
    expect(device.load(4096, 4)).toBe(0x80_0080);
    command(1, 4096);
    device.store(4096, 1, 4);
    device.store(4100, 2, 4);
    command(0xd0, 4096);
    expect([bytes[4096], bytes[4100], device.load(0, 4)]).toEqual([1, 2, 0x80_0080]);
  });

  test("refuses a store outside the buffer's block", () => {
    const { device, command, bytes } = bank();
    command(0xe8, 0);
    command(0, 0);
    device.store(8192, 7, 4);
    expect([bytes[8192], device.load(0, 2)]).toEqual([0, 0x90]);
  });

  test("that is read only says so to who would change it", () => {
    const { device, command, bytes, clock } = bank(new MemoryBlock(BANK_BYTES, { readonly: true }));
    command(0x40);
    device.store(0, 1, 4);
    expect([bytes[0], device.load(0, 2)]).toEqual([0, 0x90]);
    command(0x50);
    command(0x20);
    command(0xd0);
    expect(device.load(0, 2)).toBe(0xa0);
    clock.advance(100_000n);
    expect(device.nextDeadline()).toBeUndefined();
  });

  test("writes what has changed to its medium, a millisecond after the change", async () => {
    const backend = new MemoryBlock(BANK_BYTES);
    const { device, command, clock, arrivals } = bank(backend);
    command(0x40, 5000);
    device.store(5000, 0xabcd, 4);
    expect(device.nextDeadline()).toBe(10_000n);
    clock.advance(10_000n);
    device.update();
    await arrivals.settle();
    const read = new Uint8Array(2);
    backend.read(5000, read);
    expect([...read]).toEqual([0xcd, 0xab]);
    expect(device.nextDeadline()).toBeUndefined();
  });

  test("tells of a medium that cannot be written, and tries again with the next change", async () => {
    const backend = new MemoryBlock(BANK_BYTES);
    let broken = true;
    const failing: BlockBackend = {
      ...{ size: BANK_BYTES, readonly: false, synchronous: true, info: backend.info },
      read: (at, into) => backend.read(at, into),
      write: (at, from) => {
        if (broken) throw new Error("full");
        return backend.write(at, from);
      },
      flush: () => undefined,
      close: () => Promise.resolve(),
    };
    const { device, command, clock, arrivals, errors } = bank(failing);
    const program = async (at: number): Promise<void> => {
      command(0x40, at);
      device.store(at, 9, 4);
      clock.advance(10_000n);
      device.update();
      await arrivals.settle();
    };
    await program(0);
    expect(errors).toMatchObject([{ message: "full" }]);
    broken = false;
    await program(8192);
    const read = new Uint8Array(1);
    backend.read(0, read);
    expect(read[0]).toBe(9);
  });

  test("is saved in the middle of a command", () => {
    const one = bank();
    one.command(0xe8, 0);
    one.command(5, 0);
    const state = one.device.save();
    const other = bank();
    other.device.restore(state);
    expect(other.device.save()).toEqual(state);
    expect(other.shown).toEqual([false]);
  });
});

test("whatever a driver does, bank and medium hold what a model says", async () => {
  for (let seed = 1; seed <= 150; seed++) await fuzzPFlash(seed);
});
