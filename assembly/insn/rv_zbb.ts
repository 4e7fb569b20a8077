/** Zbb: basic bit manipulation. */

import { Hart } from "../state/state";
import { imm, setX, x1, x2 } from "../state/regs";
import { sext32 } from "./bits";

// @ts-ignore: decorator
@inline export function andn(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) & ~x2(hart, r));
}

// @ts-ignore: decorator
@inline export function orn(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) | ~x2(hart, r));
}

// @ts-ignore: decorator
@inline export function xnor(hart: Hart, r: u64): void {
  setX(hart, r, ~(x1(hart, r) ^ x2(hart, r)));
}

// @ts-ignore: decorator
@inline export function clz(hart: Hart, r: u64): void {
  setX(hart, r, <u64>i64.clz(<i64>x1(hart, r)));
}

// @ts-ignore: decorator
@inline export function clzw(hart: Hart, r: u64): void {
  setX(hart, r, <u64>i32.clz(<i32>x1(hart, r)));
}

// @ts-ignore: decorator
@inline export function ctz(hart: Hart, r: u64): void {
  setX(hart, r, <u64>i64.ctz(<i64>x1(hart, r)));
}

// @ts-ignore: decorator
@inline export function ctzw(hart: Hart, r: u64): void {
  setX(hart, r, <u64>i32.ctz(<i32>x1(hart, r)));
}

// @ts-ignore: decorator
@inline export function cpop(hart: Hart, r: u64): void {
  setX(hart, r, <u64>i64.popcnt(<i64>x1(hart, r)));
}

// @ts-ignore: decorator
@inline export function cpopw(hart: Hart, r: u64): void {
  setX(hart, r, <u64>i32.popcnt(<i32>x1(hart, r)));
}

// @ts-ignore: decorator
@inline export function max(hart: Hart, r: u64): void {
  const a = x1(hart, r);
  const b = x2(hart, r);
  setX(hart, r, select<u64>(a, b, <i64>a > <i64>b));
}

// @ts-ignore: decorator
@inline export function maxu(hart: Hart, r: u64): void {
  const a = x1(hart, r);
  const b = x2(hart, r);
  setX(hart, r, select<u64>(a, b, a > b));
}

// @ts-ignore: decorator
@inline export function min(hart: Hart, r: u64): void {
  const a = x1(hart, r);
  const b = x2(hart, r);
  setX(hart, r, select<u64>(a, b, <i64>a < <i64>b));
}

// @ts-ignore: decorator
@inline export function minu(hart: Hart, r: u64): void {
  const a = x1(hart, r);
  const b = x2(hart, r);
  setX(hart, r, select<u64>(a, b, a < b));
}

// @ts-ignore: decorator
@inline export function sext_b(hart: Hart, r: u64): void {
  setX(hart, r, <u64>(<i64>(<i8>x1(hart, r))));
}

// @ts-ignore: decorator
@inline export function sext_h(hart: Hart, r: u64): void {
  setX(hart, r, <u64>(<i64>(<i16>x1(hart, r))));
}

// @ts-ignore: decorator
@inline export function zext_h(hart: Hart, r: u64): void {
  setX(hart, r, x1(hart, r) & 0xffff);
}

// @ts-ignore: decorator
@inline export function rol(hart: Hart, r: u64): void {
  setX(hart, r, rotl<u64>(x1(hart, r), x2(hart, r)));
}

// @ts-ignore: decorator
@inline export function rolw(hart: Hart, r: u64): void {
  setX(hart, r, sext32(rotl<u32>(<u32>x1(hart, r), <u32>x2(hart, r))));
}

// @ts-ignore: decorator
@inline export function ror(hart: Hart, r: u64): void {
  setX(hart, r, rotr<u64>(x1(hart, r), x2(hart, r)));
}

// @ts-ignore: decorator
@inline export function rori(hart: Hart, r: u64): void {
  setX(hart, r, rotr<u64>(x1(hart, r), <u64>imm(r)));
}

// @ts-ignore: decorator
@inline export function rorw(hart: Hart, r: u64): void {
  setX(hart, r, sext32(rotr<u32>(<u32>x1(hart, r), <u32>x2(hart, r))));
}

// @ts-ignore: decorator
@inline export function roriw(hart: Hart, r: u64): void {
  setX(hart, r, sext32(rotr<u32>(<u32>x1(hart, r), <u32>imm(r))));
}

// @ts-ignore: decorator
@inline export function orc_b(hart: Hart, r: u64): void {
  const v = x1(hart, r);
  // Adding 0x7f to the low seven bits carries into bit 7 unless they are all zero; carries never leave a byte.
  const top = (((v & 0x7f7f7f7f7f7f7f7f) + 0x7f7f7f7f7f7f7f7f) | v) & 0x8080808080808080;
  setX(hart, r, (top >> 7) * 0xff);
}

// @ts-ignore: decorator
@inline export function rev8(hart: Hart, r: u64): void {
  setX(hart, r, bswap<u64>(x1(hart, r)));
}
