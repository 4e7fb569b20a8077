/** Finds out what a file is and loads it: ELF, Linux `Image` (raw, gzip, EFI zboot) or flat binary. */

import { WasmvisorError } from "../../error.ts";
import { isElf, parseElf } from "./elf.ts";
import { gunzip, isGzip } from "./gzip.ts";
import { foreignKernel, isLinuxImage, parseLinuxImage, zbootPayload } from "./linux-image.ts";
import type { LoadedImage } from "./loaded-image.ts";

/** The most a compressed image may unpack to. */
const MAX_UNPACKED = 1 << 30;

/**
 * The image in `bytes`, of whatever format. What is no known format is a flat binary.
 * @throws WasmvisorError `image-empty`, `image-machine`, `image-compression`, `image-too-large`, `gzip-corrupt`, `elf-…`.
 * @example const kernel = await loadImage(await readFile("Image.gz"));
 */
export async function loadImage(bytes: Uint8Array, limit = MAX_UNPACKED): Promise<LoadedImage> {
  const packed = isGzip(bytes) ? bytes : zbootPayload(bytes);
  return parseImage(packed === undefined ? bytes : await gunzip(packed, limit));
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
