/** How a run comes back to the host in time, whatever its instructions cost: slow work is counted. */

import { Hart } from "../state/state";
import { Exit } from "../shared/constants";
import { ask_exit } from "../state/raise";

/**
 * Call for each piece of work that is not a plain instruction: what the loops leave to the slow tail, an entry of translated code,
 * a miss that it calls out for. True when the run has had as much of it as `vm.workMax` says: it then ends with `Exit.PAUSE`, unless
 * it ends for something else. Counted, not timed, so that where it ends depends on the guest alone.
 */
// @ts-ignore: decorator
@inline export function work_done(hart: Hart): bool {
  const left = hart.work - 1;
  hart.work = left;
  return left == 0 && pause(hart);
}

function pause(hart: Hart): bool {
  if (!hart.exitReason) ask_exit(hart, Exit.PAUSE);
  return true;
}
