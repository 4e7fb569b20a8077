/** A profile as a flame graph: one self-contained SVG. */

import type { Profile } from "./profile.ts";

/** What the picture says besides the profile. */
export interface FlameGraphOptions {
  /** Default "Guest profile". */
  readonly title?: string;
  /** Pixels, from 400. Default 1200. */
  readonly width?: number;
}

/** A box: a function as called by those above it. */
interface Node {
  readonly name: string;
  steps: number;
  translated: number;
  /** Steps in the function itself. */
  self: number;
  readonly children: Map<string, Node>;
}

const MARGIN = 16;
const HEADER = 76;
const ROW = 19;
const FONT = 12;
/** Width of a character of the fixed-width font, in font sizes. */
const CHARACTER = 0.602;
/** Functions in the list. */
const LISTED = 12;
/** Boxes narrower than that are left out. */
const NARROWEST = 0.4;

const COLD: Colour = [104, 151, 187];
const HOT: Colour = [238, 140, 60];
type Colour = readonly [red: number, green: number, blue: number];

function newNode(name: string): Node {
  return { name, steps: 0, translated: 0, self: 0, children: new Map() };
}

/** All stacks as one tree. */
function treeOf({ stacks }: Profile): Node {
  const root = newNode("");
  for (const { frames, steps, translated } of stacks) {
    let node = root;
    node.steps += steps;
    node.translated += translated;
    for (const name of frames) {
      const child = node.children.get(name) ?? newNode(name);
      node.children.set(name, child);
      node = child;
      node.steps += steps;
      node.translated += translated;
    }
    node.self += steps;
  }
  return root;
}

/** Functions by what they execute themselves, whoever called them; recursion counts once. */
function hottest({ stacks }: Profile, most: number): Node[] {
  const functions = new Map<string, Node>();
  for (const { frames, steps, translated } of stacks) {
    const name = frames.at(-1) ?? "";
    const node = functions.get(name) ?? newNode(name);
    functions.set(name, node);
    node.self += steps;
    node.steps += steps;
    node.translated += translated;
  }
  return [...functions.values()].sort((a, b) => b.self - a.self).slice(0, most);
}

function depthOf(node: Node, scale: number): number {
  const children = [...node.children.values()].filter(({ steps }) => steps * scale >= NARROWEST);
  return children.length === 0 ? 0 : 1 + Math.max(...children.map((child) => depthOf(child, scale)));
}

function escaped(text: string): string {
  // What cannot stand in XML at all goes; the guest chooses its symbols.
  const legal = text.replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd]/g, "\ufffd");
  return legal.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)}%`;
}

/** From interpreted to translated; brightness tells neighbours apart. */
function colour({ name, steps, translated }: Node): string {
  const share = Math.min(1, translated / Math.max(1, steps));
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (hash * 31 + name.charCodeAt(i)) >>> 0;
  const shade = 0.9 + (hash % 16) / 75;
  const mixed = COLD.map((cold, i) => Math.min(255, Math.round((cold + (HOT[i]! - cold) * share) * shade)));
  return `rgb(${mixed.join(",")})`;
}

/** `name`, or as much of it as fits into `width` pixels. */
function label(name: string, width: number): string {
  const fits = Math.floor((width - 6) / (FONT * CHARACTER));
  if (name.length <= fits) return name;
  return fits < 3 ? "" : `${name.slice(0, fits - 1)}…`;
}

const STYLE = `
  svg { background: #fff; font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; }
  .title { font: 600 17px system-ui, sans-serif; fill: #1c2430; }
  .note { font: 12px system-ui, sans-serif; fill: #55606e; }
  .box rect { stroke: #fff; stroke-width: 0.6; rx: 2px; }
  .box text { font-size: ${FONT}px; fill: #10151c; pointer-events: none; }
  .box:hover rect { stroke: #10151c; stroke-width: 1.4; }
  .line text { font-size: ${FONT}px; fill: #1c2430; }
  @media (prefers-color-scheme: dark) {
    svg { background: #161b22; }
    .title { fill: #e6edf3; }
    .note { fill: #9aa5b1; }
    .box rect { stroke: #161b22; }
    .box:hover rect { stroke: #fff; }
    .line text { fill: #e6edf3; }
  }`;

/**
 * Draws the profile: each box is a function, as wide as the instructions executed in it and in what it called, and hangs from
 * its caller. Colour says whether they were interpreted or translated; pointing at a box shows its numbers. Below stand the
 * functions that execute most themselves.
 */
export function flameGraph(profile: Profile, options: FlameGraphOptions = {}): string {
  const width = Math.max(400, options.width ?? 1200);
  const root = treeOf(profile);
  const scale = (width - 2 * MARGIN) / Math.max(1, root.steps);
  const list = hottest(profile, LISTED);
  const listTop = HEADER + depthOf(root, scale) * ROW + 2 * MARGIN;
  const height = listTop + (list.length + 1) * ROW + MARGIN;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<style>${STYLE}
</style>
<defs><linearGradient id="tier"><stop stop-color="rgb(${COLD.join(",")})"/><stop offset="1" stop-color="rgb(${HOT.join(",")})"/></linearGradient></defs>
${header(profile, root, { title: options.title ?? "Guest profile", width })}
${boxes(root, scale).join("\n")}
<text class="note" x="${MARGIN}" y="${listTop + 10}">Most instructions in the function itself</text>
${list.map((node, i) => bar(node, root, { y: listTop + (i + 1) * ROW, width })).join("\n")}
</svg>
`;
}

function boxes(root: Node, scale: number): string[] {
  const drawn: string[] = [];
  const draw = (parent: Node, x: number, y: number) => {
    let at = x;
    for (const node of [...parent.children.values()].sort((a, b) => b.steps - a.steps)) {
      const w = node.steps * scale;
      if (w < NARROWEST) return;
      drawn.push(box(node, root, { x: at, y, w }));
      draw(node, at, y + ROW);
      at += w;
    }
  };
  draw(root, MARGIN, HEADER);
  return drawn;
}

function header({ samples, period }: Profile, root: Node, { title, width }: { title: string; width: number }): string {
  const sum = `${count(root.steps)} instructions in ${count(samples)} samples, one every ${count(period)}`;
  const share = `${percent(root.translated, root.steps)} of them in translated code`;
  const right = width - MARGIN;
  return `<text class="title" x="${MARGIN}" y="28">${escaped(title)}</text>
<text class="note" x="${MARGIN}" y="50">${sum}; ${share}</text>
<text class="note" x="${right}" y="28" text-anchor="end">translated</text>
<rect x="${right - 70 - 140}" y="17" width="140" height="13" rx="3" fill="url(#tier)"/>
<text class="note" x="${right - 70 - 140 - 8}" y="28" text-anchor="end">interpreted</text>`;
}

function box(node: Node, root: Node, { x, y, w }: { x: number; y: number; w: number }): string {
  const inside = `${count(node.steps)} instructions, ${percent(node.steps, root.steps)}`;
  const own = `in itself ${count(node.self)}, ${percent(node.self, root.steps)}`;
  const title = `${escaped(node.name)}\n${inside}\n${own}\n${percent(node.translated, node.steps)} translated`;
  const text = label(node.name, w);
  const shown = text === "" ? "" : `<text x="${(x + 4).toFixed(2)}" y="${y + 13.5}">${escaped(text)}</text>`;
  const rect = `<rect x="${x.toFixed(2)}" y="${y}" width="${w.toFixed(2)}" height="${ROW - 1}" fill="${colour(node)}"/>`;
  return `<g class="box"><title>${title}</title>${rect}${shown}</g>`;
}

/** A line of the list: name, share, and a bar as long as the share. */
function bar(node: Node, root: Node, { y, width }: { y: number; width: number }): string {
  const from = MARGIN + 330;
  const length = ((width - MARGIN - from) * node.self) / Math.max(1, root.steps);
  const text = y + 13.5;
  return `<g class="line"><title>${escaped(node.name)}\n${count(node.self)} instructions in itself\n${percent(node.translated, node.steps)} translated</title><text x="${MARGIN}" y="${text}">${escaped(label(node.name, 260))}</text><text x="${from - 10}" y="${text}" text-anchor="end">${percent(node.self, root.steps)}</text><rect x="${from}" y="${y + 2}" width="${length.toFixed(2)}" height="${ROW - 5}" rx="2" fill="${colour(node)}"/></g>`;
}
