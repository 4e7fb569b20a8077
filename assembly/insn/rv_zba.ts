/** Zba: address generation. */

import { Hart } from "../state/state";
import { imm, setX, x1, x2 } from "../state/regs";

// @ts-ignore: decorator
@inline export function add_uw(hart: Hart, r: u64): void {
  setX(hart, r, x2(hart, r) + <u64>(<u32>x1(hart, r)));
}

// @ts-ignore: decorator
@inline export function sh1add(hart: Hart, r: u64): void {
  setX(hart, r, x2(hart, r) + (x1(hart, r) << 1));
}

// @ts-ignore: decorator
@inline export function sh2add(hart: Hart, r: u64): void {
  setX(hart, r, x2(hart, r) + (x1(hart, r) << 2));
}

// @ts-ignore: decorator
@inline export function sh3add(hart: Hart, r: u64): void {
  setX(hart, r, x2(hart, r) + (x1(hart, r) << 3));
}

// @ts-ignore: decorator
@inline export function sh1add_uw(hart: Hart, r: u64): void {
  setX(hart, r, x2(hart, r) + ((<u64>(<u32>x1(hart, r))) << 1));
}

// @ts-ignore: decorator
@inline export function sh2add_uw(hart: Hart, r: u64): void {
  setX(hart, r, x2(hart, r) + ((<u64>(<u32>x1(hart, r))) << 2));
}

// @ts-ignore: decorator
@inline export function sh3add_uw(hart: Hart, r: u64): void {
  setX(hart, r, x2(hart, r) + ((<u64>(<u32>x1(hart, r))) << 3));
}

// @ts-ignore: decorator
@inline export function slli_uw(hart: Hart, r: u64): void {
  setX(hart, r, (<u64>(<u32>x1(hart, r))) << (<u64>imm(r)));
}
