import fc from "fast-check";
import { expect, test } from "vitest";
import { WasmvisorError } from "../../src/error.ts";
import { StateReader } from "../../src/device/state.ts";

const wrong = expect.objectContaining({ code: "device-state" }) as Error;

test.each([null, undefined, 5, "x", [], true])("%j is no state", (state) => {
  expect(() => new StateReader("x", state)).toThrow(wrong);
});

test("integers must be whole and in range", () => {
  const reader = new StateReader("x", { a: 5, b: 1.5, c: -1, d: "5", e: NaN });
  expect(reader.integer("a", 5)).toBe(5);
  expect(() => reader.integer("a", 4)).toThrow(wrong);
  for (const key of ["b", "c", "d", "e", "missing"]) expect(() => reader.integer(key, 100)).toThrow(wrong);
});

test("arrays must have the length asked for", () => {
  const reader = new StateReader("x", { a: [1, 2], b: [1, 300], c: { length: 2 } });
  expect(reader.integers("a", 2, 9)).toEqual([1, 2]);
  expect(reader.bytes("a", 2)).toEqual([1, 2]);
  expect(() => reader.integers("a", 3, 9)).toThrow(wrong);
  expect(() => reader.bytes("a", 1)).toThrow(wrong);
  expect(() => reader.bytes("b", 2)).toThrow(wrong);
  expect(() => reader.integers("c", 2, 9)).toThrow(wrong);
});

test("64-bit words are decimal strings below 2^64", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }), (word) => {
      const reader = new StateReader("x", { word: word.toString(), words: [word.toString()] });
      return reader.word("word") === word && reader.words("words", 1)[0] === word;
    }),
  );
  const reader = new StateReader("x", { a: "18446744073709551616", b: "-1", c: "0x1", d: "", e: "01", f: 1 });
  for (const key of ["a", "b", "c", "d", "e", "f"]) expect(() => reader.word(key)).toThrow(wrong);
});

test("whatever the state, getters return or throw device-state", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom("a", "b"), fc.anything()), (state) => {
      const reader = new StateReader("x", state);
      const getters = [
        () => reader.integer("a", 9),
        () => reader.flag("a"),
        () => reader.bytes("a", 9),
        () => reader.words("a", 2),
      ];
      for (const get of getters) {
        try {
          get();
        } catch (error) {
          if (!(error instanceof WasmvisorError) || error.code !== "device-state") return false;
        }
      }
      return true;
    }),
  );
});
