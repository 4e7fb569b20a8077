import { describe, expect, test } from "vitest";
import { FwCfg } from "../../src/device/fw-cfg/fw-cfg.ts";
import { makeItems } from "../../src/device/fw-cfg/items.ts";
import { createGuestMemory } from "../../src/memory/guest-memory.ts";
import { FakeClock } from "./fakes.ts";
import { fuzzFwCfg } from "./fw-cfg-fuzz.ts";

const RAM_PA = 0x8000_0000;
const RAM_BYTES = 4 * 2 ** 20;
const REQUEST = RAM_PA + 0x100;
const DATA = RAM_PA + 0x1000;

function rig(
  files = [
    { name: "opt/b", data: "second" },
    { name: "opt/a", data: "first" },
  ],
) {
  const ram = new Uint8Array(RAM_BYTES);
  const memory = createGuestMemory({
    ramPa: RAM_PA,
    ramSize: RAM_BYTES,
    memory: ram,
    translate: (pa) => pa - RAM_PA,
  });
  const clock = new FakeClock();
  const device = new FwCfg(makeItems(3, RAM_BYTES, files), { memory, clock });
  const select = (key: number): void => device.store(8, ((key & 0xff) << 8) | (key >> 8), 2);
  const request = (control: number, length: number, address = DATA, pa = REQUEST): void => {
    const view = new DataView(ram.buffer);
    view.setUint32(pa - RAM_PA, control);
    view.setUint32(pa - RAM_PA + 4, length);
    view.setBigUint64(pa - RAM_PA + 8, BigInt(address));
  };
  const swapped = (value: number): number => new DataView(Uint32Array.of(value).buffer).getUint32(0);
  const start = (pa = REQUEST): void => device.store64(16, swapped(Math.floor(pa / 2 ** 32)), swapped(pa >>> 0));
  const control = (): number => new DataView(ram.buffer).getUint32(REQUEST - RAM_PA);
  const text = (at: number, length: number): string => {
    const bytes = new Uint8Array(length);
    memory.read(at, bytes);
    return new TextDecoder().decode(bytes);
  };
  return { device, ram, memory, clock, select, request, start, control, text };
}

/** The item with `key`, byte by byte. */
function item({ device, select }: ReturnType<typeof rig>, key: number, length: number): string {
  select(key);
  return String.fromCharCode(...Array.from({ length }, () => device.load(0, 1)));
}

describe("items", () => {
  test("are the signature, what the interface can do, and the machine's", () => {
    const one = rig();
    expect(item(one, 0, 6)).toBe("QEMU\0\0");
    expect(item(one, 1, 4)).toBe("\x03\0\0\0");
    expect(item(one, 5, 2)).toBe("\x03\0");
    expect(item(one, 0x1234, 2)).toBe("\0\0");
  });

  test("with names are in the directory, by name", () => {
    const one = rig();
    const directory = item(one, 0x19, 4 + 128);
    expect(directory.slice(0, 4)).toBe("\0\0\0\x02");
    expect(directory.slice(4, 18)).toBe("\0\0\0\x05\0\x20\0\0opt/a\0");
    expect(directory.slice(68, 82)).toBe("\0\0\0\x06\0\x21\0\0opt/b\0");
    expect(item(one, 0x21, 6)).toBe("second");
  });

  test("are read in their own order by wide loads", () => {
    const { device, select } = rig();
    select(0x21);
    const word = { low: 0, high: 0 };
    device.load64(0, word);
    expect([word.low, word.high]).toEqual([0x6f63_6573, 0x646e]);
  });

  test("of what firmware is to boot are there when there is something", () => {
    const one = rig();
    one.device.setBoot({ kernel: Uint8Array.of(1, 2, 3), append: "x=y" });
    expect([item(one, 8, 4), item(one, 0x11, 3)]).toEqual(["\x03\0\0\0", "\x01\x02\x03"]);
    expect([item(one, 0x14, 4), item(one, 0x15, 4), item(one, 0xb, 1)]).toEqual(["\x04\0\0\0", "x=y\0", "\0"]);
    one.device.setBoot(undefined);
    expect(item(one, 8, 1)).toBe("\0");
  });
});

describe("DMA", () => {
  test("is announced", () => {
    const { device } = rig();
    expect(String.fromCharCode(...Array.from({ length: 8 }, (_, i) => device.load(16 + i, 1)))).toBe("QEMU CFG");
  });

  test("selects, skips and reads, and pads with zeros", () => {
    const { request, start, control, text, memory } = rig();
    request((0x21 << 16) | 8 | 4, 3);
    start();
    expect(control()).toBe(0);
    memory.fill(DATA, 10, 0xee);
    request(2, 6);
    start();
    expect([control(), text(DATA, 6), memory.load8(DATA + 6)]).toEqual([0, "ond\0\0\0", 0xee]);
  });

  test("begins with the low half of the address", () => {
    const { device, request, control, text } = rig();
    request((0x20 << 16) | 8 | 2, 5);
    device.store(16, 0, 4);
    device.store(20, 0x0001_0080, 4);
    expect([control(), text(DATA, 5)]).toEqual([0, "first"]);
  });

  test.each([
    ["writes an item", 0x10, DATA, 1],
    ["reads to where no RAM is", 2, RAM_PA + RAM_BYTES - 4, 5],
    ["reads below RAM", 2, 0x1000, 5],
    ["goes round the end of the addresses", 2, 0xffff_ffff_ffff_f000, 0x2000],
  ])("that %s is an error", (_what, control, address, length) => {
    const one = rig();
    one.request((0x20 << 16) | 8 | control, length, address);
    one.start();
    expect(one.control()).toBe(1);
  });

  test("may write over its own request", () => {
    const one = rig();
    one.request((0x21 << 16) | 8 | 2, 6, REQUEST + 4);
    one.start();
    expect([one.control(), one.text(REQUEST + 4, 6)]).toEqual([0, "second"]);
  });

  test("of MiBs is done in parts, can be saved between them, and no other begins meanwhile", () => {
    const big = new Uint8Array(3 * 2 ** 20).fill(7);
    const one = rig([{ name: "opt/x", data: big as never }]);
    one.request((0x20 << 16) | 8 | 2, big.length);
    one.start();
    expect(one.control()).not.toBe(0);
    one.request(2, 1, DATA, REQUEST + 64);
    one.start(REQUEST + 64);
    expect(new DataView(one.ram.buffer).getUint32(REQUEST + 64 - RAM_PA)).toBe(1);
    const other = rig([{ name: "opt/x", data: big as never }]);
    other.ram.set(one.ram);
    other.device.restore(one.device.save());
    for (let parts = 1; other.device.nextDeadline() !== undefined; parts++) {
      expect(parts).toBeLessThan(4);
      other.clock.advance(1n);
      other.device.update();
    }
    expect(other.control()).toBe(0);
    expect(other.memory.load8(DATA + big.length - 1)).toBe(7);
    expect(other.memory.load8(DATA + big.length)).toBe(0);
  });
});

test("a read of nothing is no error, wherever it would go", () => {
  const one = rig();
  one.request((0x20 << 16) | 8 | 2, 0, 0);
  one.start();
  expect(one.control()).toBe(0);
});

test("whatever a driver does, RAM and answers are what a model says, and every request ends", () => {
  for (let seed = 1; seed <= 200; seed++) fuzzFwCfg(seed);
});
