/**
 * U-Boot's legacy images: a header around a kernel, which may be packed. (U-Boot, `include/image.h`; QEMU `hw/core/loader.c`)
 *
 * ```
 *  0  magic    4  header's CRC    8  time    12  size    16  load address    20  entry    24  data's CRC
 *  28 system (5 Linux)   29 architecture (26 RISC-V)   30 type (2 kernel)   31 compression   32 name    64  data
 * ```
 *
 * All words are big-endian.
 */

import { type ErrorCode, WasmvisorError } from "../../error.ts";
import { crc32 } from "./crc32.ts";
import { gunzip, type UnpackLimits } from "./gzip.ts";
import { isLinuxImage, parseLinuxImage } from "./linux-image.ts";
import type { LoadedImage } from "./loaded-image.ts";

const HEADER_BYTES = 64;
const MAGIC = 0x2705_1956;
const HEADER_CRC = 4;
const ARCH_RISCV = 26;
const TYPE_KERNEL = 2;
const NO_COMPRESSION = 0;
const GZIP = 1;

/** Whether `bytes` begin with the header. */
export function isUImage(bytes: Uint8Array): boolean {
  return bytes.length >= HEADER_BYTES && view(bytes).getUint32(0) === MAGIC;
}

/**
 * The kernel inside, unpacked, at the addresses that the header gives.
 * @throws WasmvisorError `image-corrupt`, `image-machine`, `image-type`, `image-compression`, `gzip-corrupt`,
 * `image-too-large`; the signal's reason
 */
export async function loadUImage(bytes: Uint8Array, limits: UnpackLimits): Promise<LoadedImage> {
  const header = view(bytes);
  const [size, load, entry] = [12, 16, 20].map((at) => header.getUint32(at)) as [number, number, number];
  const [architecture, type, compression] = [29, 30, 31].map((at) => header.getUint8(at));
  const data = bytes.subarray(HEADER_BYTES, HEADER_BYTES + size);
  checkSums(bytes, data, size);
  if (architecture !== ARCH_RISCV) {
    throw wrong("image-machine", "is for another architecture; use one built for riscv (mkimage -A riscv).");
  }
  if (type !== TYPE_KERNEL) throw wrong("image-type", "is no kernel; make one with mkimage -T kernel.");
  if (compression !== NO_COMPRESSION && compression !== GZIP) {
    throw wrong("image-compression", "is packed by something other than gzip; make one with mkimage -C gzip or none.");
  }
  const kernel = compression === GZIP ? await gunzip(data, limits) : data;
  if (kernel.length === 0) throw wrong("image-empty", "holds no kernel; check how it was made.");
  // The kernel's own header knows how much memory it takes beyond its bytes.
  const memorySize = isLinuxImage(kernel) ? parseLinuxImage(kernel).segments[0]!.memorySize : kernel.length;
  if (entry < load || entry >= load + kernel.length || entry % 2 !== 0) {
    throw wrong("image-entry", `is entered at 0x${entry.toString(16)}, where it has no instruction; set mkimage -e.`);
  }
  const segments = [{ address: load, bytes: kernel, memorySize }];
  return { format: "uimage", relocatable: false, alignment: 1, segments, entry, symbols: [] };
}

function checkSums(bytes: Uint8Array, data: Uint8Array, size: number): void {
  const header = bytes.slice(0, HEADER_BYTES).fill(0, HEADER_CRC, HEADER_CRC + 4);
  const sums = view(bytes);
  if (data.length === size && crc32(header) === sums.getUint32(HEADER_CRC) && crc32(data) === sums.getUint32(24))
    return;
  throw wrong("image-corrupt", "is damaged or cut short; copy or build it again.");
}

function wrong(code: ErrorCode, what: string): WasmvisorError {
  return new WasmvisorError(code, `The U-Boot image ${what}`);
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
