import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WasmvisorError } from "../../src/error.ts";
import { ByteReader } from "../../src/linux/byte-reader.ts";
import { unxz } from "../../src/linux/xz.ts";
import { collect, inPieces } from "./archive-maker.ts";
import { XZ_SAMPLES } from "./xz-samples.ts";

const unpack = (packed: Uint8Array, piece = packed.length) => collect(unxz(new ByteReader(inPieces(packed, piece))));

const samples = XZ_SAMPLES.map(([name, unpacked, base64]) => [name, unpacked, Buffer.from(base64, "base64")] as const);

describe("what xz has packed unpacks again", () => {
  test.each(samples)("%s", async (_, unpacked, packed) => {
    expect(Buffer.compare(await unpack(packed), unpacked())).toBe(0);
  });

  test("also when it comes byte by byte", async () => {
    const [, unpacked, packed] = samples[0]!;
    expect(await unpack(packed, 1)).toEqual(unpacked());
  });
});

describe("anything else", () => {
  const archive = expect.objectContaining({ code: "archive" }) as Error;

  test("is refused: cut short, no xz, filters that are not LZMA2, absurd dictionaries", async () => {
    const [, , packed] = samples[0]!;
    for (let length = 0; length < packed.length - 40; length += 13) {
      await expect(unpack(packed.subarray(0, length))).rejects.toThrow(archive);
    }
    const changed = (at: number, value: number) => {
      const file = Uint8Array.from(packed);
      file[at] = value;
      return unpack(file);
    };
    await expect(changed(1, 0)).rejects.toThrow(archive);
    // The block's header: flags, filter, size of its properties, dictionary.
    for (const [at, value] of [
      [13, 1],
      [14, 4],
      [15, 2],
      [16, 31],
      [16, 41],
    ] as const) {
      await expect(changed(at, value)).rejects.toThrow(archive);
    }
  });

  test("unpacks to something or is refused, never anything else, and no chunk is larger than the format has it", async () => {
    const small = samples.filter(([, , packed]) => packed.length < 1500);
    const damage = fc.array(fc.tuple(fc.nat(1500), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...small), damage, async ([, , packed], changes) => {
        const file = Uint8Array.from(packed);
        for (const [at, value] of changes) file[at % file.length] = value;
        let budget = 100;
        try {
          for await (const piece of unxz(new ByteReader(inPieces(file, 100)))) {
            if (piece.length > 2 ** 21) return false;
            if (--budget === 0) break;
          }
          return true;
        } catch (error) {
          return error instanceof WasmvisorError && error.code === "archive";
        }
      }),
      { numRuns: 300 },
    );
  });
});
