import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { foreignKernel, isLinuxImage, parseLinuxImage, zbootPayload } from "../../../src/machine/loader/linux-image.ts";
import { codeOf } from "./elf-maker.ts";
import { linuxImage, zboot } from "./linux-maker.ts";

test("text_offset and image_size are the header's", () => {
  const image = parseLinuxImage(linuxImage());
  expect([image.textOffset, image.entry, image.alignment]).toEqual([0x20_0000, 0, 0x20_0000]);
  expect(image.segments.map(({ address, memorySize }) => [address, memorySize])).toEqual([[0, 0x10_0000]]);
});

test("an image_size below the file's is not believed", () => {
  expect(parseLinuxImage(linuxImage({ imageSize: 3n })).segments[0]!.memorySize).toBe(100);
});

test("a big-endian kernel is refused", () => {
  expect(codeOf(() => parseLinuxImage(linuxImage({ flags: 1n })))).toBe("image-endian");
});

test("the magic decides, and short files have none", () => {
  expect([isLinuxImage(linuxImage()), isLinuxImage(linuxImage().subarray(0, 63))]).toEqual([true, false]);
  expect([isLinuxImage(new Uint8Array(100)), foreignKernel(new Uint8Array(10))]).toEqual([false, undefined]);
});

test("a zboot image gives its payload", () => {
  const payload = gzipSync(linuxImage());
  expect(zbootPayload(zboot(payload))).toEqual(new Uint8Array(payload));
  expect(zbootPayload(linuxImage())).toBeUndefined();
});

test("a zboot image that is cut or of another compression is refused", () => {
  expect(codeOf(() => zbootPayload(zboot(new Uint8Array(9), "zstd")))).toBe("image-compression");
  expect(codeOf(() => zbootPayload(zboot(new Uint8Array(99)).subarray(0, 100)))).toBe("image-compression");
});
