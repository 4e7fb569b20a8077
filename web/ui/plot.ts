/** A small plot of the last minute: one line, or several areas stacked. */

import { colour, make, prepare } from "./dom.ts";

/** One of the things a plot shows. */
export interface Series {
  readonly name: string;
  /** A colour of the style sheet. */
  readonly colour: string;
}

export interface PlotOptions {
  readonly title: string;
  /** What the plot is, for those who do not see it. */
  readonly about: string;
  readonly series: readonly Series[];
  /** The scale's end; without it the largest sum seen. */
  readonly top?: number;
  /** The value, or the sum, as text. */
  format(value: number): string;
}

const SAMPLES = 240;

export class Plot {
  readonly element: HTMLElement;
  readonly #canvas = make("canvas", { class: "plot", role: "img" });
  readonly #value = make("output", { class: "value" }, "–");
  readonly #legend: HTMLElement[] = [];
  readonly #options: PlotOptions;
  /** One array of values a sample, the newest last. */
  #samples: number[][] = [];

  constructor(options: PlotOptions) {
    this.#options = options;
    this.#canvas.setAttribute("aria-label", options.about);
    const legend = make("ul", { class: "legend" });
    if (options.series.length > 1) {
      for (const { name, colour: key } of options.series) {
        const share = make("span", { class: "num" });
        this.#legend.push(share);
        legend.append(make("li", {}, make("i", { style: `background: var(--${key})` }), name, share));
      }
    }
    const head = make("header", {}, make("h3", {}, options.title), this.#value);
    this.element = make("figure", { class: "plot-card" }, head, this.#canvas, ...(legend.firstChild ? [legend] : []));
  }

  /** Adds a sample: a value for each series. */
  add(values: readonly number[]): void {
    this.#samples.push([...values]);
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    const { format, series } = this.#options;
    this.#value.textContent = format(sum(values));
    this.#legend.forEach((share, index) => (share.textContent = ` ${format(values[index] ?? 0)}`));
    this.#canvas.setAttribute(
      "aria-label",
      `${this.#options.about}; now ${series.map(({ name }, index) => `${name} ${format(values[index] ?? 0)}`).join(", ")}`,
    );
  }

  /** Forgets the past. */
  clear(): void {
    this.#samples = [];
    this.#value.textContent = "–";
  }

  draw(): void {
    if (this.#canvas.clientWidth === 0) return;
    const { context, width, height } = prepare(this.#canvas);
    const top = this.#options.top ?? niceTop(Math.max(1e-9, ...this.#samples.map(sum)));
    context.strokeStyle = colour("line");
    context.lineWidth = 1;
    for (const part of [0.5, 1]) {
      const y = Math.round(height * (1 - part)) + 0.5;
      context.beginPath();
      context.moveTo(0, y);
      context.lineTo(width, y);
      context.stroke();
    }
    let below = this.#samples.map(() => 0);
    this.#options.series.forEach(({ colour: key }, index) => {
      const above = this.#samples.map((values, at) => below[at]! + (values[index] ?? 0));
      this.#area(context, { width, height, top, below, above, fill: colour(key) });
      below = above;
    });
    context.fillStyle = colour("faint");
    context.font = '10px "IBM Plex Mono", monospace';
    context.textBaseline = "top";
    context.fillText(this.#options.format(top), 2, 3);
  }

  #area(
    context: CanvasRenderingContext2D,
    shape: { width: number; height: number; top: number; below: number[]; above: number[]; fill: string },
  ): void {
    const { width, height, top, below, above, fill } = shape;
    if (above.length < 2) return;
    const x = (at: number) => width - ((above.length - 1 - at) / (SAMPLES - 1)) * width;
    const y = (value: number) => height - 1 - Math.min(1, value / top) * (height - 3);
    const line = new Path2D();
    above.forEach((value, at) => line.lineTo(x(at), y(value)));
    const area = new Path2D(line);
    for (let at = below.length - 1; at >= 0; at--) area.lineTo(x(at), y(below[at]!));
    const single = this.#options.series.length === 1;
    context.fillStyle = fill;
    context.globalAlpha = single ? 0.16 : 0.78;
    context.fill(area);
    context.globalAlpha = 1;
    if (!single) return;
    context.strokeStyle = fill;
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.stroke(line);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** 1, 2 or 5 times a power of ten. */
function niceTop(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10;
  return step * power;
}
