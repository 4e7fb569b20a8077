/** Zbs: single-bit instructions. */

import { Hart } from "../state/state";
import { imm, setX, x1, x2 } from "../state/regs";

// @ts-ignore: decorator
@inline export function bclr(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) & ~((<u64>1) << (x2(hart, r) & 63)));
}

// @ts-ignore: decorator
@inline export function bclri(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) & ~((<u64>1) << (<u64>imm(r))));
}

// @ts-ignore: decorator
@inline export function bext(hart: Hart, r: u64): void {
  setX(hart, r, (x1(hart, r) >> (x2(hart, r) & 63)) & 1);
}

// @ts-ignore: decorator
@inline export function bexti(hart: Hart, r: u64): void {
  setX(hart, r, (x1(hart, r) >> <u64>imm(r)) & 1);
}

// @ts-ignore: decorator
@inline export function binv(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) ^ ((<u64>1) << (x2(hart, r) & 63)));
}

// @ts-ignore: decorator
@inline export function binvi(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) ^ ((<u64>1) << (<u64>imm(r))));
}

// @ts-ignore: decorator
@inline export function bset(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) | ((<u64>1) << (x2(hart, r) & 63)));
}

// @ts-ignore: decorator
@inline export function bseti(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) | ((<u64>1) << (<u64>imm(r))));
}
