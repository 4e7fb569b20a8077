/** How quiet the machine was, judged by the runs themselves. */

import type { Draft } from "./draft.ts";
import { isValid, nanosecondsOf } from "./finish.ts";
import type { Noise } from "./result.ts";
import { median, spread } from "./statistics.ts";

/** Below this share of the CPU something else wanted it, too. */
const FULL_SHARE = 0.93;
/** Load for each core at the beginning above which others are at work. */
const BUSY = 0.5;
const WIDE_SPREAD = 0.08;

/** What the loads and the runs of an entire study say. */
export function noiseOf(
  drafts: readonly Draft[],
  { load, cores, cpuTime }: { load: readonly number[]; cores: number; cpuTime: boolean },
): Noise {
  const valid = drafts.filter(isValid);
  // Direct execution has one thread and nothing to compile in the background.
  const direct = valid.filter(({ variant }) => variant === "native" || variant === "wasm");
  const shares = direct.flatMap(({ samples }) => samples.map(({ cpu, wall }) => cpu / wall));
  const cpuShare = cpuTime && shares.length > 0 ? Math.min(1, median(shares)) : null;
  const spreads = valid.filter(({ samples }) => samples.length > 2).map((draft) => spread(nanosecondsOf(draft)));
  const wide = spreads.length > 0 ? median(spreads) : 0;
  const reasons: string[] = [];
  if (load[0] !== undefined && load[0] > cores * BUSY) {
    reasons.push(`The load average was ${load[0].toFixed(1)} at the beginning, on ${cores} cores.`);
  }
  if (cpuShare !== null && cpuShare < FULL_SHARE) {
    reasons.push(`Single-threaded runs got ${(cpuShare * 100).toFixed(0)}% of a core.`);
  }
  if (wide > WIDE_SPREAD) {
    reasons.push(`Half of the samples of a cell lie ${(wide * 100).toFixed(0)}% apart, in the median over all cells.`);
  }
  return { noisy: reasons.length > 0, reasons, load: [...load], cpuShare, spread: wide };
}
