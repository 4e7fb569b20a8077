import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { crc32 } from "../../../src/machine/loader/crc32.ts";
import { loadImage } from "../../../src/machine/loader/image.ts";
import { fakeBoard } from "../board.ts";
import { linuxImage } from "./linux-maker.ts";
import { ARM64, makeUImage, RAMDISK, type UImageOptions } from "./uimage-maker.ts";

const kernel = new Uint8Array(100).map((_, index) => index);
const limits = { limit: 2 ** 20 };
const withCode = (code: string) => expect.objectContaining({ code }) as Error;

test("crc32 is the one of the standard, in one piece or several", () => {
  const bytes = new TextEncoder().encode("123456789");
  expect(crc32(bytes)).toBe(0xcbf4_3926);
  expect(crc32(bytes.subarray(4), crc32(bytes.subarray(0, 4)))).toBe(0xcbf4_3926);
});

describe("a U-Boot image", () => {
  test("lies and is entered where its header says, packed or not", async () => {
    const places = { load: 0x8040_0000, entry: 0x8040_0004 };
    const plain = await loadImage(makeUImage(kernel, places), limits);
    expect(plain).toEqual({
      format: "uimage",
      relocatable: false,
      alignment: 1,
      segments: [{ address: 0x8040_0000, bytes: kernel, memorySize: 100 }],
      entry: 0x8040_0004,
      symbols: [],
    });
    expect(await loadImage(makeUImage(gzipSync(kernel), { ...places, compression: 1 }), limits)).toEqual(plain);
  });

  test("is entered there under firmware too", async () => {
    const image = await loadImage(makeUImage(kernel, { load: 0x8040_0000, entry: 0x8040_0004 }), limits);
    expect(fakeBoard().board.load({ bios: "builtin", kernel: image }).harts[0]!.pc).toBe(0x8040_0004n);
  });

  test("with a Linux kernel keeps the memory free that the kernel says it takes", async () => {
    const image = await loadImage(makeUImage(linuxImage({ imageSize: 0x10_0000n })), limits);
    expect(image.segments[0]!.memorySize).toBe(0x10_0000);
  });

  test("may have something behind it", async () => {
    const longer = new Uint8Array([...makeUImage(kernel), 1, 2, 3]);
    expect((await loadImage(longer, limits)).segments[0]!.bytes).toEqual(kernel);
  });

  const cases: readonly [what: string, options: UImageOptions, code: string][] = [
    ["for another architecture", { architecture: ARM64 }, "image-machine"],
    ["of something else", { type: RAMDISK }, "image-type"],
    ["packed by bzip2", { compression: 2 }, "image-compression"],
    ["entered before its kernel", { entry: 0x801f_fffe }, "image-entry"],
    ["entered behind its kernel", { entry: 0x8020_0064 }, "image-entry"],
    ["entered at an odd address", { entry: 0x8020_0001 }, "image-entry"],
    ["that is not packed as it says", { compression: 1 }, "gzip-corrupt"],
  ];
  test.each(cases)("%s is refused", async (_, options, code) => {
    await expect(loadImage(makeUImage(kernel, options), limits)).rejects.toThrow(withCode(code));
  });

  test("that is damaged, cut short or empty is refused", async () => {
    for (const at of [5, 20, 40, 70, 163]) {
      const file = makeUImage(kernel);
      file[at]! ^= 1;
      await expect(loadImage(file, limits)).rejects.toThrow(withCode("image-corrupt"));
    }
    await expect(loadImage(makeUImage(kernel).subarray(0, 163), limits)).rejects.toThrow(withCode("image-corrupt"));
    await expect(loadImage(makeUImage(new Uint8Array(0)), limits)).rejects.toThrow(withCode("image-empty"));
  });

  test("that unpacks to more than the limit is refused", async () => {
    const bomb = makeUImage(gzipSync(new Uint8Array(2 ** 22)), { compression: 1 });
    await expect(loadImage(bomb, limits)).rejects.toThrow(withCode("image-too-large"));
  });
});
