/** Zknh: the SHA-256 and SHA-512 functions of FIPS 180-4. */

import { Hart } from "../state/state";
import { setX, x1 } from "../state/regs";
import { sext32 } from "./bits";

// @ts-ignore: decorator
@inline export function sha256sum0(hart: Hart, r: u64): void {
  const v = <u32>x1(hart, r);
  setX(hart, r, sext32(rotr<u32>(v, 2) ^ rotr<u32>(v, 13) ^ rotr<u32>(v, 22)));
}

// @ts-ignore: decorator
@inline export function sha256sum1(hart: Hart, r: u64): void {
  const v = <u32>x1(hart, r);
  setX(hart, r, sext32(rotr<u32>(v, 6) ^ rotr<u32>(v, 11) ^ rotr<u32>(v, 25)));
}

// @ts-ignore: decorator
@inline export function sha256sig0(hart: Hart, r: u64): void {
  const v = <u32>x1(hart, r);
  setX(hart, r, sext32(rotr<u32>(v, 7) ^ rotr<u32>(v, 18) ^ (v >> 3)));
}

// @ts-ignore: decorator
@inline export function sha256sig1(hart: Hart, r: u64): void {
  const v = <u32>x1(hart, r);
  setX(hart, r, sext32(rotr<u32>(v, 17) ^ rotr<u32>(v, 19) ^ (v >> 10)));
}

// @ts-ignore: decorator
@inline export function sha512sum0(hart: Hart, r: u64): void {
  const v = x1(hart, r);
  setX(hart, r, rotr<u64>(v, 28) ^ rotr<u64>(v, 34) ^ rotr<u64>(v, 39));
}

// @ts-ignore: decorator
@inline export function sha512sum1(hart: Hart, r: u64): void {
  const v = x1(hart, r);
  setX(hart, r, rotr<u64>(v, 14) ^ rotr<u64>(v, 18) ^ rotr<u64>(v, 41));
}

// @ts-ignore: decorator
@inline export function sha512sig0(hart: Hart, r: u64): void {
  const v = x1(hart, r);
  setX(hart, r, rotr<u64>(v, 1) ^ rotr<u64>(v, 8) ^ (v >> 7));
}

// @ts-ignore: decorator
@inline export function sha512sig1(hart: Hart, r: u64): void {
  const v = x1(hart, r);
  setX(hart, r, rotr<u64>(v, 19) ^ rotr<u64>(v, 61) ^ (v >> 6));
}
