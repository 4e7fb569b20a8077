/** Tables, before they are text, Markdown or HTML. */

import { meansOf } from "../finish.ts";
import type { Cell, ExperimentResult, Summary, TableSection } from "../result.ts";
import { figure, times, timesWithInterval } from "./figures.ts";

/** A table of strings; the first column is to the left, the others to the right unless said otherwise. */
export interface Grid {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Columns whose text begins on the left. */
  readonly left: ReadonlySet<number>;
}

const FIRST = new Set([0]);

/** The ladder in one look: each variant's geometric means. */
export function meansGrid(experiment: ExperimentResult, native: Summary["native"]): Grid {
  const means = meansOf(experiment, native);
  const cellsOf = (variant: string) => experiment.cells.filter((cell) => cell.variant === variant && !cell.voided);
  return {
    head: ["", "slowdown", "95% interval", "workloads", "what it is"],
    rows: experiment.variants.map(({ name, explains }) => {
      const mean = means.get(name);
      const interval = mean ? `${figure(mean.low)} to ${figure(mean.high)}` : "–";
      return [name, times(mean?.median), interval, String(cellsOf(name).length), explains];
    }),
    left: new Set([0, 4]),
  };
}

/** What is in a cell of a workload table. */
export type CellText = (cell: Cell) => string;

/** Slowdowns in short. */
export const slowdownText: CellText = (cell) => (cell.voided ? "void" : times(cell.slowdown?.median));
/** Slowdowns with their intervals. */
export const slowdownLong: CellText = (cell) => (cell.voided ? "void" : timesWithInterval(cell.slowdown));
/** Nanoseconds for each guest instruction. */
export const nanosecondsText: CellText = (cell) => (cell.voided ? "void" : figure(cell.nanoseconds?.median));
/** Milliseconds to the first result. */
export const firstText: CellText = (cell) => (cell.voided ? "void" : figure(cell.first?.wall));

/** Workloads (and footprints) down, variants across. */
export function workloadGrid({ cells, variants }: ExperimentResult, text: CellText): Grid {
  const places = new Map<string, Cell[]>();
  for (const cell of cells) {
    const place = cell.footprint === undefined ? cell.workload : `${cell.workload}, ${cell.footprint} KiB`;
    places.set(place, [...(places.get(place) ?? []), cell]);
  }
  return {
    head: ["", ...variants.map(({ name }) => name)],
    rows: [...places].map(([place, here]) => [
      place,
      ...variants.map(({ name }) => {
        const cell = here.find(({ variant }) => variant === name);
        return cell ? text(cell) : "";
      }),
    ]),
    left: FIRST,
  };
}

/** A section's table. */
export function sectionGrid({ columns, rows }: TableSection): Grid {
  const left = new Set<number>();
  columns.forEach(({ key }, index) => {
    if (rows.some((row) => typeof row[key] === "string")) left.add(index);
  });
  return {
    head: columns.map(({ title, unit }) => (unit === undefined ? title : `${title}, ${unit}`)),
    rows: rows.map((row) =>
      columns.map(({ key }) => {
        const value = row[key];
        return typeof value === "number" ? figure(value) : (value ?? "");
      }),
    ),
    left,
  };
}

/** What the engine counted, for each million guest instructions, summed over the workloads: rungs across, counters down. */
export function countersGrid({ cells, variants }: ExperimentResult): Grid | undefined {
  const counted = variants.filter(({ name }) => cells.some((cell) => cell.variant === name && hasCounters(cell)));
  const sums = counted.map(({ name }) => summed(cells.filter((cell) => cell.variant === name && hasCounters(cell))));
  const keys = [...new Set(sums.flatMap((sum) => [...sum.keys()]))];
  const rows = keys
    .filter((key) => !UNTOLD.has(key) && sums.some((sum) => (sum.get(key) ?? 0) > 0))
    .map((key) => [key, ...sums.map((sum) => figure(((sum.get(key) ?? 0) * 1e6) / (sum.get("instructions") ?? 1)))]);
  return rows.length === 0 ? undefined : { head: ["", ...counted.map(({ name }) => name)], rows, left: FIRST };
}

/** Counters that say nothing when they are related to instructions. */
const UNTOLD: ReadonlySet<string> = new Set([
  "instructions",
  "busyMilliseconds",
  "touchedBytes",
  "translator.longestMilliseconds",
]);

function hasCounters({ counters, voided }: Cell): boolean {
  return counters !== undefined && voided === undefined;
}

function summed(cells: readonly Cell[]): Map<string, number> {
  const sum = new Map<string, number>();
  for (const { counters = {} } of cells) {
    for (const [key, value] of Object.entries(counters)) sum.set(key, (sum.get(key) ?? 0) + value);
  }
  return sum;
}

/** Cells with samples far from the others. */
export function outliersGrid({ cells }: ExperimentResult): Grid | undefined {
  const rows = cells.flatMap(({ workload, variant, nanoseconds, voided }) => {
    if (voided !== undefined || !nanoseconds || nanoseconds.outliers.length === 0) return [];
    return [[workload, variant, figure(nanoseconds.median), nanoseconds.outliers.map(figure).join(", ")]];
  });
  if (rows.length === 0) return undefined;
  return {
    head: ["workload", "variant", "median, ns", "outliers, ns for each guest instruction"],
    rows,
    left: new Set([0, 1]),
  };
}
