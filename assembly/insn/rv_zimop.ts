/** Zimop: may-be-operations, which write zero until an extension redefines them. */

import { Hart } from "../state/state";
import { setX } from "../state/regs";

// @ts-ignore: decorator
@inline export function mop_r(hart: Hart, r: u64): void {
  setX(hart, r, 0);
}

// @ts-ignore: decorator
@inline export function mop_rr(hart: Hart, r: u64): void {
  setX(hart, r, 0);
}
