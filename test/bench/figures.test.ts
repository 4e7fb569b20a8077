/** The figures of the papers: one of them is measured in its quick form and drawn. The others are run by people. */

import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { FIGURES, measure } from "../../bench/figures.ts";
import { svgOf } from "../../bench/support/plot.ts";
import { buildDist } from "../../scripts/build-dist.mjs";

beforeAll(() => buildDist(), 120_000);

const marks = (svg: string): number => svg.match(/<path [^>]*transform="translate\([^)]*\)" d="M[^"]*A/g)?.length ?? 0;

test("rounds of a migration are measured, get smaller, and are drawn, the same each time", async () => {
  const { rows, plot } = measure("rounds", true);
  expect(rows).toHaveLength(1);
  const pages = plot.points.filter(({ panel }) => panel === "pages sent").map(({ value }) => Number(value));
  expect(pages.length).toBeGreaterThan(1);
  expect(pages[0]).toBeGreaterThan(6000);
  expect(pages.at(-1)).toBeLessThan(6000);
  expect(rows[0]!.got).toBe(`${pages.join(", ")} pages`);
  const svg = await svgOf(plot.points, plot.axes);
  expect(svg).toMatch(/^<svg [^]*<\/svg>$/);
  // A mark for each, and one in the legend.
  expect(marks(svg)).toBe(plot.points.length + 1);
  expect(svg).toContain("pages stored to a second");
  expect(await svgOf(plot.points, plot.axes)).toBe(svg);
});

test("the document shows every figure", () => {
  const text = readFileSync(new URL("../../docs/study/figures.md", import.meta.url), "utf8");
  for (const name of FIGURES) expect(text).toContain(`(figures/${name}.svg)`);
});
