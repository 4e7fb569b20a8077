/**
 * A: load-reserved, store-conditional and atomic memory operations. Harts of a VM take turns in one thread, so a plain
 * load and store are atomic. Misaligned addresses raise, as QEMU's do.
 */

import { Hart } from "../state/state";
import { setX, x1, x2 } from "../state/regs";
import { reserve, take_reservation } from "../hart/reservation";
import { amo_address, lr_address } from "../mem/vmem";
import { sext32 } from "./bits";

// @ts-ignore: decorator
@inline export function lr_w(hart: Hart, r: u64): void {
  const ma = lr_address(hart, x1(hart, r), 4);
  if (!ma) return;
  const value = sext32(load<u32>(ma));
  reserve(hart, x1(hart, r), ma, value);
  setX(hart, r, value);
}

// @ts-ignore: decorator
@inline export function lr_d(hart: Hart, r: u64): void {
  const ma = lr_address(hart, x1(hart, r), 8);
  if (!ma) return;
  const value = load<u64>(ma);
  reserve(hart, x1(hart, r), ma, value);
  setX(hart, r, value);
}

// @ts-ignore: decorator
@inline export function sc_w(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 4);
  if (!ma) return;
  const success = take_reservation(hart, x1(hart, r), ma, sext32(load<u32>(ma)));
  if (success) store<u32>(ma, <u32>x2(hart, r));
  setX(hart, r, u64(!success));
}

// @ts-ignore: decorator
@inline export function sc_d(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 8);
  if (!ma) return;
  const success = take_reservation(hart, x1(hart, r), ma, load<u64>(ma));
  if (success) store<u64>(ma, x2(hart, r));
  setX(hart, r, u64(!success));
}

// @ts-ignore: decorator
@inline export function amoswap_w(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 4);
  if (!ma) return;
  const a = load<u32>(ma);
  store<u32>(ma, <u32>x2(hart, r));
  setX(hart, r, sext32(a));
}

// @ts-ignore: decorator
@inline export function amoswap_d(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 8);
  if (!ma) return;
  const a = load<u64>(ma);
  store<u64>(ma, x2(hart, r));
  setX(hart, r, a);
}

// @ts-ignore: decorator
@inline export function amoadd_w(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 4);
  if (!ma) return;
  const a = load<u32>(ma);
  const b = <u32>x2(hart, r);
  store<u32>(ma, a + b);
  setX(hart, r, sext32(a));
}

// @ts-ignore: decorator
@inline export function amoadd_d(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 8);
  if (!ma) return;
  const a = load<u64>(ma);
  const b = x2(hart, r);
  store<u64>(ma, a + b);
  setX(hart, r, a);
}

// @ts-ignore: decorator
@inline export function amoxor_w(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 4);
  if (!ma) return;
  const a = load<u32>(ma);
  const b = <u32>x2(hart, r);
  store<u32>(ma, a ^ b);
  setX(hart, r, sext32(a));
}

// @ts-ignore: decorator
@inline export function amoxor_d(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 8);
  if (!ma) return;
  const a = load<u64>(ma);
  const b = x2(hart, r);
  store<u64>(ma, a ^ b);
  setX(hart, r, a);
}

// @ts-ignore: decorator
@inline export function amoand_w(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 4);
  if (!ma) return;
  const a = load<u32>(ma);
  const b = <u32>x2(hart, r);
  store<u32>(ma, a & b);
  setX(hart, r, sext32(a));
}

// @ts-ignore: decorator
@inline export function amoand_d(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 8);
  if (!ma) return;
  const a = load<u64>(ma);
  const b = x2(hart, r);
  store<u64>(ma, a & b);
  setX(hart, r, a);
}

// @ts-ignore: decorator
@inline export function amoor_w(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 4);
  if (!ma) return;
  const a = load<u32>(ma);
  const b = <u32>x2(hart, r);
  store<u32>(ma, a | b);
  setX(hart, r, sext32(a));
}

// @ts-ignore: decorator
@inline export function amoor_d(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 8);
  if (!ma) return;
  const a = load<u64>(ma);
  const b = x2(hart, r);
  store<u64>(ma, a | b);
  setX(hart, r, a);
}

// @ts-ignore: decorator
@inline export function amomin_w(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 4);
  if (!ma) return;
  const a = load<u32>(ma);
  const b = <u32>x2(hart, r);
  store<u32>(ma, select<u32>(a, b, <i32>a < <i32>b));
  setX(hart, r, sext32(a));
}

// @ts-ignore: decorator
@inline export function amomin_d(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 8);
  if (!ma) return;
  const a = load<u64>(ma);
  const b = x2(hart, r);
  store<u64>(ma, select<u64>(a, b, <i64>a < <i64>b));
  setX(hart, r, a);
}

// @ts-ignore: decorator
@inline export function amomax_w(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 4);
  if (!ma) return;
  const a = load<u32>(ma);
  const b = <u32>x2(hart, r);
  store<u32>(ma, select<u32>(a, b, <i32>a > <i32>b));
  setX(hart, r, sext32(a));
}

// @ts-ignore: decorator
@inline export function amomax_d(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 8);
  if (!ma) return;
  const a = load<u64>(ma);
  const b = x2(hart, r);
  store<u64>(ma, select<u64>(a, b, <i64>a > <i64>b));
  setX(hart, r, a);
}

// @ts-ignore: decorator
@inline export function amominu_w(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 4);
  if (!ma) return;
  const a = load<u32>(ma);
  const b = <u32>x2(hart, r);
  store<u32>(ma, select<u32>(a, b, a < b));
  setX(hart, r, sext32(a));
}

// @ts-ignore: decorator
@inline export function amominu_d(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 8);
  if (!ma) return;
  const a = load<u64>(ma);
  const b = x2(hart, r);
  store<u64>(ma, select<u64>(a, b, a < b));
  setX(hart, r, a);
}

// @ts-ignore: decorator
@inline export function amomaxu_w(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 4);
  if (!ma) return;
  const a = load<u32>(ma);
  const b = <u32>x2(hart, r);
  store<u32>(ma, select<u32>(a, b, a > b));
  setX(hart, r, sext32(a));
}

// @ts-ignore: decorator
@inline export function amomaxu_d(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 8);
  if (!ma) return;
  const a = load<u64>(ma);
  const b = x2(hart, r);
  store<u64>(ma, select<u64>(a, b, a > b));
  setX(hart, r, a);
}
