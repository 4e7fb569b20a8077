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
