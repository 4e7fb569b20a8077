/** Scales that make a run last about as long as wanted. */

const STEPS = [1, 2, 5];
const LARGEST = 1e9;

/** The largest of 1, 2, 5, 10, 20, 50 … that is not above `most`, and at least 1. So variants often share a scale. */
export function roundScale(most: number): number {
  let best = 1;
  for (let power = 1; power <= LARGEST; power *= 10) {
    for (const step of STEPS) if (step * power <= most) best = step * power;
  }
  return best;
}

/** How much less than wanted a scale may be before the next one is taken: that is up to 2.5 times as large. */
const NEAR = 0.8;

/** The smallest of 1, 2, 5, 10, 20, 50 … that is not far below `least`. */
export function roundScaleUp(least: number): number {
  const below = roundScale(least);
  return below >= least * NEAR ? below : roundScale(below * 2.5);
}

/**
 * The scale at which a run takes about `milliseconds`, given guest instructions for each unit of scale and nanoseconds for
 * each of them.
 */
export function scaleFor(milliseconds: number, perUnit: number, nanoseconds: number): number {
  return roundScale((milliseconds * 1e6) / (perUnit * nanoseconds));
}
