/** Zbkb: bit manipulation for cryptography (what Zbb does not have already). */

import { Hart } from "../state/state";
import { setX, x1, x2 } from "../state/regs";
import { bitrev_bytes, sext32 } from "./bits";

// @ts-ignore: decorator
@inline export function pack(hart: Hart, r: u64): void {
  setX(hart, r, <u64>(<u32>x1(hart, r)) | (x2(hart, r) << 32));
}

// @ts-ignore: decorator
@inline export function packh(hart: Hart, r: u64): void {
  setX(hart, r, (x1(hart, r) & 0xff) | ((x2(hart, r) & 0xff) << 8));
}

// @ts-ignore: decorator
@inline export function packw(hart: Hart, r: u64): void {
  setX(hart, r, sext32((<u32>x1(hart, r) & 0xffff) | ((<u32>x2(hart, r)) << 16)));
}

// @ts-ignore: decorator
@inline export function brev8(hart: Hart, r: u64): void {
  setX(hart, r, bitrev_bytes(x1(hart, r)));
}
