import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WasmvisorError } from "../../../src/error.ts";
import { flat, loadImage, parseImage } from "../../../src/machine/loader/image.ts";
import { makeElf } from "./elf-maker.ts";
import { linuxImage } from "./linux-maker.ts";

const withCode = (code: string) => expect.objectContaining({ code }) as Error;
const limits = { limit: 2 ** 20 };
const elf = makeElf({ pieces: [{ paddr: 0x8000_0000n, bytes: new Uint8Array(4) }] });

describe("formats", () => {
  test("are told apart by their contents", async () => {
    const formats = [elf, linuxImage(), new TextEncoder().encode("just bytes")].map(async (bytes) => {
      return (await loadImage(bytes, limits)).format;
    });
    expect(await Promise.all(formats)).toEqual(["elf", "linux", "flat"]);
  });

  test("are unpacked first when gzip is around them", async () => {
    const packed = await loadImage(gzipSync(linuxImage()), limits);
    expect(packed).toEqual(await loadImage(linuxImage(), limits));
  });

  test("a flat binary is entered at its first byte", () => {
    const bytes = new Uint8Array([1, 2, 3]);
    expect(flat(bytes)).toMatchObject({
      relocatable: true,
      entry: 0,
      segments: [{ address: 0, bytes, memorySize: 3 }],
    });
  });
});

describe("refused", () => {
  test("an empty file", async () => {
    await expect(loadImage(new Uint8Array(0), limits)).rejects.toThrow(withCode("image-empty"));
    await expect(loadImage(gzipSync(new Uint8Array(0)), limits)).rejects.toThrow(withCode("image-empty"));
  });

  test("kernels for other machines", () => {
    const arm64 = new Uint8Array(100);
    arm64.set(new TextEncoder().encode("ARMd"), 56);
    const x86 = new Uint8Array(0x300);
    x86.set(new TextEncoder().encode("HdrS"), 0x202);
    for (const kernel of [arm64, x86]) expect(() => parseImage(kernel)).toThrow(withCode("image-machine"));
  });
});

test("whatever the bytes, loading gives an image or one of our errors", async () => {
  const magic = fc.constantFrom(
    [],
    [0x1f, 0x8b, 8],
    [0x7f, 0x45, 0x4c, 0x46, 2, 1],
    [0x4d, 0x5a, 0, 0, 0x7a, 0x69, 0x6d, 0x67],
  );
  await fc.assert(
    fc.asyncProperty(magic, fc.uint8Array({ maxLength: 300 }), async (start, rest) => {
      try {
        const image = await loadImage(new Uint8Array([...start, ...rest]), limits);
        return image.segments.length > 0;
      } catch (error) {
        return error instanceof WasmvisorError;
      }
    }),
    { numRuns: 500 },
  );
});
