/** Where things go in RAM: images, initrd and FDT, as QEMU places them. (QEMU `hw/riscv/boot.c`) */

import { WasmvisorError } from "../error.ts";
import type { GuestMemory } from "../memory/guest-memory.ts";
import type { LoadedImage } from "./loader/loaded-image.ts";

const MIB = 1 << 20;
const PAGE = 4096;
/** 64-bit kernels are aligned to superpages, and QEMU does the same with the FDT. */
export const SUPERPAGE = 2 * MIB;
/** QEMU keeps the FDT below this, for 32-bit firmware. */
const FDT_CEILING = 3072 * MIB;
const INITRD_DISTANCE = 128 * MIB;

/** A half-open range of physical addresses. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** An image in memory. */
export interface PlacedImage extends Range {
  /** Where the file says that it is entered. */
  readonly entryPa: number;
  /** Where firmware goes on. */
  readonly nextPa: number;
}

/** The next multiple of `alignment`. */
export function alignUp(value: number, alignment: number): number {
  return Math.ceil(value / alignment) * alignment;
}

function alignDown(value: number, alignment: number): number {
  return Math.floor(value / alignment) * alignment;
}

/**
 * Copies an image to `loadPa` (or to where it says itself) into memory that must be zero.
 * @throws WasmvisorError `image-too-large`, `image-address`.
 */
export function placeImage(memory: GuestMemory, image: LoadedImage, loadPa: number, what: string): PlacedImage {
  const base = image.relocatable ? loadPa : 0;
  checkSize(memory, image, what);
  let start = Infinity;
  let end = 0;
  for (const segment of image.segments) {
    const pa = base + segment.address;
    if (!memory.contains(pa, segment.memorySize) || !memory.write(pa, segment.bytes)) {
      throw outsideRam(memory, what, pa, segment.memorySize);
    }
    start = Math.min(start, pa);
    end = Math.max(end, pa + segment.memorySize);
  }
  const entryPa = base + image.entry;
  return { start, end, entryPa, nextPa: base + (image.nextEntry ?? image.entry) };
}

/** Bounds the copying: segments of a hostile file may overlap as often as it likes. */
function checkSize(memory: GuestMemory, image: LoadedImage, what: string): void {
  const size = image.segments.reduce((sum, segment) => sum + segment.memorySize, 0);
  if (size <= memory.ramSize) return;
  throw new WasmvisorError(
    "image-too-large",
    `The ${what} needs ${mebibytes(size)}, but the machine has ${mebibytes(memory.ramSize)}; give it more memory with -m.`,
    { size, ramSize: memory.ramSize },
  );
}

function outsideRam(memory: GuestMemory, what: string, pa: number, size: number): WasmvisorError {
  const end = memory.ramPa + memory.ramSize;
  const range = `0x${memory.ramPa.toString(16)} to 0x${end.toString(16)}`;
  if (pa < memory.ramPa || pa >= 2 ** 32) {
    return new WasmvisorError(
      "image-address",
      `The ${what} wants memory at 0x${pa.toString(16)}, but RAM is ${range}; link it for an address in RAM.`,
      { pa, size },
    );
  }
  return new WasmvisorError(
    "image-too-large",
    `The ${what} reaches to 0x${(pa + size).toString(16)}, but RAM is ${range}; give the machine more memory with -m.`,
    { pa, size },
  );
}

/**
 * Where the FDT goes: as high as possible below 3 GiB, aligned to 2 MiB; in a machine too small for that, to a page.
 * @param occupiedEnd end of the firmware and kernel.
 * @throws WasmvisorError `image-too-large` when there is no room above them.
 */
export function fdtPlace(memory: GuestMemory, size: number, occupiedEnd: number): number {
  const end = memory.ramPa + memory.ramSize;
  const ceiling = memory.ramPa < FDT_CEILING ? Math.min(end, FDT_CEILING) : end;
  const floor = Math.max(memory.ramPa, occupiedEnd);
  const aligned = alignDown(ceiling - size, SUPERPAGE);
  if (aligned >= floor) return aligned;
  const lower = alignDown(ceiling - size, PAGE);
  if (lower >= floor) return lower;
  throw new WasmvisorError(
    "image-too-large",
    `There is no room for the device tree (${size} bytes) above the kernel; give the machine more memory with -m.`,
    { size, occupiedEnd },
  );
}

/**
 * Where the initrd goes: half of RAM or 128 MiB beyond the kernel, whichever is less; where that does not fit, right
 * below the FDT.
 * @throws WasmvisorError `initrd-too-large`.
 */
export function initrdPlace(memory: GuestMemory, size: number, kernel: Range, fdtPa: number): Range {
  const usual = alignUp(kernel.start + Math.min(memory.ramSize / 2, INITRD_DISTANCE), PAGE);
  if (usual >= kernel.end && usual + size <= fdtPa) return { start: usual, end: usual + size };
  const high = alignDown(fdtPa - size, PAGE);
  if (high >= kernel.end) return { start: high, end: high + size };
  throw new WasmvisorError(
    "initrd-too-large",
    `The initrd (${mebibytes(size)}) does not fit beside the kernel; give the machine more memory with -m.`,
    { size, ramSize: memory.ramSize },
  );
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / MIB)} MiB`;
}
