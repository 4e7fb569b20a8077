/**
 * What held when the dispatcher last entered a region. Regions wait for the regions, and for the interpreted code, that they have called:
 * they may go on only as long as it all still holds, for each of them was checked against no less than that.
 */

import { Hart } from "../../state/state";
import { mode_holds } from "../cache/cache";

/** In place of the count of flushes: no waiting region may go on. */
const LEAVE: u64 = -1;

/** The dispatcher is about to enter a region. */
// @ts-ignore: decorator
@inline export function note_entered(hart: Hart): void {
  hart.enteredFlush = hart.countJumpFlush;
  hart.enteredFrm = hart.frm;
  hart.enteredPriv = hart.priv;
}

/** Whether regions that have been entered since then may go on. */
// @ts-ignore: decorator
@inline export function as_entered(hart: Hart): bool {
  return (
    hart.enteredFlush == hart.countJumpFlush &&
    hart.enteredPriv == hart.priv &&
    hart.enteredFrm == hart.frm &&
    mode_holds(hart)
  );
}

/** All regions that wait are to be left. */
export function leave_all(hart: Hart): void {
  hart.enteredFlush = LEAVE;
}
