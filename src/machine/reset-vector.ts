/**
 * The mask ROM's reset vector and the `fw_dynamic` handover. (QEMU `hw/riscv/boot.c`; OpenSBI, "FW_DYNAMIC")
 *
 * ```
 *  0x1000  six instructions: a0 = mhartid, a1 = FDT, a2 = fw_dynamic info, jump to the start address
 *  0x1018  start address (8 bytes)
 *  0x1020  FDT address (8 bytes)
 *  0x1028  fw_dynamic info: magic, version, next address, next mode, options, boot hart (8 bytes each)
 * ```
 */

import { MEMMAP } from "./memmap.ts";

const START_ADDRESS = 24;
const FDT_ADDRESS = 32;
const INFO = 40;

/** `auipc t0, 0; addi a2, t0, 40; csrr a0, mhartid; ld a1, 32(t0); ld t0, 24(t0); jr t0` */
const CODE = [0x0000_0297, 0x0282_8613, 0xf140_2573, 0x0202_b583, 0x0182_b283, 0x0002_8067];

/** "OSBI". */
const INFO_MAGIC = 0x4942_534fn;
const INFO_VERSION = 2n;
const NEXT_MODE_S = 1n;

/** Where harts leave reset. */
export const RESET_PA = MEMMAP.mrom.pa;

/** Where the `fw_dynamic` info lies. */
export const FW_DYNAMIC_PA = RESET_PA + INFO;

/** What the reset vector hands over. */
export interface ResetVector {
  /** Where the harts go. */
  readonly startPa: number;
  readonly fdtPa: number;
  /** Where the firmware is to go on, 0 when there is no kernel. */
  readonly nextPa: number;
}

/** Writes the vector to the start of the ROM. */
export function writeResetVector(rom: Uint8Array, { startPa, fdtPa, nextPa }: ResetVector): void {
  const view = new DataView(rom.buffer, rom.byteOffset, rom.length);
  CODE.forEach((word, index) => view.setUint32(index * 4, word, true));
  view.setBigUint64(START_ADDRESS, BigInt(startPa), true);
  view.setBigUint64(FDT_ADDRESS, BigInt(fdtPa), true);
  const info = [INFO_MAGIC, INFO_VERSION, BigInt(nextPa), NEXT_MODE_S, 0n, 0n];
  info.forEach((word, index) => view.setBigUint64(INFO + index * 8, word, true));
}
