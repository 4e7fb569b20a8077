/** M: integer multiplication and division. (Unprivileged ISA, "M" Extension) */

import { Hart } from "../state/state";
import { setX, x1, x2 } from "../state/regs";

/** High half of an unsigned 64 x 64 product, from four 32-bit products: Wasm has no such instruction. */
// @ts-ignore: decorator
@inline export function mul_high_unsigned(a: u64, b: u64): u64 {
  const aLow = a & 0xffffffff;
  const aHigh = a >> 32;
  const bLow = b & 0xffffffff;
  const bHigh = b >> 32;
  const cross = ((aLow * bLow) >> 32) + aHigh * bLow;
  const middle = (cross & 0xffffffff) + aLow * bHigh;
  return aHigh * bHigh + (cross >> 32) + (middle >> 32);
}

// @ts-ignore: decorator
@inline export function mul(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) * x2(hart, r));
}

// @ts-ignore: decorator
@inline export function mulh(hart: Hart, r: u64): void {
  const a = x1(hart, r);
  const b = x2(hart, r);
  setX(hart, r, mul_high_unsigned(a, b) - (<u64>(<i64>a >> 63) & b) - (<u64>(<i64>b >> 63) & a));
}

// @ts-ignore: decorator
@inline export function mulhsu(hart: Hart, r: u64): void {
  const a = x1(hart, r);
  const b = x2(hart, r);
  setX(hart, r, mul_high_unsigned(a, b) - (<u64>(<i64>a >> 63) & b));
}

// @ts-ignore: decorator
@inline export function mulhu(hart: Hart, r: u64): void {
  setX(hart, r, mul_high_unsigned(x1(hart, r), x2(hart, r)));
}

// @ts-ignore: decorator
@inline export function mulw(hart: Hart, r: u64): void {
  setX(hart, r, <u64>(<i64>(<i32>x1(hart, r) * <i32>x2(hart, r))));
}

// Division never traps: by zero it gives all ones (remainder: the dividend), on overflow the dividend (remainder: zero).

// @ts-ignore: decorator
@inline export function div(hart: Hart, r: u64): void {
  const a = <i64>x1(hart, r);
  const b = <i64>x2(hart, r);
  setX(hart, r, <u64>(b == 0 ? -1 : b == -1 ? 0 - a : a / b));
}

// @ts-ignore: decorator
@inline export function divu(hart: Hart, r: u64): void {
  const a = <u64>x1(hart, r);
  const b = <u64>x2(hart, r);
  setX(hart, r, <u64>(b == 0 ? -1 : a / b));
}

// @ts-ignore: decorator
@inline export function rem(hart: Hart, r: u64): void {
  const a = <i64>x1(hart, r);
  const b = <i64>x2(hart, r);
  setX(hart, r, <u64>(b == 0 ? a : b == -1 ? 0 : a % b));
}

// @ts-ignore: decorator
@inline export function remu(hart: Hart, r: u64): void {
  const a = <u64>x1(hart, r);
  const b = <u64>x2(hart, r);
  setX(hart, r, <u64>(b == 0 ? a : a % b));
}

// @ts-ignore: decorator
@inline export function divw(hart: Hart, r: u64): void {
  const a = <i32>x1(hart, r);
  const b = <i32>x2(hart, r);
  // A variable of its own: inside the conversion asc would subtract in 64 bits.
  const quotient: i32 = b == 0 ? -1 : b == -1 ? 0 - a : a / b;
  setX(hart, r, <u64>(<i64>quotient));
}

// @ts-ignore: decorator
@inline export function remw(hart: Hart, r: u64): void {
  const a = <i32>x1(hart, r);
  const b = <i32>x2(hart, r);
  setX(hart, r, <u64>(<i64>(b == 0 ? a : b == -1 ? 0 : a % b)));
}

// @ts-ignore: decorator
@inline export function divuw(hart: Hart, r: u64): void {
  const a = <u32>x1(hart, r);
  const b = <u32>x2(hart, r);
  setX(hart, r, <u64>(<i64>(<i32>(b == 0 ? -1 : a / b))));
}

// @ts-ignore: decorator
@inline export function remuw(hart: Hart, r: u64): void {
  const a = <u32>x1(hart, r);
  const b = <u32>x2(hart, r);
  setX(hart, r, <u64>(<i64>(<i32>(b == 0 ? a : a % b))));
}
