/** Zicond: conditional zeroing. */

import { Hart } from "../state/state";
import { setX, x1, x2 } from "../state/regs";

// @ts-ignore: decorator
@inline export function czero_eqz(hart: Hart, r: u64): void {
  setX(hart, r, select<u64>(x1(hart, r), 0, x2(hart, r) != 0));
}

// @ts-ignore: decorator
@inline export function czero_nez(hart: Hart, r: u64): void {
  setX(hart, r, select<u64>(x1(hart, r), 0, x2(hart, r) == 0));
}
