/** Finds out what a file is and loads it: ELF, Linux `Image` (raw, gzip, EFI zboot), U-Boot image or flat binary. */

import { WasmvisorError } from "../../error.ts";
import { isElf, parseElf } from "./elf.ts";
import { gunzip, isGzip, type UnpackLimits } from "./gzip.ts";
import { foreignKernel, isLinuxImage, parseLinuxImage, zbootPayload } from "./linux-image.ts";
import type { LoadedImage } from "./loaded-image.ts";
import { isUImage, loadUImage } from "./uimage.ts";

/**
 * The image in `bytes`, of whatever format. What is no known format is a flat binary.
 * @param limits the most that a packed image may unpack to: the size of RAM, which it could not be larger than.
 * @throws WasmvisorError `image-…`, `gzip-corrupt`, `elf-…`; the signal's reason
 * @example const kernel = await loadImage(await readFile("Image.gz"), { limit: 2 ** 28 });
 */
export async function loadImage(bytes: Uint8Array, limits: UnpackLimits): Promise<LoadedImage> {
  if (isUImage(bytes)) return loadUImage(bytes, limits);
  const packed = isGzip(bytes) ? bytes : zbootPayload(bytes);
  return parseImage(packed === undefined ? bytes : await gunzip(packed, limits));
}

/** The image in `bytes`, which must not be compressed. */
export function parseImage(bytes: Uint8Array): LoadedImage {
  if (bytes.length === 0) throw new WasmvisorError("image-empty", "The image is empty; check how it was made.");
  if (isElf(bytes)) return parseElf(bytes);
  if (isLinuxImage(bytes)) return parseLinuxImage(bytes);
  const foreign = foreignKernel(bytes);
  if (foreign !== undefined) {
    throw new WasmvisorError("image-machine", `The kernel image is for ${foreign}; use one built for riscv64.`, {
      machine: foreign,
    });
  }
  return flat(bytes);
}

/** A binary with no header: entered at its first byte. */
export function flat(bytes: Uint8Array): LoadedImage {
  return {
    format: "flat",
    relocatable: true,
    alignment: 4,
    segments: [{ address: 0, bytes, memorySize: bytes.length }],
    entry: 0,
    symbols: [],
  };
}
