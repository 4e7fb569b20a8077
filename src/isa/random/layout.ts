/**
 * Where things are in an image of random programs.
 *
 *   image  +0        harness
 *          +0x4000   block of program 0, then one every 0x5000 bytes
 *   block  +0        code, from shortly before +0x1000, so that it crosses a page
 *          +0x3000   data: words of the harness (see `HarnessWord`)
 *          +0x3040   log of traps: cause, tval, epc
 *          +0x3400   x0 to x31, before and after
 *          +0x3500   f0 to f31
 *          +0x3600   fcsr
 *          +0x3800   scratch memory, to +0x4800, with the pointers in its middle, where a page ends
 */
export const layout = {
  harness: 0x4000,
  block: 0x5000,
  data: 0x3000,
  log: 0x40,
  logEnd: 0x400,
  x: 0x400,
  f: 0x500,
  fcsr: 0x600,
  scratch: 0x800,
  dataEnd: 0x1800,
} as const;

/** Words at the start of a program's data; the first two are the trap handler's. */
export enum HarnessWord {
  LOG = 16,
  LOG_END = 24,
  END = 32,
  NEXT = 40,
  ENTRY = 48,
}

/** Offset of program `i`'s block within the image. */
export const blockOffset = (i: number): number => layout.harness + layout.block * i;

/** Offset of program `i`'s data within the image. */
export const dataOffset = (i: number): number => blockOffset(i) + layout.data;
