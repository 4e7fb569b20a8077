/** The report for a terminal: what a reader wants first. */

import type { StudyResult } from "../result.ts";
import { figure } from "./figures.ts";
import { type Grid, meansGrid, sectionGrid, nanosecondsText, slowdownText, workloadGrid } from "./grid.ts";

/** Columns aligned with spaces. */
export function alignedGrid({ head, rows, left }: Grid): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? "").length)));
  return lines
    .map((line) =>
      widths
        .map((width, column) => {
          const text = line[column] ?? "";
          return left.has(column) ? text.padEnd(width) : text.padStart(width);
        })
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Everything that fits a terminal. */
export function textReport(result: StudyResult): string {
  const { summary, about, experiments, sections, notes } = result;
  const parts: string[] = [];
  for (const experiment of experiments) {
    parts.push(`${experiment.title}. ${experiment.question}`);
    parts.push(alignedGrid(meansGrid(experiment, summary.native)));
    const related = experiment.cells.some(({ slowdown }) => slowdown !== undefined);
    if (related) parts.push(alignedGrid(workloadGrid(experiment, slowdownText)));
    else
      parts.push(`Nanoseconds for each guest instruction:\n${alignedGrid(workloadGrid(experiment, nanosecondsText))}`);
    if (experiment.notes.length > 0) parts.push(experiment.notes.join("\n"));
  }
  for (const section of sections) parts.push([section.title, "", alignedGrid(sectionGrid(section))].join("\n"));
  const native = summary.native === "gcc" ? "the same C compiled by gcc -O2" : "the same C compiled to Wasm";
  const clock = about.host.cpuTime ? "CPU time, user and system" : "wall time";
  const closing = [`Slowdowns are times ${native}, steady state, ${clock}; medians, geometric means.`];
  if (summary.versusQemu !== null)
    closing.push(`QEMU's time over ours, geometric mean: ${figure(summary.versusQemu)}.`);
  closing.push(`${about.host.cpu}, ${about.host.cores} cores; ${about.host.engine}; ${about.seconds} s.`);
  closing.push(...notes);
  if (about.noise.noisy) closing.push("THE MACHINE WAS NOISY; read the figures with care:", ...about.noise.reasons);
  if (summary.voided.length > 0) closing.push("VOID, a result was wrong or missing:", ...summary.voided);
  return `${[...parts, closing.join("\n")].join("\n\n")}\n`;
}
