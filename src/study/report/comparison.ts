/** A comparison of two studies, as text. */

import type { Change, Comparison } from "../compare.ts";
import { figure, times } from "./figures.ts";
import { alignedGrid } from "./text.ts";

/** Means first, then what changed, then what makes it doubtful. */
export function comparisonText({ changes, means, doubts }: Comparison): string {
  const parts: string[] = [];
  if (means.length > 0) {
    const rows = means.map(({ experiment, variant, before, after }) => [
      `${experiment}/${variant}`,
      times(before.median),
      times(after.median),
      percent(after.median / before.median),
    ]);
    const head = ["geometric means", "before", "after", "change"];
    parts.push(alignedGrid({ head, rows, left: new Set([0]) }));
  }
  const changed = changes.filter(({ significant }) => significant);
  if (changes.length === 0) parts.push("The two studies have no figure in common.");
  else if (changed.length === 0) parts.push(`None of ${changes.length} figures has changed significantly.`);
  else parts.push(changedGrid(changed), `${changed.length} of ${changes.length} figures have changed significantly.`);
  if (doubts.length > 0) parts.push(["Read this with care:", ...doubts].join("\n"));
  return `${parts.join("\n\n")}\n`;
}

function changedGrid(changed: readonly Change[]): string {
  const strongest = [...changed].sort((a, b) => strength(b) - strength(a));
  const rows = strongest.map((change) => [
    `${change.experiment}/${change.workload}${change.footprint === undefined ? "" : ` at ${change.footprint} KiB`}/${change.variant}`,
    times(change.before),
    times(change.after),
    percent(change.ratio.median),
    `${figure(change.ratio.low)} to ${figure(change.ratio.high)}`,
  ]);
  return alignedGrid({
    head: ["slowdowns", "before", "after", "change", "after / before, 95%"],
    rows,
    left: new Set([0]),
  });
}

function strength({ ratio }: Change): number {
  return Math.abs(Math.log(ratio.median));
}

/** `12.0% slower`. */
function percent(ratio: number): string {
  return `${figure(Math.abs(ratio - 1) * 100)}% ${ratio > 1 ? "slower" : "faster"}`;
}
