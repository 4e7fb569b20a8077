/** Makes U-Boot's legacy images, as mkimage does. */

import { crc32 } from "../../../src/machine/loader/crc32.ts";

const LINUX = 5;
export const RISCV = 26;
export const ARM64 = 22;
export const KERNEL = 2;
export const RAMDISK = 3;

export interface UImageOptions {
  readonly load?: number;
  readonly entry?: number;
  readonly architecture?: number;
  readonly type?: number;
  /** 0 none, 1 gzip, 2 bzip2. */
  readonly compression?: number;
}

/** A header and `data`. */
export function makeUImage(data: Uint8Array, options: UImageOptions = {}): Uint8Array {
  const { load = 0x8020_0000, entry = load, architecture = RISCV, type = KERNEL, compression = 0 } = options;
  const file = new Uint8Array(64 + data.length);
  const view = new DataView(file.buffer);
  [0x2705_1956, 0, 0, data.length, load, entry, crc32(data)].forEach((word, index) => view.setUint32(4 * index, word));
  file.set([LINUX, architecture, type, compression], 28);
  file.set(new TextEncoder().encode("a kernel"), 32);
  file.set(data, 64);
  view.setUint32(4, crc32(file.subarray(0, 64)));
  return file;
}
