/** Zbkx: crossbar permutations. An index past the last element selects zero. */

import { Hart } from "../state/state";
import { setX, x1, x2 } from "../state/regs";

export function xperm4(hart: Hart, r: u64): void {
  const table = x1(hart, r);
  const indices = x2(hart, r);
  let result: u64 = 0;
  for (let at: u64 = 0; at < 64; at += 4) {
    const index = (indices >> at) & 15;
    result |= ((table >> (index << 2)) & 15) << at;
  }
  setX(hart, r, result);
}

export function xperm8(hart: Hart, r: u64): void {
  const table = x1(hart, r);
  const indices = x2(hart, r);
  let result: u64 = 0;
  for (let at: u64 = 0; at < 64; at += 8) {
    const index = (indices >> at) & 0xff;
    if (index < 8) result |= ((table >> (index << 3)) & 0xff) << at;
  }
  setX(hart, r, result);
}
