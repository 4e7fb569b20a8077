/** When the JavaScript engine has come to rest: what it is to compile of a VM's emitted code is optimized, and its threads are idle. */

import type { VmConfig } from "../index.ts";
import type { Outcome } from "./measure.ts";
import type { Sample } from "./result.ts";

/**
 * Milliseconds of wall time from a VM's start, beside those in which it translated, before which nothing is steady. V8 runs emitted code
 * by its baseline compiler at first, 5 to 30 times slower, and evenly so. On two cores its optimized code came 100 to 480 ms after the start,
 * and no clock showed that it was still to come: for most of that time no thread was at work on it.
 */
export const REST_MILLISECONDS = 500;
/** CPU time over wall time in the steady part above which the engine's threads still compile. */
const BUSY_THREADS = 1.15;
/** An instruction's time in the first half of the steady part over that in the second, above which optimized code came in between. */
const QUICKENED = 1.5;

/** Whether a VM with these options runs emitted code. */
export function translates({ engine }: Partial<VmConfig>): boolean {
  return engine !== "interpreter" && engine !== "interpret";
}

/** Whether the engine had come to rest before the steady part of a run that translates. */
export function isAtRest(outcome: Outcome): boolean {
  const { steadyAfter = 0, steadyCpu, steadyWall, steadyQuickened = 1 } = outcome;
  return steadyAfter >= REST_MILLISECONDS && steadyCpu <= steadyWall * BUSY_THREADS && steadyQuickened <= QUICKENED;
}

/** Says how many samples had not come to rest, if there are any: their figures are too high. */
export function restSentences(cells: readonly { readonly samples: readonly Sample[] }[]): string[] {
  const samples = cells.flatMap((cell) => cell.samples);
  const restless = samples.filter((sample) => sample.restless).length;
  if (restless === 0) return [];
  return [
    `In ${restless} of ${samples.length} samples the JavaScript engine had not come to rest: they may show too much.`,
  ];
}
