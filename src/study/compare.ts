/** What changed between two studies, and whether it is more than chance. */

import { baselineOf, isValid, meansOf, nanosecondsOf } from "./finish.ts";
import type { Cell, Estimate, ExperimentResult, StudyResult } from "./result.ts";
import { estimateRatioOfRatios } from "./statistics.ts";

/** One figure in both studies. */
export interface Change {
  readonly experiment: string;
  readonly workload: string;
  readonly variant: string;
  readonly footprint?: number;
  /** Slowdown against direct execution, each in its own run. */
  readonly before: number;
  readonly after: number;
  /** `after` over `before`, with its interval. */
  readonly ratio: Estimate;
  /** Whether the interval leaves out 1, and the change is larger than `NEGLIGIBLE`. */
  readonly significant: boolean;
}

/** All of it. */
export interface Comparison {
  readonly changes: readonly Change[];
  /** Geometric means by rung of each experiment. */
  readonly means: readonly {
    readonly experiment: string;
    readonly variant: string;
    readonly before: Estimate;
    readonly after: Estimate;
  }[];
  /** What makes the comparison doubtful: sentences. */
  readonly doubts: readonly string[];
}

/** Smaller changes are nothing to speak of, even when they are certain. */
const NEGLIGIBLE = 0.02;

/** Compares slowdowns, which are ratios within each run; times of two runs are not compared. */
export function compareStudies(before: StudyResult, after: StudyResult): Comparison {
  const both = before.experiments.flatMap((experiment) => {
    const other = after.experiments.find(({ name }) => name === experiment.name);
    return other ? [[experiment, other] as const] : [];
  });
  return {
    changes: both.flatMap(([a, b]) => changesOf(a, b, before.summary.native, after.summary.native)),
    means: both.flatMap(([a, b]) => {
      const means = meansOf(b, after.summary.native);
      return [...meansOf(a, before.summary.native)].flatMap(([variant, mean]) => {
        const other = means.get(variant);
        return other ? [{ experiment: a.name, variant, before: mean, after: other }] : [];
      });
    }),
    doubts: doubtsOf(before, after),
  };
}

function changesOf(
  a: ExperimentResult,
  b: ExperimentResult,
  nativeOfA: StudyResult["summary"]["native"],
  nativeOfB: StudyResult["summary"]["native"],
): Change[] {
  return a.cells.flatMap((cell) => {
    const other = b.cells.find((candidate) => isSame(candidate, cell));
    const [base, otherBase] = [baselineOf(a.cells, cell, nativeOfA), other && baselineOf(b.cells, other, nativeOfB)];
    if (!other || !base || !otherBase || !isValid(cell) || !isValid(other) || cell.variant === base.variant) return [];
    const ratio = estimateRatioOfRatios(
      { values: nanosecondsOf(other), baseline: nanosecondsOf(otherBase) },
      { values: nanosecondsOf(cell), baseline: nanosecondsOf(base) },
    );
    const significant = (ratio.low > 1 || ratio.high < 1) && Math.abs(ratio.median - 1) > NEGLIGIBLE;
    const { workload, variant, footprint } = cell;
    const place = { workload, variant, ...(footprint === undefined ? {} : { footprint }) };
    const [was, is] = [cell.slowdown?.median ?? NaN, other.slowdown?.median ?? NaN];
    return [{ experiment: a.name, ...place, before: was, after: is, ratio, significant }];
  });
}

function isSame(a: Cell, b: Cell): boolean {
  return a.workload === b.workload && a.variant === b.variant && a.footprint === b.footprint;
}

function doubtsOf(before: StudyResult, after: StudyResult): string[] {
  const doubts: string[] = [];
  const differs = (what: string, a: string, b: string) => {
    if (a !== b) doubts.push(`${what} differs: ${a} before, ${b} after.`);
  };
  differs("The machine", before.about.host.cpu, after.about.host.cpu);
  differs("The JavaScript engine", before.about.host.engine, after.about.host.engine);
  differs("Direct execution", before.summary.native, after.summary.native);
  for (const [name, { about, summary }] of [
    ["first", before],
    ["second", after],
  ] as const) {
    if (about.noise.noisy) doubts.push(`The machine was noisy in the ${name} study.`);
    if (summary.voided.length > 0) doubts.push(`The ${name} study has ${summary.voided.length} void figures.`);
  }
  return doubts;
}
