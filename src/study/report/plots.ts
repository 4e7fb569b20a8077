/** Vega-Lite specifications of the report's plots. */

import type { Plot } from "../experiment.ts";
import { meansOf, nanosecondsOf } from "../finish.ts";
import { TEXTBOOK } from "../ladder.ts";
import type { Cell, ExperimentResult, Sample, StudyResult, Summary } from "../result.ts";
import { times } from "./figures.ts";

/** A Vega-Lite specification: plain data. */
export type PlotSpec = Readonly<Record<string, unknown>>;

/** A plot with its title. */
export interface Picture {
  readonly title: string;
  readonly spec: PlotSpec;
}

const SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json";
const FONT = "system-ui, -apple-system, 'Segoe UI', 'Liberation Sans', sans-serif";
const CONFIG = {
  font: FONT,
  background: "transparent",
  view: { stroke: null },
  axis: {
    gridColor: "#e4e7ec",
    domainColor: "#98a2b3",
    tickColor: "#98a2b3",
    labelColor: "#344054",
    titleColor: "#344054",
  },
  header: { labelFontSize: 12, labelFontWeight: 600, labelColor: "#101828", title: null },
  legend: { labelColor: "#344054", titleColor: "#344054", orient: "top" },
};

/** Colours that tell techniques apart: interpreters, steps of translation, direct execution, others. */
const COLOURS: Readonly<Record<string, string>> = {
  interpret: "#b42318",
  predecode: "#e8590c",
  translate: "#a78bda",
  cache: "#8f74d1",
  chain: "#7559c2",
  indirect: "#5b3fae",
  regions: "#1570ef",
  tiered: "#0b4aa8",
  wasm: "#32a467",
  native: "#1c7c45",
  nested: "#b42318",
  "pa-tlb": "#e8590c",
  shadow: "#b7791f",
  tlb: "#7559c2",
  "micro-tlb": "#2aa1b8",
  window: "#1570ef",
  merged: "#0b4aa8",
};
const OTHER_COLOURS = [
  "#667085",
  "#98a2b3",
  "#475467",
  "#b7791f",
  "#0e7490",
  "#9d174d",
  "#4d7c0f",
  "#1570ef",
  "#7559c2",
];

/** Colours for names: fixed ones for the ladder's rungs, others in turn. */
function palette(names: readonly string[]) {
  let next = 0;
  return { domain: names, range: names.map((name) => COLOURS[name] ?? OTHER_COLOURS[next++ % OTHER_COLOURS.length]!) };
}

/** One value of a plot. */
interface Point {
  readonly workload: string;
  readonly variant: string;
  readonly footprint?: number;
  readonly value?: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
}

const QUANTITY_TITLES: Readonly<Record<Plot["quantity"], string>> = {
  slowdown: "times direct execution",
  nanoseconds: "ns for each guest instruction",
  "first-result": "ms until the result at scale 1",
  "warm-up": "ms of CPU spent on warming up",
};

const MEANS = "Geometric means over the workloads";

/** The ladder in one picture; undefined when it was not measured. */
export function meansPicture({ experiments, summary }: StudyResult): Picture | undefined {
  const ladder = experiments.find(({ name }) => name === "ladder");
  return ladder && { title: MEANS, spec: meansSpec(ladder, summary.native) };
}

/** The pictures of an experiment. */
export function picturesOf(experiment: ExperimentResult, native: Summary["native"]): Picture[] {
  const pictures = experiment.plots.flatMap((plot) => {
    const points = pointsOf(experiment, plot.quantity);
    return points.length === 0 ? [] : [{ title: plot.title, spec: specOf(plot, experiment, points) }];
  });
  if (experiment.name !== "ladder") return pictures;
  const means: Picture = { title: MEANS, spec: meansSpec(experiment, native) };
  const timeline = timelineSpec(experiment);
  return [means, ...pictures, ...(timeline ? [{ title: "Warming up: speed over time", spec: timeline }] : [])];
}

function specOf(plot: Plot, experiment: ExperimentResult, points: readonly Point[]): PlotSpec {
  switch (plot.kind) {
    case "bars":
      return barsSpec(plot, experiment, points);
    case "footprint-curves":
      return footprintSpec(plot, experiment, points);
    case "value-curves":
      return valueSpec(plot, points);
  }
}

/** A value for each valid cell. */
function pointsOf({ cells, variants }: ExperimentResult, quantity: Plot["quantity"]): Point[] {
  return cells.flatMap((cell) => {
    const figure = cell.voided === undefined ? quantityOf(cell, quantity) : undefined;
    if (figure === undefined || !(figure.y > 0)) return [];
    const { workload, variant, footprint } = cell;
    const value = variants.find(({ name }) => name === variant)?.value;
    return [
      {
        workload,
        variant,
        ...(footprint !== undefined && { footprint }),
        ...(value !== undefined && { value }),
        ...figure,
      },
    ];
  });
}

function quantityOf(cell: Cell, quantity: Plot["quantity"]): Pick<Point, "y" | "low" | "high"> | undefined {
  switch (quantity) {
    case "slowdown":
    case "nanoseconds": {
      const estimate = cell[quantity];
      return estimate && { y: estimate.median, low: estimate.low, high: estimate.high };
    }
    case "first-result":
      return cell.first && { y: cell.first.wall };
    case "warm-up":
      return cell.counters && cell.first && { y: warmUpOf(cell.samples) };
  }
}

function warmUpOf(samples: readonly Sample[]): number {
  const order = samples.map(({ warmUp }) => warmUp).sort((a, b) => a - b);
  return order[order.length >> 1] ?? 0;
}

const log = (extra: object = {}) => ({ type: "log", nice: true, ...extra });

/** Lines at the textbooks' figures. */
function textbookLayer(labels: boolean): object[] {
  const data = { values: TEXTBOOK };
  const x = { field: "slowdown", type: "quantitative" };
  const rule = { data, mark: { type: "rule", strokeDash: [4, 3], color: "#d92d20", opacity: 0.7 }, encoding: { x } };
  const mark = {
    type: "text",
    align: "left",
    baseline: "middle",
    angle: -35,
    dx: 2,
    dy: -4,
    color: "#d92d20",
    fontSize: 10,
  };
  const text = { data, mark, encoding: { x, y: { value: 0 }, text: { field: "label" } } };
  return labels ? [rule, text] : [rule];
}

/** Horizontal bars from 1x, for each variant's mean. */
function meansSpec(experiment: ExperimentResult, native: Summary["native"]): PlotSpec {
  const means = meansOf(experiment, native);
  const names = experiment.variants.map(({ name }) => name).filter((name) => means.has(name));
  const values = names.map((variant) => {
    const { median, low, high } = means.get(variant)!;
    return { variant, y: median, low, high, label: times(median), one: 1 };
  });
  const y = {
    field: "variant",
    type: "nominal",
    sort: names,
    title: null,
    axis: { labelFontSize: 12, labelLimit: 200 },
  };
  const x = {
    field: "y",
    type: "quantitative",
    scale: log({ domainMin: 1 }),
    title: "times direct execution (log scale)",
  };
  const color = { field: "variant", type: "nominal", scale: palette(names), legend: null };
  return {
    $schema: SCHEMA,
    config: CONFIG,
    width: 700,
    height: { step: 26 },
    data: { values },
    layer: [
      { mark: { type: "bar", height: 17, cornerRadiusEnd: 2 }, encoding: { y, x, x2: { field: "one" }, color } },
      ...textbookLayer(true),
      {
        mark: { type: "rule", color: "#101828" },
        encoding: { y, x: { field: "low", type: "quantitative" }, x2: { field: "high" } },
      },
      {
        mark: { type: "text", align: "left", dx: 7, fontWeight: 600, color: "#101828" },
        encoding: { y, x: { field: "high", type: "quantitative" }, text: { field: "label" } },
      },
    ],
  };
}

/** A small multiple for each workload, a bar for each variant, a dot for each sample. */
function barsSpec(plot: Plot, experiment: ExperimentResult, points: readonly Point[]): PlotSpec {
  const names = experiment.variants
    .map(({ name }) => name)
    .filter((name) => points.some(({ variant }) => variant === name));
  const places = experiment.workloads.filter((name) => points.some(({ workload }) => workload === name));
  const base = plot.quantity === "slowdown" ? 1 : Math.min(...points.map(({ y }) => y)) * 0.7;
  const y = { field: "variant", type: "nominal", sort: names, title: null, axis: { labelLimit: 150 } };
  const x = {
    field: "y",
    type: "quantitative",
    scale: log({ nice: false }),
    title: null,
    axis: { tickCount: 5, format: "~s" },
  };
  const color = { field: "variant", type: "nominal", scale: palette(names), legend: null };
  const dots = plot.quantity === "slowdown" ? sampleDots(experiment) : [];
  return {
    $schema: SCHEMA,
    config: CONFIG,
    title: {
      text: `${QUANTITY_TITLES[plot.quantity]}, log scale`,
      fontSize: 11,
      fontWeight: 400,
      color: "#475467",
      anchor: "start",
    },
    data: {
      values: [
        ...points.map((point) => ({ ...point, base, kind: "bar" })),
        ...dots.map((dot) => ({ ...dot, kind: "dot" })),
      ],
    },
    facet: { field: "workload", type: "nominal", sort: places },
    columns: 3,
    spacing: { row: 18, column: 16 },
    spec: {
      width: 190,
      height: { step: 14 },
      layer: [
        {
          transform: [{ filter: "datum.kind === 'bar'" }],
          mark: { type: "bar", height: 9 },
          encoding: { y, x, x2: { field: "base" }, color },
        },
        ...(plot.textbook ? textbookLayer(false) : []),
        {
          transform: [{ filter: "datum.kind === 'dot'" }],
          mark: { type: "point", size: 8, filled: true, color: "#101828", opacity: 0.55 },
          encoding: { y, x },
        },
      ],
    },
  };
}

/** Every sample, so that outliers show. */
function sampleDots({ cells }: ExperimentResult): Point[] {
  return cells.flatMap((cell) => {
    const { nanoseconds, slowdown, workload, variant, voided } = cell;
    if (voided !== undefined || nanoseconds === undefined || slowdown === undefined) return [];
    const scale = slowdown.median / nanoseconds.median;
    return nanosecondsOf(cell).map((value) => ({ workload, variant, y: value * scale }));
  });
}

/** A label for a number of KiB. */
const BYTES = "datum.value < 1024 ? datum.value + ' KiB' : datum.value / 1024 + ' MiB'";

/** A curve for each variant over the footprint, for each workload. */
function footprintSpec(plot: Plot, experiment: ExperimentResult, points: readonly Point[]): PlotSpec {
  const names = experiment.variants.map(({ name }) => name);
  const x = {
    field: "footprint",
    type: "quantitative",
    scale: log({ base: 2, nice: false }),
    title: "footprint",
    axis: { values: [...new Set(points.map(({ footprint }) => footprint))], labelExpr: BYTES },
  };
  const color = { field: "variant", type: "nominal", scale: palette(names), title: null, sort: names };
  const { spec, ...rest } = curves(plot, points, x, color);
  if (experiment.workloads.length === 1) return { ...rest, ...(spec as object), width: 640 };
  return { ...rest, spec, facet: { field: "workload", type: "nominal" }, columns: 2 };
}

/** A curve for each workload over the variants' values. */
function valueSpec(plot: Plot, points: readonly Point[]): PlotSpec {
  const stepped = points.filter(({ value }) => value !== undefined);
  const values = [...new Set(stepped.map(({ value }) => value))];
  const x = {
    field: "value",
    type: "quantitative",
    scale: log({ nice: false }),
    title: null,
    axis: { values, format: "~s" },
  };
  const { spec, ...rest } = curves(plot, stepped, x, { field: "workload", type: "nominal", title: null });
  return { ...rest, ...(spec as object), width: 640 };
}

function curves(plot: Plot, points: readonly Point[], x: object, color: object): PlotSpec {
  const y = {
    field: "y",
    type: "quantitative",
    scale: log(),
    title: QUANTITY_TITLES[plot.quantity],
    axis: { format: ",~g" },
  };
  return {
    $schema: SCHEMA,
    config: CONFIG,
    data: { values: points },
    spec: {
      width: 330,
      height: 240,
      layer: [
        { mark: { type: "line", point: true, strokeWidth: 2 }, encoding: { x, y, color } },
        {
          transform: [{ filter: "isValid(datum.low)" }],
          mark: { type: "rule", strokeWidth: 1.5 },
          encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color },
        },
      ],
    },
  };
}

const TIMELINE_VARIANTS = ["predecode", "cache", "regions", "tiered"];
const TIMELINE_WORKLOADS = 6;

/** Millions of guest instructions a second over time, where tiers change. */
function timelineSpec({ cells }: ExperimentResult): PlotSpec | undefined {
  const shown = cells.filter(({ variant, timeline, voided }) => {
    return voided === undefined && TIMELINE_VARIANTS.includes(variant) && (timeline?.length ?? 0) > 3;
  });
  const workloads = [...new Set(shown.map(({ workload }) => workload))].slice(0, TIMELINE_WORKLOADS);
  const values = shown.filter(({ workload }) => workloads.includes(workload)).flatMap(ratesOf);
  if (values.length === 0) return undefined;
  const x = { field: "at", type: "quantitative", title: "ms since the start", scale: { nice: false } };
  const y = {
    field: "mips",
    type: "quantitative",
    scale: log({ domainMin: 1, clamp: true }),
    title: "million instructions a second",
  };
  const color = { field: "variant", type: "nominal", scale: palette(TIMELINE_VARIANTS), title: null };
  return {
    $schema: SCHEMA,
    config: CONFIG,
    data: { values },
    facet: { field: "workload", type: "nominal", sort: workloads },
    columns: 3,
    spec: { width: 220, height: 150, mark: { type: "line", interpolate: "step-before" }, encoding: { x, y, color } },
    resolve: { scale: { x: "independent" } },
  };
}

function ratesOf({ workload, variant, timeline = [] }: Cell): object[] {
  return timeline.slice(1).flatMap((point, index) => {
    const before = timeline[index]!;
    const mips = (point.instructions - before.instructions) / (point.at - before.at) / 1000;
    return mips > 0 && Number.isFinite(mips) ? [{ workload, variant, at: point.at, mips }] : [];
  });
}
