/** Medians, bootstrap confidence intervals and geometric means. All of it is deterministic: the same samples give the same figures. */

import type { Estimate } from "./result.ts";

const RESAMPLES = 1000;
const CONFIDENCE = 0.95;

/** The median; of an even number of values the mean of the middle two. NaN for none. */
export function median(values: readonly number[]): number {
  return quantile(sorted(values), 0.5);
}

/** The geometric mean of positive values. NaN for none. */
export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Values further than three times the interquartile range's half from the median (Tukey's fences lie at about that). */
export function outliersOf(values: readonly number[]): number[] {
  if (values.length < 4) return [];
  const order = sorted(values);
  const [q1, q3] = [quantile(order, 0.25), quantile(order, 0.75)];
  const reach = 1.5 * (q3 - q1);
  return values.filter((value) => value < q1 - reach || value > q3 + reach);
}

/** (third quartile - first quartile) / median: 0 when all are the same. NaN for none. */
export function spread(values: readonly number[]): number {
  const order = sorted(values);
  return (quantile(order, 0.75) - quantile(order, 0.25)) / quantile(order, 0.5);
}

/** The median with its confidence interval. Undefined for no values. */
export function estimate(values: readonly number[]): Estimate | undefined {
  if (values.length === 0) return undefined;
  const random = new Random();
  return interval(median(values), outliersOf(values), () => median(resampled(values, random)));
}

/** Median of `values` over median of `baseline`, with the interval of the ratio. Undefined where either is empty. */
export function estimateRatio(values: readonly number[], baseline: readonly number[]): Estimate | undefined {
  if (values.length === 0 || baseline.length === 0) return undefined;
  const random = new Random();
  const by = median(baseline);
  const outliers = outliersOf(values).map((value) => value / by);
  return interval(
    median(values) / by,
    outliers,
    () => median(resampled(values, random)) / median(resampled(baseline, random)),
  );
}

/** What a geometric mean is taken of: the samples of one workload, and of its baseline. */
export interface Pair {
  readonly values: readonly number[];
  readonly baseline: readonly number[];
}

/** The geometric mean over workloads of the ratios of medians, with its interval. Undefined for no pairs. */
export function estimateMean(pairs: readonly Pair[]): Estimate | undefined {
  if (pairs.length === 0) return undefined;
  const random = new Random();
  const once = (pick: (values: readonly number[]) => readonly number[]) =>
    geometricMean(pairs.map(({ values, baseline }) => median(pick(values)) / median(pick(baseline))));
  return interval(
    once((values) => values),
    [],
    () => once((values) => resampled(values, random)),
  );
}

/** How many times larger one ratio of medians is than another, with its interval. */
export function estimateRatioOfRatios(after: Pair, before: Pair): Estimate {
  const random = new Random();
  const once = (pick: (values: readonly number[]) => readonly number[]) => {
    const of = ({ values, baseline }: Pair) => median(pick(values)) / median(pick(baseline));
    return of(after) / of(before);
  };
  return interval(
    once((values) => values),
    [],
    () => once((values) => resampled(values, random)),
  );
}

/** The middle 95% of what `resample` gives, by the percentile method. */
function interval(value: number, outliers: readonly number[], resample: () => number): Estimate {
  const order = sorted(Array.from({ length: RESAMPLES }, resample));
  const tail = (1 - CONFIDENCE) / 2;
  return { median: value, low: quantile(order, tail), high: quantile(order, 1 - tail), outliers };
}

function resampled(values: readonly number[], random: Random): number[] {
  return values.map(() => values[random.below(values.length)]!);
}

function sorted(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

/** The value below which `part` (0 to 1) of a sorted list lies, interpolated. */
function quantile(order: readonly number[], part: number): number {
  const position = (order.length - 1) * part;
  const below = order[Math.floor(position)] ?? NaN;
  const above = order[Math.ceil(position)] ?? NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** xorshift32, always from the same seed. */
class Random {
  #state = 0x2545f491;

  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }
}
