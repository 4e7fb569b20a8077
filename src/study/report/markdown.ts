/** The report as Markdown: every table, no plots. */

import type { ExperimentResult, StudyResult } from "../result.ts";
import {
  countersGrid,
  firstText,
  type Grid,
  meansGrid,
  nanosecondsText,
  outliersGrid,
  sectionGrid,
  slowdownLong,
  slowdownText,
  workloadGrid,
} from "./grid.ts";
import { facts, method, qemuText, warnings } from "./prose.ts";

/** All of it. */
export function markdownReport(result: StudyResult): string {
  const qemu = qemuText(result);
  const parts = [
    "# Interpretation against translation, measured",
    ...warnings(result).map((text) => `> **${escape(text)}**`),
    markdownGrid({ head: ["", ""], rows: facts(result), left: new Set([0, 1]) }),
    ...(qemu ? [`QEMU's time over ours, geometric mean: **${qemu}**`] : []),
    ...result.experiments.flatMap((experiment) => experimentParts(experiment, result)),
    ...result.sections.flatMap((section) => [
      `## ${escape(section.title)}`,
      ...section.intro.map(escape),
      markdownGrid(sectionGrid(section)),
      ...section.notes.map((note) => `- ${escape(note)}`),
    ]),
    "## Method",
    ...method(result),
    ...(result.notes.length > 0 ? ["## Left out", result.notes.map((note) => `- ${escape(note)}`).join("\n")] : []),
  ];
  return `${parts.join("\n\n")}\n`;
}

function experimentParts(experiment: ExperimentResult, { summary }: StudyResult): string[] {
  const counters = countersGrid(experiment);
  const outliers = outliersGrid(experiment);
  const wide = experiment.variants.length > 6;
  return [
    `## ${escape(experiment.title)}`,
    escape(experiment.question),
    markdownGrid(meansGrid(experiment, summary.native)),
    "### Slowdown by workload",
    markdownGrid(workloadGrid(experiment, wide ? slowdownText : slowdownLong)),
    ...experiment.notes.map((note) => `- ${escape(note)}`),
    "### Nanoseconds for each guest instruction",
    markdownGrid(workloadGrid(experiment, nanosecondsText)),
    "### Time to the first result, ms",
    markdownGrid(workloadGrid(experiment, firstText)),
    ...(counters ? ["### What the engine counted, for each million guest instructions", markdownGrid(counters)] : []),
    ...(outliers ? ["### Outliers", markdownGrid(outliers)] : []),
  ];
}

function markdownGrid({ head, rows, left }: Grid): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escape).join(" | ")} |`;
  const rule = head.map((_, column) => (left.has(column) ? "---" : "--:"));
  return [line(head), `|${rule.join("|")}|`, ...rows.map(line)].join("\n");
}

/** Names and messages are not ours alone: nothing of them is markup. */
function escape(text: string): string {
  return text.replace(/[|<>\\`*_[\]]/g, "\\$&").replace(/\s*\n\s*/g, " ");
}
