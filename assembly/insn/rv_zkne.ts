/** Zkne: AES encryption, and the key schedule that Zkne and Zknd share. */

import { Hart } from "../state/state";
import { arg, setX, x1, x2 } from "../state/regs";
import { mix_columns, shift_sub, sub_word } from "./aes";

/** The round constants for rnum 0 to 9; rnum 10 uses none. */
const ROUND_CONSTANT = memory.data<u8>([0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0x1b, 0x36, 0x00]);

// @ts-ignore: decorator
@inline export function aes64es(hart: Hart, r: u64): void {
  setX(hart, r, shift_sub(x1(hart, r), x2(hart, r)));
}

// @ts-ignore: decorator
@inline export function aes64esm(hart: Hart, r: u64): void {
  setX(hart, r, mix_columns(shift_sub(x1(hart, r), x2(hart, r))));
}

/** The decoder lets only rnum 0 to 10 through. Round 10 is the second half of an AES-256 step: no rotation, no constant. */
export function aes64ks1i(hart: Hart, r: u64): void {
  const rnum = arg(r) & 0xff;
  const word = <u32>(x1(hart, r) >> 32);
  const rotated = rnum == 10 ? word : rotr<u32>(word, 8);
  const result = sub_word(rotated) ^ <u64>load<u8>(ROUND_CONSTANT + rnum);
  setX(hart, r, result | (result << 32));
}

// @ts-ignore: decorator
@inline export function aes64ks2(hart: Hart, r: u64): void {
  const b = x2(hart, r);
  const low = (x1(hart, r) >> 32) ^ (b & 0xffffffff);
  setX(hart, r, low | ((low ^ (b >> 32)) << 32));
}
