/** What every block backend and every format must keep to; each passes this one suite. */

import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import type { BlockBackend, Done } from "../../src/backend/block/block.ts";

/** How the suite gets a backend of one kind. */
export interface BlockRig {
  /** A new one that reads as `content`, which is a whole number of `granularity`. */
  make(content: Uint8Array, options?: { readonly readonly?: boolean }): Done<BlockBackend>;
  /** The last one made, opened again after `close`. Without it, nothing is kept. */
  reopen?(): Done<BlockBackend>;
  /** Removes what `make` has left on the host. */
  cleanUp?(): Done;
  /** Sizes are whole numbers of it. Default: 1. */
  readonly granularity?: number;
  /** Whether discarded bytes read as zeros. Default: they may also be as they were. */
  readonly discardsToZeros?: boolean;
  /** Nothing can be changed. */
  readonly readonly?: boolean;
  /** How many random series are tried. Default: 40. */
  readonly runs?: number;
  /** Bytes of the disks that the random operations are done on. Default: 300,000. */
  readonly size?: number;
}

interface Operation {
  readonly kind: "read" | "write" | "discard" | "zeroes" | "resize" | "flush" | "extents" | "reopen";
  readonly at: number;
  readonly length: number;
  readonly fill: number;
}

const operation: fc.Arbitrary<Operation> = fc.record({
  kind: fc.constantFrom(
    ...(["read", "write", "write", "write", "discard", "zeroes", "resize", "flush", "extents", "reopen"] as const),
  ),
  at: fc.oneof(
    fc.nat(2 ** 20),
    fc.nat(60).map((page) => page * 4096),
    fc.nat(9).map((page) => page * 65_536),
  ),
  length: fc.oneof(fc.nat(600), fc.constantFrom(0, 512, 4096, 65_536, 131_072), fc.nat(200_000)),
  fill: fc.integer({ min: 1, max: 255 }),
});

/** Bytes that differ from place to place, and from fill to fill. */
export function pattern(length: number, fill: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = at * 7 + (at >> 8) * 13 + fill;
  return bytes;
}

/** All bytes of a backend. */
export async function contentOf(backend: BlockBackend): Promise<Uint8Array> {
  const bytes = new Uint8Array(backend.size).fill(0xaa);
  for (let at = 0; at < bytes.length; at += 100_000) await backend.read(at, bytes.subarray(at, at + 100_000));
  return bytes;
}

/** Whether they are equal; comparing with `toEqual` takes seconds and prints megabytes. */
export function firstDifference(a: Uint8Array, b: Uint8Array): string | undefined {
  if (a.length !== b.length) return `${a.length} and ${b.length} bytes`;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return `at ${at}: ${a[at]} and ${b[at]}`;
  return undefined;
}

/** Does operations on a backend and on an array, and compares what they read. */
class Comparison {
  #backend: BlockBackend;
  #model: Uint8Array;
  readonly #rig: BlockRig;
  /** What a discard leaves is one of two; it is read once and known from then on. */
  constructor(rig: BlockRig, backend: BlockBackend, model: Uint8Array) {
    this.#rig = rig;
    this.#backend = backend;
    this.#model = model;
  }

  get backend(): BlockBackend {
    return this.#backend;
  }

  async do(operation: Operation): Promise<void> {
    const size = this.#model.length;
    const at = size === 0 ? 0 : operation.at % size;
    const length = Math.min(operation.length, size - at);
    const model = this.#model.subarray(at, at + length);
    switch (operation.kind) {
      case "read": {
        const into = new Uint8Array(length).fill(0x55);
        await this.#backend.read(at, into);
        expect(firstDifference(into, model)).toBeUndefined();
        return;
      }
      case "write": {
        const bytes = pattern(length, operation.fill);
        model.set(bytes);
        await this.#backend.write(at, bytes);
        return;
      }
      case "zeroes":
        if (this.#backend.writeZeroes === undefined) return;
        model.fill(0);
        await this.#backend.writeZeroes(at, length, operation.fill % 2 === 0);
        return;
      case "discard":
        await this.#discard(at, model);
        return;
      case "resize":
        await this.#resize(operation.at);
        return;
      case "flush":
        await this.#backend.flush();
        return;
      case "extents":
        await this.checkExtents();
        return;
      case "reopen":
        if (this.#rig.reopen === undefined) return;
        await this.#backend.close();
        this.#backend = await this.#rig.reopen();
        await this.checkAll();
    }
  }

  async #discard(at: number, model: Uint8Array): Promise<void> {
    await this.#backend.discard?.(at, model.length);
    if (this.#backend.discard === undefined) return;
    const now = new Uint8Array(model.length);
    await this.#backend.read(at, now);
    const toZeros = this.#rig.discardsToZeros === true;
    const wrong = now.findIndex((byte, index) => byte !== 0 && (toZeros || byte !== model[index]));
    expect(wrong, "discarded bytes are zeros or as they were").toBe(-1);
    model.set(now);
  }

  async #resize(wanted: number): Promise<void> {
    if (this.#backend.resize === undefined) return;
    const { granularity = 1 } = this.#rig;
    const size = Math.floor((wanted % 700_000) / granularity) * granularity;
    await this.#backend.resize(size);
    const grown = new Uint8Array(size);
    grown.set(this.#model.subarray(0, size));
    this.#model = grown;
    expect(this.#backend.size).toBe(size);
  }

  async checkAll(): Promise<void> {
    expect(this.#backend.size).toBe(this.#model.length);
    expect(firstDifference(await contentOf(this.#backend), this.#model)).toBeUndefined();
  }

  async checkExtents(): Promise<void> {
    if (this.#backend.extent === undefined) return;
    for (let at = 0; at < this.#model.length;) {
      const { length, kind } = await this.#backend.extent(at);
      expect(length).toBeGreaterThan(0);
      expect(at + length).toBeLessThanOrEqual(this.#model.length);
      if (kind === "zero") expect(this.#model.subarray(at, at + length).every((byte) => byte === 0)).toBe(true);
      at += length;
    }
  }
}

/** Runs the suite. */
export function blockContract(name: string, makeRig: () => BlockRig): void {
  describe(`${name} as a block backend`, () => {
    const rig = makeRig();
    const { granularity = 1, size = 300_000 } = rig;
    const sized = (wanted: number) => Math.ceil(wanted / granularity) * granularity;
    const writable = rig.readonly !== true;

    afterEach(async () => rig.cleanUp?.());

    const refusal = async (act: () => unknown) => {
      try {
        await act();
      } catch (error) {
        return (error as { code?: string }).code;
      }
      return "none";
    };

    test.runIf(writable)("random operations leave what they leave in an array", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 40 }), async (operations) => {
          const content = pattern(sized(size), 1);
          content.fill(0, sized(size / 3), sized(size / 2));
          const comparison = new Comparison(rig, await rig.make(content), content.slice());
          for (const one of operations) await comparison.do(one);
          await comparison.checkAll();
          await comparison.checkExtents();
          await comparison.backend.close();
          await rig.cleanUp?.();
        }),
        { numRuns: rig.runs ?? 40 },
      );
    });

    test("reads what it was made of, in pieces of any size", async () => {
      const content = pattern(sized(200_001), 9);
      content.fill(0, 70_000, 140_000);
      const backend = await rig.make(content, { readonly: !writable });
      for (const [at, length] of [
        [0, 0],
        [0, 1],
        [65_535, 2],
        [1, 150_000],
        [199_990, 11],
        [0, content.length],
      ] as const) {
        const into = new Uint8Array(length + 2).fill(0x77);
        await backend.read(at, into.subarray(1, length + 1));
        expect(firstDifference(into.subarray(1, length + 1), content.subarray(at, at + length))).toBeUndefined();
        expect([into[0], into[length + 1]]).toEqual([0x77, 0x77]);
      }
      await backend.close();
    });

    test.runIf(writable)("requests that overlap in time, of different bytes, do not disturb each other", async () => {
      const backend = await rig.make(new Uint8Array(sized(400_000)));
      const model = new Uint8Array(backend.size);
      const requests: Promise<void>[] = [];
      // Each 1000 bytes: two of a cluster's neighbours are on their way at once, in any order.
      for (let step = 0; step < 400; step++) {
        const at = ((step * 37) % 400) * 1000;
        const bytes = pattern(1000, step);
        model.set(bytes, at);
        requests.push(Promise.resolve(backend.write(at, bytes)));
        if (step % 50 === 0) requests.push(Promise.resolve(backend.flush()));
      }
      await Promise.all(requests);
      const reads = Array.from({ length: 40 }, async (_, step) => {
        const into = new Uint8Array(10_000);
        await backend.read(step * 10_000, into);
        expect(firstDifference(into, model.subarray(step * 10_000, (step + 1) * 10_000))).toBeUndefined();
      });
      await Promise.all(reads);
      await backend.close();
    });

    test("says truly whether it answers at once", async () => {
      const backend = await rig.make(pattern(sized(100_000), 3), { readonly: !writable });
      const answers: Done[] = [backend.read(5, new Uint8Array(70_000))];
      if (writable) answers.push(backend.write(5, new Uint8Array(70_000)));
      if (backend.synchronous) expect(answers.every((answer) => answer === undefined)).toBe(true);
      for (const answer of answers) await answer;
      await backend.close();
    });

    test("refuses bytes outside of it, and leaves all as it was", async () => {
      const content = pattern(sized(70_000), 4);
      const backend = await rig.make(content, { readonly: !writable });
      const end = content.length;
      const bytes = new Uint8Array(16);
      for (const at of [end - 15, end, end + 1, -1, -16, 2 ** 53, NaN, 0.5, Infinity]) {
        expect(await refusal(() => backend.read(at, bytes)), `read at ${at}`).toBe("block-range");
        if (!writable) continue;
        expect(await refusal(() => backend.write(at, bytes)), `write at ${at}`).toBe("block-range");
        if (backend.discard) expect(await refusal(() => backend.discard!(at, 16))).toBe("block-range");
        if (backend.writeZeroes) expect(await refusal(() => backend.writeZeroes!(at, 16, true))).toBe("block-range");
      }
      if (writable && backend.resize) {
        for (const size of [-1, 0.5, NaN, 2 ** 54]) {
          expect(await refusal(() => backend.resize!(size)), `resize to ${size}`).toBe("block-size");
        }
      }
      expect(firstDifference(await contentOf(backend), content)).toBeUndefined();
      await backend.close();
    });

    test("opened to be read only, it refuses changes", async () => {
      const content = pattern(sized(70_000), 5);
      const backend = await rig.make(content, { readonly: true });
      expect(backend.readonly).toBe(true);
      expect(await refusal(() => backend.write(0, new Uint8Array(16)))).toBe("block-readonly");
      if (backend.discard) expect(await refusal(() => backend.discard!(0, 16))).toBe("block-readonly");
      if (backend.writeZeroes) expect(await refusal(() => backend.writeZeroes!(0, 16, true))).toBe("block-readonly");
      if (backend.resize) expect(await refusal(() => backend.resize!(sized(80_000)))).toBe("block-readonly");
      expect(await refusal(() => backend.flush())).toBe("none");
      expect(firstDifference(await contentOf(backend), content)).toBeUndefined();
      await backend.close();
    });

    test("closed, it refuses everything but to be closed again", async () => {
      const backend = await rig.make(pattern(sized(70_000), 6), { readonly: !writable });
      await backend.close();
      const bytes = new Uint8Array(16);
      expect(await refusal(() => backend.read(0, bytes))).toBe("block-closed");
      expect(await refusal(() => backend.flush())).toBe("block-closed");
      if (writable) {
        expect(await refusal(() => backend.write(0, bytes))).toBe("block-closed");
        if (backend.discard) expect(await refusal(() => backend.discard!(0, 16))).toBe("block-closed");
        if (backend.writeZeroes) expect(await refusal(() => backend.writeZeroes!(0, 16, true))).toBe("block-closed");
        if (backend.resize) expect(await refusal(() => backend.resize!(sized(10)))).toBe("block-closed");
      }
      if (backend.extent) expect(await refusal(() => backend.extent!(0))).toBe("block-closed");
      expect(await refusal(() => backend.close())).toBe("none");
    });

    test.runIf(rig.reopen !== undefined && writable)("keeps what was written when it is closed", async () => {
      const backend = await rig.make(new Uint8Array(sized(200_000)));
      const bytes = pattern(100_000, 8);
      await backend.write(33_333, bytes);
      await backend.close();
      const again = await rig.reopen!();
      const into = new Uint8Array(100_000);
      await again.read(33_333, into);
      expect(firstDifference(into, bytes)).toBeUndefined();
      await again.close();
    });
  });
}
