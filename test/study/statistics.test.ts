import { describe, expect, it } from "vitest";
import {
  estimate,
  estimateMean,
  estimateRatio,
  estimateRatioOfRatios,
  geometricMean,
  median,
  outliersOf,
  spread,
} from "../../src/study/statistics.ts";

describe("statistics", () => {
  it("takes the middle value, or the mean of the middle two", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it("means ratios geometrically", () => {
    expect(geometricMean([2, 8])).toBeCloseTo(4, 12);
    expect(geometricMean([0.5, 2])).toBeCloseTo(1, 12);
  });

  it("calls values beyond Tukey's fences outliers, and keeps them in the median", () => {
    const values = [10, 11, 10, 12, 11, 40];
    expect(outliersOf(values)).toEqual([40]);
    expect(estimate(values)).toMatchObject({ median: 11, outliers: [40] });
    expect(outliersOf([1, 100, 10_000])).toEqual([]);
  });

  it("measures spread by the quartiles", () => {
    expect(spread([7, 7, 7, 7])).toBe(0);
    expect(spread([8, 9, 10, 11, 12])).toBeCloseTo(0.2, 12);
  });

  it("gives an interval that holds the median and narrows with agreement", () => {
    const wide = estimate([8, 9, 10, 11, 12])!;
    const narrow = estimate([9.9, 10, 10, 10, 10.1])!;
    expect(wide.low).toBeLessThan(wide.median);
    expect(wide.high).toBeGreaterThan(wide.median);
    expect(narrow.high - narrow.low).toBeLessThan(wide.high - wide.low);
    expect(estimate([])).toBeUndefined();
  });

  it("gives the same interval for the same samples", () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6];
    expect(estimate(values)).toEqual(estimate(values));
  });

  it("relates two sets of samples by their medians", () => {
    expect(estimateRatio([20, 22, 21], [10, 11, 10.5])).toMatchObject({ median: 2 });
    expect(estimateRatio([1], [])).toBeUndefined();
  });

  it("means ratios of several workloads, with an interval", () => {
    const mean = estimateMean([
      { values: [20, 20, 20], baseline: [10, 10, 10] },
      { values: [80, 80, 80], baseline: [10, 10, 10] },
    ])!;
    expect(mean.median).toBeCloseTo(4, 12);
    expect(mean.low).toBeCloseTo(4, 12);
    expect(estimateMean([])).toBeUndefined();
  });

  it("tells a change from none by whether the interval leaves out 1", () => {
    const before = { values: [20, 21, 20, 19], baseline: [10, 10, 10, 10] };
    const slower = { values: [30, 31, 30, 29], baseline: [10, 10, 10, 10] };
    expect(estimateRatioOfRatios(slower, before).low).toBeGreaterThan(1);
    const same = estimateRatioOfRatios(before, before);
    expect(same.low).toBeLessThanOrEqual(1);
    expect(same.high).toBeGreaterThanOrEqual(1);
  });
});
