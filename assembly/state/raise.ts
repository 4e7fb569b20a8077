/** Raising exceptions and asking for exits: an instruction leaves a note in the hart and returns, the run loop acts on it. */

import { Hart } from "./state";
import { Cause } from "../shared/constants";

/** Notes an exception for the instruction at `hart.runPc`. The caller returns; nothing unwinds by itself. */
// @ts-ignore: decorator
@inline export function raise(hart: Hart, cause: u32, tval: u64): void {
  hart.trapCause = cause;
  hart.trapTval = tval;
}

/** Whether the present instruction has raised an exception. */
// @ts-ignore: decorator
@inline export function trapped(hart: Hart): bool {
  return hart.trapCause != Cause.NONE;
}

/** Takes back the exception that has been noted, if there is one, and says whether there was: for who only wanted to see. */
// @ts-ignore: decorator
@inline export function trap_forgotten(hart: Hart): bool {
  const raised = trapped(hart);
  hart.trapCause = Cause.NONE;
  return raised;
}

/** Asks for `hart_run` to return `exit` when the present instruction is done. */
// @ts-ignore: decorator
@inline export function ask_exit(hart: Hart, exit: u32): void {
  hart.exitReason = exit;
  hart.attention = 1;
}
