/** The report as one page that needs nothing else: tables, and plots as SVG. */

import { meansOf } from "../finish.ts";
import { BEST_RUNGS } from "../ladder.ts";
import type { ExperimentResult, StudyResult, TableSection } from "../result.ts";
import { times } from "./figures.ts";
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
import { picturesOf, type PlotSpec } from "./plots.ts";
import { facts, method, qemuText, warnings } from "./prose.ts";
import { STYLE } from "./style.ts";

/** Makes an SVG of a Vega-Lite specification. */
export type DrawPlot = (spec: PlotSpec) => Promise<string>;

/** The page. */
export async function htmlReport(result: StudyResult, draw: DrawPlot): Promise<string> {
  const experiments = await Promise.all(
    result.experiments.map((experiment) => experimentHtml(experiment, result, draw)),
  );
  const title = "Interpretation against translation, measured";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p class="lead">Every workload on every technique of virtualization, as option sets of one engine, against the same source run directly. Measured with <code>wasmvisor study</code>.</p>
${warnings(result)
  .map((text) => `<p class="warning">${escape(text)}</p>`)
  .join("\n")}
${cards(result)}
${contents(result)}
</header>
<main>
${experiments.join("\n")}
${result.sections.map(sectionHtml).join("\n")}
<section id="method"><h2>Method</h2>
${paragraphs(method(result))}
${grid({ head: ["", ""], rows: facts(result), left: new Set([0, 1]) }, "facts")}
${result.notes.length > 0 ? `<h3>Left out</h3>${notes(result.notes)}` : ""}
</section>
</main>
</body>
</html>
`;
}

/** The figures to take home. */
function cards(result: StudyResult): string {
  const ladder = result.experiments.find(({ name }) => name === "ladder");
  const means = ladder && meansOf(ladder, result.summary.native);
  const card = (value: string, text: string) =>
    `<div class="card"><b>${escape(value)}</b><span>${escape(text)}</span></div>`;
  const of = (name: string, text: string) => {
    const mean = means?.get(name);
    return mean ? [card(times(mean.median), text)] : [];
  };
  const best = BEST_RUNGS.find((rung) => means?.has(rung));
  const qemu = result.summary.versusQemu;
  const all = [
    ...of("interpret", "slower than direct execution: decoding every time"),
    ...of("predecode", "decoding once"),
    ...(best ? of(best, "translated, everything on") : []),
    ...of("wasm", "the same C compiled to Wasm: the ceiling"),
    ...(qemu === null ? [] : [card(times(qemu), `QEMU's time over ours${qemuRange(result)}`)]),
  ];
  return all.length > 0 ? `<div class="cards">${all.join("")}</div>` : "";
}

function qemuRange(result: StudyResult): string {
  const range = /\(.*\)/.exec(qemuText(result) ?? "")?.[0];
  return range ? ` ${range}` : "";
}

function contents({ experiments, sections }: StudyResult): string {
  const links = [...experiments, ...sections].map(
    ({ name, title }) => `<a href="#${escape(name)}">${escape(title)}</a>`,
  );
  return `<nav>${links.join("")}<a href="#method">Method</a></nav>`;
}

async function experimentHtml(experiment: ExperimentResult, { summary }: StudyResult, draw: DrawPlot): Promise<string> {
  const pictures = await Promise.all(
    picturesOf(experiment, summary.native).map(
      async ({ title, spec }) =>
        `<figure><figcaption>${escape(title)}</figcaption><div class="plot" role="img" aria-label="${escape(title)}">${await draw(spec)}</div></figure>`,
    ),
  );
  const counters = countersGrid(experiment);
  const outliers = outliersGrid(experiment);
  const wide = experiment.variants.length > 6;
  const [first = "", ...others] = pictures;
  return `<section id="${escape(experiment.name)}"><h2>${escape(experiment.title)}</h2>
<p class="question">${escape(experiment.question)}</p>
${first}
${grid(meansGrid(experiment, summary.native), "means")}
${others.join("\n")}
${folded("Slowdown by workload", grid(workloadGrid(experiment, wide ? slowdownText : slowdownLong)), true)}
${notes(experiment.notes)}
${folded("Nanoseconds for each guest instruction", grid(workloadGrid(experiment, nanosecondsText)))}
${folded("Time to the first result, ms", grid(workloadGrid(experiment, firstText)))}
${counters ? folded("What the engine counted, for each million guest instructions", grid(counters)) : ""}
${outliers ? folded("Outliers", grid(outliers)) : ""}
</section>`;
}

/** Columns that fit beside each other in the page's column. */
const WIDE = 8;

function sectionHtml(section: TableSection): string {
  return `<section id="${escape(section.name)}"><h2>${escape(section.title)}</h2>
${paragraphs(section.intro)}
${grid(sectionGrid(section), section.columns.length > WIDE ? "wide" : "")}
${notes(section.notes)}
</section>`;
}

function notes(texts: readonly string[]): string {
  return texts.length > 0 ? `<ul>${texts.map((text) => `<li>${escape(text)}</li>`).join("")}</ul>` : "";
}

function folded(title: string, content: string, open = false): string {
  return `<details${open ? " open" : ""}><summary>${escape(title)}</summary>${content}</details>`;
}

function grid({ head, rows, left }: Grid, kind = ""): string {
  const cell = (tag: string, text: string, column: number) =>
    `<${tag}${left.has(column) ? ' class="left"' : ""}>${escape(text)}</${tag}>`;
  const line = (tag: string, cells: readonly string[]) =>
    `<tr>${cells.map((text, column) => cell(column === 0 && tag === "td" ? "th" : tag, text, column)).join("")}</tr>`;
  const titled = head.some((title) => title !== "") ? `<thead>${line("th", head)}</thead>` : "";
  return `<div class="table ${kind}"><table>${titled}<tbody>${rows.map((row) => line("td", row)).join("\n")}</tbody></table></div>`;
}

function paragraphs(texts: readonly string[]): string {
  return texts.map((text) => `<p>${escape(text)}</p>`).join("\n");
}

/** Names and messages are not ours alone: nothing of them is markup. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`);
}
