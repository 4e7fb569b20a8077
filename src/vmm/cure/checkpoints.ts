/** When checkpoints are taken. */

import { WasmvisorError } from "../../error.ts";
import { known } from "../known.ts";

/** Checkpoints that are taken by themselves. Each takes the place of the one before. */
export interface CheckpointOptions {
  /** Milliseconds from one to the next, 100 to 86,400,000; a VM that does not run keeps the last one. */
  readonly every: number;
}

/**
 * What is asked for.
 * @throws WasmvisorError `option`
 */
export function checkCheckpoints(options: CheckpointOptions | undefined): CheckpointOptions | undefined {
  if (options === undefined) return undefined;
  const { every } = known({ code: "option", where: "checkpoints" }, options, ["every"]);
  if (Number.isInteger(every) && (every as number) >= 100 && (every as number) <= 86_400_000) return options;
  const sentence = `checkpoints.every is a whole number of milliseconds from 100 to 86400000, not ${String(every)}.`;
  throw new WasmvisorError("option", sentence, { key: "checkpoints.every", value: every });
}
