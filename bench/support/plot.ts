/** Plots of benchmarks, as SVG. */

import { parse, resetSVGDefIds, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";

/** One mark. */
export type Point = Readonly<Record<string, string | number>>;

/** What is drawn over what, by names of the points' entries. */
export interface Axes {
  readonly x: string;
  readonly y: string;
  /** What tells lines apart. */
  readonly line: string;
  /** What tells panels apart, which stand side by side. Default: there is one. */
  readonly panel?: string;
  /** Whether each panel has a scale of its own, and its name says what is drawn. */
  readonly own?: boolean;
  /** Default: a line. Bars of one x stand side by side. */
  readonly mark?: "line" | "bar";
  /** Of both axes. */
  readonly logarithmic?: boolean;
}

const INK = { labelColor: "#344054", titleColor: "#344054" };
const CONFIG = {
  font: "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif",
  aria: false,
  background: "white",
  padding: 12,
  view: { stroke: null },
  axis: { gridColor: "#e4e7ec", domainColor: "#98a2b3", tickColor: "#98a2b3", ...INK },
  header: { title: null, labelFontWeight: 600, labelColor: "#344054" },
  legend: { orient: "top", labelLimit: 320, columns: 2, ...INK },
};
const COLOURS = ["#1570ef", "#e8590c", "#32a467", "#7559c2"];

/** A logarithmic scale with few lines: what was measured on the x axis, and three to a power of ten at most on the y axis. */
function logarithms(points: readonly Point[], { x, y }: Axes) {
  const scale = { type: "log", nice: false, padding: 12 };
  const most = Math.max(...points.map((point) => Number(point[y])));
  const steps = [1, 3].flatMap((step) => [1, 10, 100, 1000, 10_000].map((power) => step * power));
  return {
    x: { scale, axis: { values: [...new Set(points.map((point) => point[x]))], format: "~s", labelOverlap: false } },
    y: { scale, axis: { values: steps.filter((step) => step < 3 * most), format: "~s", labelOverlap: false } },
  };
}

function encodingOf(points: readonly Point[], axes: Axes) {
  const { x, y, line, own, mark, logarithmic } = axes;
  const more = logarithmic === true ? logarithms(points, axes) : { x: {}, y: {} };
  const bars = { x: { field: x, type: "ordinal", axis: { labelAngle: 0 } }, xOffset: { field: line, sort: null } };
  const lines = { x: { field: x, type: "quantitative", axis: { tickMinStep: 1, format: "~s" }, ...more.x } };
  return {
    ...(mark === "bar" ? bars : lines),
    y: { field: y, type: "quantitative", axis: { tickCount: 6 }, ...(own === true ? { title: null } : {}), ...more.y },
    color: { field: line, type: "nominal", title: null, sort: null, scale: { range: COLOURS } },
  };
}

function specOf(points: readonly Point[], axes: Axes): TopLevelSpec {
  const { panel, own, mark = "line" } = axes;
  const view = {
    width: panel === undefined ? 560 : 290,
    height: 240,
    mark: mark === "bar" ? { type: mark } : { type: mark, point: true, strokeWidth: 2 },
    encoding: encodingOf(points, axes),
  };
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    config: CONFIG,
    data: { values: points },
    ...(panel === undefined ? view : { facet: { field: panel, sort: null }, spec: view, columns: 2 }),
    ...(own === true ? { resolve: { scale: { y: "independent" } } } : {}),
  } as unknown as TopLevelSpec;
}

/** The plot as SVG: the same for the same points. */
export async function svgOf(points: readonly Point[], axes: Axes): Promise<string> {
  resetSVGDefIds();
  const view = new View(parse(compile(specOf(points, axes)).spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return svg;
}
