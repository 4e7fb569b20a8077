/** Pages that are kept come back as they were, or not at all. */

import { describe, expect, test } from "vitest";
import { Random } from "../../../src/isa/random/values.ts";
import { CompressedPages } from "../../../src/memory/paging/compressed.ts";
import { FilePages, type RandomFile } from "../../../src/memory/paging/file-pages.ts";
import { compress, decompress } from "../../../src/memory/paging/lz.ts";
import { type PageBackend, PageStore } from "../../../src/memory/paging/page-store.ts";

const PAGE = 4096;

/** Pages as guests have them: words of few kinds, text, noise, runs. */
function page(random: Random): Uint8Array {
  const bytes = new Uint8Array(PAGE);
  const kinds = random.between(1, 256);
  for (let at = 0; at < PAGE;) {
    const run = random.below(3) === 0 ? random.between(1, 600) : random.between(1, 9);
    const value = random.below(kinds);
    const isNoise = random.below(4) === 0;
    for (let index = 0; index < run && at < PAGE; index++) bytes[at++] = isNoise ? random.below(256) : value;
  }
  return bytes;
}

describe("compression", () => {
  test("gives back what went in, and never more than there is room for", () => {
    const random = new Random(1);
    const [into, back] = [new Uint8Array(PAGE), new Uint8Array(PAGE)];
    for (let round = 0; round < 2000; round++) {
      const from = page(random);
      const room = random.between(0, PAGE);
      const length = compress(from, into.subarray(0, room));
      expect(length).toBeLessThanOrEqual(room);
      if (length === 0) continue;
      expect(decompress(into.subarray(0, length), back)).toBe(true);
      expect(Buffer.compare(back, from)).toBe(0);
    }
  });

  test("makes pages of one word small, and noise not at all", () => {
    const into = new Uint8Array(PAGE - 256);
    expect(compress(new Uint8Array(PAGE).fill(7), into)).toBeLessThan(40);
    expect(compress(crypto.getRandomValues(new Uint8Array(PAGE)), into)).toBe(0);
  });

  test("any bytes end, and write nothing outside of the page", () => {
    const random = new Random(2);
    const packed = new Uint8Array(PAGE);
    const around = new Uint8Array(PAGE + 64).fill(0xa5);
    for (let round = 0; round < 3000; round++) {
      const length = compress(page(random), packed);
      const bytes = packed.slice(0, Math.max(1, length));
      for (let change = random.between(1, 5); change > 0; change--)
        bytes[random.below(bytes.length)] = random.below(256);
      decompress(bytes.subarray(0, random.between(0, bytes.length)), around.subarray(32, 32 + PAGE));
      expect([...around.subarray(0, 32), ...around.subarray(32 + PAGE)].every((byte) => byte === 0xa5)).toBe(true);
    }
  });
});

/** A file that is an array. */
function memoryFile(): RandomFile & { readonly bytes: Uint8Array } {
  const bytes = new Uint8Array(2 ** 20);
  return {
    bytes,
    read: (into, offset) => into.set(bytes.subarray(offset, offset + into.length)),
    write: (from, offset) => bytes.set(from, offset),
    close: () => undefined,
  };
}

const BACKENDS: readonly (readonly [string, () => PageBackend])[] = [
  ["memory", () => new CompressedPages(2 ** 20)],
  ["a file", () => new FilePages(memoryFile(), 2 ** 20)],
];

describe.each(BACKENDS)("a page store in %s", (_name, make) => {
  test("is a map of pages, with room for what has been forgotten", () => {
    const random = new Random(3);
    const store = new PageStore(make());
    const model = new Map<number, { bytes: Uint8Array; users: number }>();
    const back = new Uint8Array(PAGE);
    let refused = 0;
    for (let step = 0; step < 6000; step++) {
      const known = [...model.keys()][random.below(Math.max(1, model.size))];
      const choice = random.below(5);
      if (choice < 2) {
        const bytes = page(random);
        const number = store.put(bytes);
        if (number === 0) refused++;
        else model.set(number, { bytes, users: 1 });
      } else if (known !== undefined) {
        const kept = model.get(known)!;
        if (choice === 2) {
          store.get(known, back);
          expect(Buffer.compare(back, kept.bytes)).toBe(0);
        } else if (choice === 3 && random.below(3) === 0) {
          store.retain(known);
          kept.users++;
        } else {
          store.release(known);
          if (--kept.users === 0) model.delete(known);
        }
      }
      expect(store.statistics.pages).toBe(model.size);
      expect(store.statistics.storedBytes).toBeLessThanOrEqual(2 ** 20);
    }
    expect(refused).toBeGreaterThan(0);
    expect(store.statistics.failure).toBeUndefined();
    for (const [number, { users }] of model) for (let user = 0; user < users; user++) store.release(number);
    expect(store.statistics).toMatchObject({ pages: 0, storedBytes: 0 });
  });
});

describe("a page store that fails", () => {
  test("says that a page is not as it was", () => {
    const file = memoryFile();
    const store = new PageStore(new FilePages(file, 2 ** 20));
    const number = store.put(new Uint8Array(PAGE).fill(1));
    file.bytes[100]! ^= 4;
    expect(() => store.get(number, new Uint8Array(PAGE))).toThrow(expect.objectContaining({ code: "page-store" }));
  });

  test("keeps no more pages after it could not write one, and still gives out those that it has", () => {
    const file = memoryFile();
    let isFull = false;
    const failing: RandomFile = {
      ...file,
      write(from, offset) {
        if (isFull) throw new Error("ENOSPC");
        file.write(from, offset);
      },
    };
    const store = new PageStore(new FilePages(failing, 2 ** 20));
    const number = store.put(new Uint8Array(PAGE).fill(1));
    isFull = true;
    expect(store.put(new Uint8Array(PAGE).fill(2))).toBe(0);
    expect(store.statistics).toMatchObject({ pages: 1, failure: "ENOSPC" });
    const back = new Uint8Array(PAGE);
    store.get(number, back);
    expect(back[77]).toBe(1);
  });
});
