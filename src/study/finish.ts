/** From samples to figures: what is computed from what was measured. */

import type { Draft } from "./draft.ts";
import { BEST_RUNGS, PEERS } from "./ladder.ts";
import type { Cell, Estimate, ExperimentResult, Sample, Summary } from "./result.ts";
import { estimate, estimateMean, estimateRatio, type Pair } from "./statistics.ts";

/** Nanoseconds of CPU for each guest instruction in steady state, sample by sample. */
export function nanosecondsOf({ samples }: Pick<Cell, "samples">): number[] {
  return samples.map(({ steadyCpu, steadyInstructions }: Sample) => (steadyCpu * 1e6) / steadyInstructions);
}

/** Whether a cell has figures. */
export function isValid(cell: Pick<Cell, "voided" | "samples">): boolean {
  return cell.voided === undefined && cell.samples.length > 0;
}

/** The direct execution that slowdowns are relative to: the native cell, or the Wasm cell of the same workload. */
export function baselineOf<T extends Draft | Cell>(
  cells: readonly T[],
  cell: Draft,
  native: Summary["native"],
): T | undefined {
  const name = native === "gcc" ? "native" : "wasm";
  return cells.find(
    (other) =>
      other.variant === name &&
      other.workload === cell.workload &&
      other.footprint === cell.footprint &&
      isValid(other),
  );
}

/** Completes the cells of an experiment. */
export function finishCells(drafts: readonly Draft[], native: Summary["native"]): Cell[] {
  return drafts
    .filter(({ samples, voided, first }) => samples.length > 0 || voided !== undefined || first !== undefined)
    .map((draft) => {
      if (!isValid(draft)) return draft;
      const values = nanosecondsOf(draft);
      const baseline = baselineOf(drafts, draft, native);
      const nanoseconds = estimate(values);
      const slowdown = baseline && estimateRatio(values, nanosecondsOf(baseline));
      return { ...draft, ...(nanoseconds && { nanoseconds }), ...(slowdown && { slowdown }) };
    });
}

/** Times as slow as the baseline, by variant: geometric mean over the workloads that have both figures. */
export function meansOf({ cells, variants }: ExperimentResult, native: Summary["native"]): Map<string, Estimate> {
  const means = new Map<string, Estimate>();
  for (const { name } of variants) {
    const mean = estimateMean(pairsOf(cells, name, (cell) => baselineOf(cells, cell, native)));
    if (mean !== undefined) means.set(name, mean);
  }
  return means;
}

function pairsOf(cells: readonly Cell[], variant: string, other: (cell: Cell) => Cell | undefined): Pair[] {
  return cells.flatMap((cell) => {
    if (cell.variant !== variant || !isValid(cell)) return [];
    const baseline = other(cell);
    return baseline ? [{ values: nanosecondsOf(cell), baseline: nanosecondsOf(baseline) }] : [];
  });
}

/** QEMU's time over that of the engine's best rung, geometric mean. Undefined where either was not measured. */
export function versusQemu({ cells }: ExperimentResult): Estimate | undefined {
  const qemu = PEERS[0]!.name;
  const best = BEST_RUNGS.find((rung) => cells.some((cell) => cell.variant === rung && isValid(cell)));
  return estimateMean(
    pairsOf(cells, qemu, (cell) =>
      cells.find(
        (other) =>
          other.variant === best &&
          other.workload === cell.workload &&
          other.footprint === cell.footprint &&
          isValid(other),
      ),
    ),
  );
}

/** Cells without a valid figure, as the summary lists them. */
export function voidedCells(experiments: readonly ExperimentResult[]): string[] {
  return experiments.flatMap(({ name, cells }) =>
    cells
      .filter((cell) => cell.voided !== undefined)
      .map(({ workload, variant, footprint, voided }) => {
        const place = `${workload}${footprint === undefined ? "" : ` at ${footprint} KiB`}`;
        return `${name}/${place}/${variant}: ${voided}`;
      }),
  );
}

/** The figures that other programs watch, from the ladder. */
export function summaryOf(
  experiments: readonly ExperimentResult[],
  native: Summary["native"],
  voided: readonly string[],
): Summary {
  const ladder = experiments.find(({ name }) => name === "ladder");
  const means = ladder ? meansOf(ladder, native) : new Map<string, Estimate>();
  return {
    native,
    slowdown: Object.fromEntries([...means].map(([name, { median }]) => [name, rounded(median)])),
    versusQemu: rounded((ladder && versusQemu(ladder))?.median ?? null),
    voided,
  };
}

function rounded<T extends number | null>(value: T): T {
  return (value === null ? null : Number(value.toPrecision(4))) as T;
}
