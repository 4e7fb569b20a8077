/** Guests whose work is to use many pages. */

import { flatGuest, pageAccess, powerOff, PRINT } from "./guest.ts";

/** Adds up a word of each of 512 pages, in an order that depends on what is read, by loads, stores, AMOs and LR/SC; then a misaligned one. */
export const WALKER = flatGuest(`
  li s0, 0x80200000
  li s1, 512
  li s2, 0
  li s3, 7
  fill:
  slli t0, s2, 12
  add t0, t0, s0
  mul t1, s2, s3
  addi t1, t1, 1
  sd t1, 0(t0)
  sd t1, 2040(t0)
  sd t1, 8(t0)
  addi s2, s2, 1
  bne s2, s1, fill
  li s4, 5000
  li s5, 1
  li s6, 0
  again:
  li t2, 6364136223846793005
  mul s5, s5, t2
  addi s5, s5, 1447
  srli t0, s5, 40
  andi t0, t0, 511
  slli t0, t0, 12
  add t0, t0, s0
  srli t3, s5, 60
  andi t3, t3, 3
  ${pageAccess("sd s6, -4(t0)")}
  next: add s6, s6, t4
  addi s4, s4, -1
  bnez s4, again
  li t0, 0x80400000
  sd s6, 0(t0)
  ${powerOff(3)}
`);

/** Stores to `pages` pages, pass after pass, and prints a letter of what it finds after each. */
export const storing = (pages: number): Uint8Array =>
  flatGuest(`
  li s0, 0x7fffffff
  pass: li s1, 0x80100000
  li s2, ${pages}
  page: ld t1, 0(s1)
  slli t2, t1, 5
  add t1, t1, t2
  add t1, t1, s0
  sd t1, 0(s1)
  li t3, 4096
  add s1, s1, t3
  addi s2, s2, -1
  bnez s2, page
  andi a0, t1, 15
  addi a0, a0, 97
  ${PRINT}
  addi s0, s0, -1
  j pass`);
