/** Zacas: atomic compare-and-swap. The compared value comes from rd, which receives what memory held. */

import { HartField } from "../state/layout";
import { Hart } from "../state/state";
import { base, getX, setX, x1, x2, xd } from "../state/regs";
import { amo_address } from "../mem/vmem";
import { sext32 } from "./bits";

// @ts-ignore: decorator
@inline export function amocas_w(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 4);
  if (!ma) return;
  const held = load<u32>(ma);
  if (held == <u32>xd(hart, r)) store<u32>(ma, <u32>x2(hart, r));
  setX(hart, r, sext32(held));
}

// @ts-ignore: decorator
@inline export function amocas_d(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 8);
  if (!ma) return;
  const held = load<u64>(ma);
  if (held == xd(hart, r)) store<u64>(ma, x2(hart, r));
  setX(hart, r, held);
}

/** The second register of the even/odd pair whose first is at byte offset `offset` in `hart.x`; zero for the pair of x0. */
// @ts-ignore: decorator
@inline function odd(hart: Hart, offset: u32): u64 {
  return offset ? getX(hart, (offset >> 3) + 1) : 0;
}

/** 128 bits; rd and rs2 name the even registers of pairs (the decoder refuses odd ones). */
export function amocas_q(hart: Hart, r: u64): void {
  const ma = amo_address(hart, x1(hart, r), 16);
  if (!ma) return;
  const rd = ((<u32>r >> 8) + 8) & 0xff;
  const rs2 = <u32>r >> 24;
  const low = load<u64>(ma);
  const high = load<u64>(ma, 8);
  if (low == xd(hart, r) && high == odd(hart, rd)) {
    store<u64>(ma, x2(hart, r));
    store<u64>(ma, odd(hart, rs2), 8);
  }
  if (!rd) return;
  setX(hart, r, low);
  store<u64>(base(hart) + rd, high, HartField.x + 8);
}
