/** Zknd: AES decryption. */

import { Hart } from "../state/state";
import { setX, x1, x2 } from "../state/regs";
import { inverse_mix_columns, inverse_shift_sub } from "./aes";

// @ts-ignore: decorator
@inline export function aes64ds(hart: Hart, r: u64): void {
  setX(hart, r, inverse_shift_sub(x1(hart, r), x2(hart, r)));
}

// @ts-ignore: decorator
@inline export function aes64dsm(hart: Hart, r: u64): void {
  setX(hart, r, inverse_mix_columns(inverse_shift_sub(x1(hart, r), x2(hart, r))));
}

// @ts-ignore: decorator
@inline export function aes64im(hart: Hart, r: u64): void {
  setX(hart, r, inverse_mix_columns(x1(hart, r)));
}
