/** Guests assembled on the spot, for tests of whole VMs. */

import { assembleProgram } from "../../src/isa/assemble.ts";
import { makeElf } from "../machine/loader/elf-maker.ts";

/** Where guests are linked. */
export const GUEST_PA = 0x8000_0000n;

/** Prints the byte in a0 by the UART; changes t0. */
export const PRINT = `
  li t0, 0x10000000
  sb a0, 0(t0)
`;

/** Prints text by the UART; changes a0 and t0. */
export function printText(text: string): string {
  return [...Buffer.from(text)].map((byte) => `li a0, ${byte}\n${PRINT}`).join("\n");
}

/** Switches the machine off with an exit code; the last thing a program does. */
export function powerOff(code = 0): string {
  return `
  li t0, 0x100000
  li t1, ${code === 0 ? 0x5555 : code * 0x1_0000 + 0x3333}
  sw t1, 0(t0)
stay: j stay
`;
}

/** A flat binary; M-mode guests run at `GUEST_PA` with `bios: "none"`. */
export function flatGuest(source: string): Uint8Array {
  return assembleProgram(source, GUEST_PA).bytes;
}

/** An ELF file with the program's labels as symbols. */
export function elfGuest(source: string): Uint8Array {
  const { bytes, labels } = assembleProgram(source, GUEST_PA);
  const symbols = [...labels].map(([name, address]) => ({ name, address }));
  return makeElf({ entry: GUEST_PA, pieces: [{ paddr: GUEST_PA, bytes }], symbols });
}

/**
 * The part of a loop that uses the page at t0 in the way that t3, from 0 on, says: a load, a store, an AMO, LR and SC; all that is found goes into
 * s6. Loads and stores go over the page's beginning, too: the store is `edge`. Goes on at `next`.
 */
export const pageAccess = (edge: string): string => `
  beqz t3, do_load
  addi t3, t3, -1
  beqz t3, do_store
  addi t3, t3, -1
  beqz t3, do_amo
  try: lr.d t4, (t0)
  addi t5, t4, 3
  sc.d t6, t5, (t0)
  bnez t6, try
  j next
  do_load: ld t4, 0(t0)
  add s6, s6, t4
  ld t4, -4(t0)
  j next
  do_store: ld t4, 2040(t0)
  sd s6, 8(t0)
  ${edge}
  j next
  do_amo: amoadd.d t4, s6, (t0)`;
