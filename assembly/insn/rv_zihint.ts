/** Zihintpause: a spin loop says that it waits for another hart. */

import { Hart, Vm } from "../state/state";
import { Exit } from "../shared/constants";

/** Lets the other harts run; a hart alone goes on at once. */
export function pause(hart: Hart, _r: u64): void {
  if (changetype<Vm>(<usize>hart.vm).hartCount == 1) return;
  hart.exitReason = Exit.YIELD;
  hart.attention = 1;
}
