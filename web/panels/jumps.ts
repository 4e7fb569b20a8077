/** Arrows beside a listing, from jumps and branches to where they go. */

import type { Line } from "../../src/debug/index.ts";

/** Height of a row of the listing. */
export const ROW_PIXELS = 20;

const LANE_PIXELS = 7;
const LANES = 5;

/** Width of the gutter that the arrows need. */
const GUTTER_PIXELS = LANES * LANE_PIXELS + 10;

const SVG = "http://www.w3.org/2000/svg";

interface Jump {
  readonly from: number;
  /** The row it goes to; beyond either end when it leaves the listing. */
  readonly to: number;
}

/** The arrows of `lines`, as an SVG over their gutter; the one of the instruction at `pc` is the strong one. */
export function drawJumps(lines: readonly Line[], pc: bigint): SVGSVGElement {
  const height = lines.length * ROW_PIXELS;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "jumps");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("width", String(GUTTER_PIXELS));
  svg.setAttribute("height", String(height));
  const lanes: number[][] = Array.from({ length: LANES }, () => []);
  for (const jump of jumpsOf(lines)) {
    const [low, high] = [Math.min(jump.from, jump.to), Math.max(jump.from, jump.to)];
    const lane = lanes.findIndex((taken) => !taken.some((row) => row >= low && row <= high));
    if (lane < 0) continue;
    for (let row = low; row <= high; row++) lanes[lane]!.push(row);
    svg.append(arrow(jump, lane, lines.length, lines[jump.from]!.va === pc));
  }
  return svg;
}

/** Short ones first: they take the lanes next to the code. */
function jumpsOf(lines: readonly Line[]): Jump[] {
  const rows = new Map(lines.map(({ va }, row) => [va, row]));
  return lines
    .flatMap(({ target, va }, from) => {
      if (target === undefined) return [];
      const to = rows.get(target) ?? (target < va ? -1 : lines.length);
      return [{ from, to }];
    })
    .sort((a, b) => Math.abs(a.from - a.to) - Math.abs(b.from - b.to));
}

function arrow({ from, to }: Jump, lane: number, rows: number, strong: boolean): SVGGElement {
  const middle = (row: number) => (row + 0.5) * ROW_PIXELS;
  const right = GUTTER_PIXELS - 2;
  const left = right - 8 - lane * LANE_PIXELS;
  const leaves = to < 0 || to >= rows;
  const end = leaves ? (to < 0 ? 1 : rows * ROW_PIXELS - 1) : middle(to);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", `M${right} ${middle(from)}H${left}V${end}${leaves ? "" : `H${right}`}`);
  const group = document.createElementNS(SVG, "g");
  group.setAttribute("class", strong ? "strong" : "");
  group.append(path);
  if (!leaves) {
    const head = document.createElementNS(SVG, "path");
    head.setAttribute("class", "head");
    head.setAttribute("d", `M${right + 2} ${end}l-5 -3v6z`);
    group.append(head);
  }
  return group;
}
