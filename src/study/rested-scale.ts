/** Finds the scale of a workload on a VM that translates: a run must go on well beyond the moment when the JavaScript engine is at rest. */

import type { Outcome } from "./measure.ts";
import { isAtRest, REST_MILLISECONDS } from "./rest.ts";
import { roundScaleUp } from "./scale.ts";

/** A run whose instructions are counted. */
export type Measured = Outcome & { readonly steadyInstructions: number };

/** What a search begins with, and what it is to find. */
export interface RestedSearch {
  /** The first scale to try. */
  readonly first: number;
  /** Nanoseconds for an instruction known before; a run in which it is much less shows that the engine is still warming up. */
  readonly before: number;
  /** Guest instructions for each unit of scale. */
  readonly perUnit: number;
  /** Milliseconds of CPU that the steady part should last, if they are not too few. */
  readonly steady: number;
  /** Milliseconds that a run has to translate. */
  readonly translating: number;
}

/** The shortest steady part, in milliseconds of CPU: with the time until rest it is longer than V8 was seen to leave all code to its baseline compiler. */
const SHORTEST_STEADY = 150;
const MOST_TRIES = 9;
const GROWTH = 8;
/** Of the time for an instruction in the try before: below it, the engine is still warming up. */
const SETTLED = 0.7;
/** The part of what was wanted that a steady part must have lasted for a try to tell enough. */
const STEADY_ENOUGH = 0.5;
/** The try, as a multiple of what is wanted, after which no larger one is made. */
const FAR_TOO_LONG = 4;
/** Milliseconds of CPU after which a run that still translates is taken as it is. */
const LONGEST_WARM_UP = 1500;
/** The part of a steady state that translating may take. */
const STILL_TRANSLATING = 0.15;

/** Whether next to nothing is translated in the steady part. */
export function isSteady({ steadyTranslating = 0, steadyCpu }: Outcome): boolean {
  return steadyTranslating <= steadyCpu * STILL_TRANSLATING;
}

/**
 * Tries larger and larger scales until a run's steady part is steady: nothing much is translated in it, the engine was at rest, and it is
 * not much faster than in the try before. The scale is such that a run would go beyond rest by `steady` even if it were as fast from its
 * start on: how long the engine is slow differs from run to run.
 */
export async function restedScale(search: RestedSearch, run: (scale: number) => Promise<Measured>): Promise<number> {
  const steady = Math.max(SHORTEST_STEADY, search.steady);
  const longest = (REST_MILLISECONDS + steady + search.translating) * FAR_TOO_LONG;
  let { first: scale, before } = search;
  for (let tries = 1; ; tries++) {
    const tried = await run(scale);
    const nanoseconds = (tried.steadyCpu * 1e6) / tried.steadyInstructions;
    const wanted = roundScaleUp(((REST_MILLISECONDS + steady) * 1e6) / (search.perUnit * nanoseconds));
    const larger = Math.min(scale * GROWTH, Math.max(wanted, scale));
    if (tries === MOST_TRIES || tried.cpu > (isSteady(tried) ? longest : LONGEST_WARM_UP)) return scale;
    const settled = isSteady(tried) && isAtRest(tried) && nanoseconds > before * SETTLED;
    if (settled && tried.steadyCpu >= steady * STEADY_ENOUGH) return Math.min(wanted, larger);
    before = nanoseconds;
    scale = roundScaleUp(Math.max(larger, scale * 2));
  }
}
