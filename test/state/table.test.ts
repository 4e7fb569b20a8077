import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Misfit } from "../../src/state/section.ts";
import { array, bytes, flag, list, optional, since, table, u16, u32, u64, u8, where } from "../../src/state/table.ts";

const EVERYTHING = table(3, {
  small: u8(7),
  middle: u16(),
  large: u32(),
  word: u64(2n ** 63n),
  on: flag(),
  even: where(u8(), (value) => value % 2 === 0),
  maybe: optional(u16()),
  pair: array(u8(), 2),
  some: list(u32(), 3),
  raw: bytes(4),
});

const values = fc.record({
  small: fc.nat(7),
  middle: fc.nat(0xffff),
  large: fc.nat(0xffff_ffff),
  word: fc.bigInt(0n, 2n ** 63n),
  on: fc.boolean(),
  even: fc.nat(127).map((half) => 2 * half),
  maybe: fc.option(fc.nat(0xffff), { nil: undefined }),
  pair: fc.array(fc.nat(255), { minLength: 2, maxLength: 2 }),
  some: fc.array(fc.nat(0xffff_ffff), { maxLength: 3 }),
  raw: fc.uint8Array({ maxLength: 4 }),
});

describe("a table", () => {
  test("reads what it has written, and writes the same again", () => {
    fc.assert(
      fc.property(values, (given) => {
        const written = EVERYTHING.encode(given);
        const read = EVERYTHING.decode(written, 3);
        expect(read).toEqual(given);
        expect(EVERYTHING.check(read)).toEqual(given);
        expect(EVERYTHING.encode(read)).toEqual(written);
      }),
    );
  });

  test("takes any bytes for values that it could have written, or for none", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (given) => {
        try {
          expect(EVERYTHING.encode(EVERYTHING.decode(given, 3))).toEqual(given);
        } catch (error) {
          expect(error).toBeInstanceOf(Misfit);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("refuses each value out of range, a length beyond its bound, an end too early and bytes left over", () => {
    const one = table(1, { list: list(u8(3), 2) });
    expect(one.decode(Uint8Array.of(2, 0, 0, 0, 3, 1), 1)).toEqual({ list: [3, 1] });
    for (const bad of [
      [1, 0, 0, 0, 4],
      [3, 0, 0, 0, 1, 1, 1],
      [0xff, 0xff, 0xff, 0xff, 1],
      [2, 0, 0, 0, 1],
      [1, 0, 0, 0, 1, 0],
      [],
    ]) {
      expect(() => one.decode(Uint8Array.from(bad), 1), String(bad)).toThrow(Misfit);
    }
    expect(() => table(1, { on: flag() }).decode(Uint8Array.of(2), 1)).toThrow('"on" is wrong');
  });

  test("gives a field that an older version lacks its value of then", () => {
    const now = table(3, { a: u8(), b: since(2, u8(), 9), c: since(3, flag(), true) });
    expect(now.decode(Uint8Array.of(1), 1)).toEqual({ a: 1, b: 9, c: true });
    expect(now.decode(Uint8Array.of(1, 2), 2)).toEqual({ a: 1, b: 2, c: true });
    expect(now.decode(Uint8Array.of(1, 2, 0), 3)).toEqual({ a: 1, b: 2, c: false });
    expect(() => now.decode(Uint8Array.of(1, 2, 0), 2)).toThrow(Misfit);
  });

  test("reads from the middle of a larger piece of memory", () => {
    const whole = Uint8Array.of(9, 9, 1, 2, 9);
    expect(table(1, { a: u16() }).decode(whole.subarray(2, 4), 1)).toEqual({ a: 0x201 });
  });
});
