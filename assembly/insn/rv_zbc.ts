/** Zbc and Zbkc: carry-less multiplication. */

import { Hart } from "../state/state";
import { setX, x1, x2 } from "../state/regs";
import { bitrev64 } from "./bits";

const EVERY_4TH: u64 = 0x1111111111111111;

/**
 * The low 64 bits of the carry-less product, by sixteen integer products of operands that have three of every four bits
 * cleared: at most 16 terms meet in a column, so carries stay in the holes, or leave the word from the last column.
 */
function clmul_low(a: u64, b: u64): u64 {
  const a0 = a & EVERY_4TH;
  const a1 = a & (EVERY_4TH << 1);
  const a2 = a & (EVERY_4TH << 2);
  const a3 = a & (EVERY_4TH << 3);
  const b0 = b & EVERY_4TH;
  const b1 = b & (EVERY_4TH << 1);
  const b2 = b & (EVERY_4TH << 2);
  const b3 = b & (EVERY_4TH << 3);
  const p0 = (a0 * b0) ^ (a1 * b3) ^ (a2 * b2) ^ (a3 * b1);
  const p1 = (a0 * b1) ^ (a1 * b0) ^ (a2 * b3) ^ (a3 * b2);
  const p2 = (a0 * b2) ^ (a1 * b1) ^ (a2 * b0) ^ (a3 * b3);
  const p3 = (a0 * b3) ^ (a1 * b2) ^ (a2 * b1) ^ (a3 * b0);
  return (p0 & EVERY_4TH) | (p1 & (EVERY_4TH << 1)) | (p2 & (EVERY_4TH << 2)) | (p3 & (EVERY_4TH << 3));
}

/** Bits 126 to 63 of the product: the mirror image of the low half of the mirrored operands' product. */
// @ts-ignore: decorator
@inline function clmul_reversed(a: u64, b: u64): u64 {
  return bitrev64(clmul_low(bitrev64(a), bitrev64(b)));
}

// @ts-ignore: decorator
@inline export function clmul(hart: Hart, r: u64): void {
  setX(hart, r, clmul_low(x1(hart, r), x2(hart, r)));
}

// @ts-ignore: decorator
@inline export function clmulh(hart: Hart, r: u64): void {
  setX(hart, r, clmul_reversed(x1(hart, r), x2(hart, r)) >> 1);
}

// @ts-ignore: decorator
@inline export function clmulr(hart: Hart, r: u64): void {
  setX(hart, r, clmul_reversed(x1(hart, r), x2(hart, r)));
}
