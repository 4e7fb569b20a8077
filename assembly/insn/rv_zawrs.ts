/** Zawrs: waiting for another hart to write to the reserved location. */

import { Hart, Vm } from "../state/state";
import { raise_illegal } from "../hart/illegal";
import { ask_exit } from "../state/raise";
import { has_reservation } from "../hart/reservation";
import { Exit, Priv } from "../shared/constants";
import { Status } from "../shared/csr";

/** Only another hart can change what this one waits for: let them run. A hart alone goes on at once. */
// @ts-ignore: decorator
@inline function let_others_run(hart: Hart): void {
  if (has_reservation(hart) && changetype<Vm>(<usize>hart.vm).hartCount > 1) ask_exit(hart, Exit.YIELD);
}

/** WRS.NTO may wait for ever, so mstatus.TW forbids it below M mode, as it does WFI. */
export function wrs_nto(hart: Hart, _r: u64): void {
  if (hart.mstatus & Status.TW && hart.priv != Priv.M) raise_illegal(hart);
  else let_others_run(hart);
}

export function wrs_sto(hart: Hart, _r: u64): void {
  let_others_run(hart);
}
