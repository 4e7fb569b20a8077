import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createGuestMemory } from "../../src/memory/guest-memory.ts";

const RAM = 0x8000_0000;
const PAGES = 4;
const SIZE = PAGES * 4096;

/** RAM whose pages lie backwards in the machine memory, so that nothing across a page is contiguous. */
function rig() {
  const memory = { buffer: new ArrayBuffer(8 * 4096) as ArrayBufferLike };
  const touched: string[] = [];
  const guest = createGuestMemory({
    ramPa: RAM,
    ramSize: SIZE,
    memory,
    translate(pa, write) {
      touched.push(`${write ? "w" : "r"}${Math.floor((pa - RAM) / 4096)}`);
      return (7 - Math.floor((pa - RAM) / 4096)) * 4096 + (pa % 4096);
    },
  });
  return { memory, guest, touched };
}

describe("bounds", () => {
  test.each([
    [RAM - 1, 1],
    [RAM + SIZE, 1],
    [RAM + SIZE - 3, 4],
    [RAM, SIZE + 1],
    [0, 1],
    [-1, 4],
    [NaN, 1],
    [Infinity, 1],
    [RAM + 0.5, 1],
    [2 ** 53, 1],
  ])("%d for %d bytes is refused", (pa, length) => {
    const { guest, touched } = rig();
    expect(guest.contains(pa, length)).toBe(false);
    expect(guest.read(pa, new Uint8Array(length))).toBe(false);
    expect(guest.write(pa, new Uint8Array(length))).toBe(false);
    expect(guest.fill(pa, length, 1)).toBe(false);
    expect(touched).toEqual([]);
  });

  test("loads outside are undefined and stores false", () => {
    const { guest } = rig();
    const end = RAM + SIZE;
    expect([guest.load8(end), guest.load16(end - 1), guest.load32(end - 3), guest.load64(end - 7)]).toEqual(
      new Array(4).fill(undefined),
    );
    expect([guest.store8(end, 0), guest.store16(end - 1, 0), guest.store32(end - 3, 0)]).toEqual([false, false, false]);
    expect(guest.store64(end - 7, 0n)).toBe(false);
  });

  test("the last byte and an empty range at the end are inside", () => {
    const { guest } = rig();
    expect([guest.store8(RAM + SIZE - 1, 7), guest.load8(RAM + SIZE - 1), guest.contains(RAM + SIZE, 0)]).toEqual([
      true,
      7,
      true,
    ]);
  });
});

test("what is written at any place and length is read back, and nothing else changes", () => {
  fc.assert(
    fc.property(fc.nat(SIZE - 1), fc.uint8Array({ minLength: 1, maxLength: 9000 }), (offset, data) => {
      const { guest } = rig();
      const bytes = data.subarray(0, SIZE - offset);
      guest.fill(RAM, SIZE, 0xee);
      expect(guest.write(RAM + offset, bytes)).toBe(true);
      const all = new Uint8Array(SIZE);
      guest.read(RAM, all);
      const expected = new Uint8Array(SIZE).fill(0xee);
      expected.set(bytes, offset);
      expect(Buffer.compare(all, expected)).toBe(0);
    }),
    { numRuns: 50 },
  );
});

test("values are little-endian, also across pages", () => {
  const { guest } = rig();
  const pa = RAM + 4096 - 3;
  guest.store64(pa, 0x8877_6655_4433_2211n);
  expect([guest.load8(pa), guest.load16(pa + 2), guest.load32(pa + 1), guest.load64(pa)]).toEqual([
    0x11,
    0x4433,
    0x5544_3322,
    0x8877_6655_4433_2211n,
  ]);
  guest.store16(pa + 2, 0xabcd);
  guest.store32(pa + 4, 0x0102_0304);
  expect(guest.load64(pa)).toBe(0x0102_0304_abcd_2211n);
});

test("the page function hears whether a page is about to change", () => {
  const { guest, touched } = rig();
  guest.read(RAM + 4000, new Uint8Array(200));
  expect(touched).toEqual(["r0", "r1"]);
  touched.length = 0;
  guest.store8(RAM, 1);
  expect(touched).toEqual(["w0"]);
});

test("a page that is refused refuses the whole write, before any byte changes", () => {
  const memory = { buffer: new ArrayBuffer(2 * 4096) };
  const translate = (pa: number) => (pa < 4096 ? pa : undefined);
  const guest = createGuestMemory({ ramPa: 0, ramSize: 8192, memory, translate });
  expect(guest.write(4090, new Uint8Array(20).fill(1))).toBe(false);
  expect(new Uint8Array(memory.buffer).every((byte) => byte === 0)).toBe(true);
});

test("growth of the memory, even in the middle of an access, is followed", () => {
  const memory = { buffer: new ArrayBuffer(4096) };
  const guest = createGuestMemory({
    ramPa: 0,
    ramSize: 8192,
    memory,
    translate(pa) {
      if (pa >= 4096 && memory.buffer.byteLength < 8192) {
        const grown = new ArrayBuffer(8192);
        new Uint8Array(grown).set(new Uint8Array(memory.buffer));
        memory.buffer = grown;
      }
      return pa;
    },
  });
  guest.store32(0, 0x1234);
  expect(guest.write(4094, new Uint8Array([1, 2, 3, 4]))).toBe(true);
  expect([guest.load32(4094), guest.load32(0)]).toEqual([0x0403_0201, 0x1234]);
});
