/** The Linux kernel's own format. (Linux, "Boot image header in RISC-V Linux") */

import { WasmvisorError } from "../../error.ts";
import type { LoadedImage } from "./loaded-image.ts";

const HEADER_BYTES = 64;
/** "RSC\x05" at 56. */
const MAGIC2 = 0x0543_5352;
/** "ARMd" at 56, in an image for arm64. */
const MAGIC_ARM64 = 0x644d_5241;
/** "HdrS" at 0x202, in an image for x86. */
const MAGIC_X86 = 0x5372_6448;
/** Flags, bit 0. */
const BIG_ENDIAN = 1n;
/** Where 64-bit kernels must be aligned. */
const ALIGNMENT = 2 << 20;

/** Whether `bytes` begin with the header. */
export function isLinuxImage(bytes: Uint8Array): boolean {
  return bytes.length >= HEADER_BYTES && view(bytes).getUint32(56, true) === MAGIC2;
}

/**
 * The image as one relocatable segment.
 * @throws WasmvisorError `image-endian`.
 */
export function parseLinuxImage(bytes: Uint8Array): LoadedImage {
  const header = view(bytes);
  if ((header.getBigUint64(24, true) & BIG_ENDIAN) !== 0n) {
    throw new WasmvisorError("image-endian", "The kernel image is big-endian; build it little-endian.");
  }
  const imageSize = Number(header.getBigUint64(16, true));
  return {
    format: "linux",
    relocatable: true,
    alignment: ALIGNMENT,
    textOffset: Number(header.getBigUint64(8, true)),
    segments: [{ address: 0, bytes, memorySize: Math.max(imageSize, bytes.length) }],
    entry: 0,
    symbols: [],
  };
}

/** The machine that a kernel image is for, where it is clearly not this one. */
export function foreignKernel(bytes: Uint8Array): string | undefined {
  if (bytes.length >= HEADER_BYTES && view(bytes).getUint32(56, true) === MAGIC_ARM64) return "arm64";
  if (bytes.length >= 0x206 && view(bytes).getUint32(0x202, true) === MAGIC_X86) return "x86";
  return undefined;
}

/** The compressed part of a self-extracting EFI image (Linux, `EFI_ZBOOT`), or undefined when it is none. */
export function zbootPayload(bytes: Uint8Array): Uint8Array | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const header = view(bytes);
  const isZboot = header.getUint16(0, true) === 0x5a4d && header.getUint32(4, true) === 0x676d_697a;
  if (!isZboot) return undefined;
  const [offset, size] = [header.getUint32(8, true), header.getUint32(12, true)];
  const compression = String.fromCharCode(...bytes.subarray(24, 29));
  if (compression !== "gzip\0" || offset + size > bytes.length) {
    throw new WasmvisorError(
      "image-compression",
      "The kernel is a self-extracting EFI image that is not gzip or is cut short; pass the uncompressed Image.",
    );
  }
  return bytes.subarray(offset, offset + size);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
