/** The memory map: a square for each page of RAM, and the page that is pointed at, byte by byte. */

import { PageFlag } from "../../src/index.ts";
import type { Query, View } from "../session/protocol.ts";
import { colour, make, prepare, rgb } from "../ui/dom.ts";
import { hex, size } from "../ui/format.ts";
import type { Panel, PanelHost } from "./panel.ts";

const PAGE_BYTES = 4096;
/** The most squares a row and a column have; with more pages than that, a square stands for several. */
const MOST_ROWS = 512;
/** How many looks a page stays bright after it was first touched. */
const GLOW = 8;

type Kind = "untouched" | "touched" | "code" | "shared";

const KINDS: readonly { kind: Kind; colour: string; label: string }[] = [
  { kind: "code", colour: "accent", label: "code" },
  { kind: "touched", colour: "map-touched", label: "touched" },
  { kind: "shared", colour: "violet", label: "shared" },
  { kind: "untouched", colour: "map-empty", label: "never touched" },
];

export class MemoryPanel implements Panel {
  readonly id = "memory";
  readonly title = "Memory";
  readonly element = make("div", { class: "panel memory" });
  readonly #host: PanelHost;
  readonly #legend = make("ul", { class: "legend" });
  readonly #canvas = make("canvas", {
    ...{ class: "map", tabIndex: 0, role: "application" },
    "aria-label": "Memory map. Arrow keys choose a page.",
  });
  readonly #scale = make("div", { class: "scale", "aria-hidden": "true" });
  readonly #readout = make("p", { class: "where", "aria-live": "polite" });
  readonly #page = make("div", { class: "page-view" });
  readonly #bytes = make("canvas", { class: "bytes", role: "img", "aria-label": "The page's bytes as shades" });
  readonly #dump = make("pre", { class: "dump", tabIndex: 0, "aria-label": "The page's first bytes" });
  #flags: Uint8Array = new Uint8Array(0);
  #start = 0;
  #fresh: Uint8Array = new Uint8Array(0);
  #cell: number | undefined;

  constructor(host: PanelHost) {
    this.#host = host;
    this.#canvas.addEventListener("pointermove", (event) => this.#point(event, false));
    this.#canvas.addEventListener("pointerdown", (event) => this.#point(event, true));
    this.#canvas.addEventListener("keydown", (event) => this.#key(event));
    this.#page.hidden = true;
    this.#page.append(this.#bytes, this.#dump);
    const map = make("div", { class: "map-box" }, this.#scale, this.#canvas);
    this.element.append(this.#legend, map, this.#readout, this.#page);
  }

  query(): Query {
    return { pages: true, ...(this.#cell === undefined ? {} : { page: this.#paOf(this.#cell) }) };
  }

  show({ pages, page }: View): void {
    if (pages !== undefined) this.#take(pages.start, pages.flags);
    if (page !== undefined) this.#showPage(page.pa, page.bytes);
    this.redraw();
  }

  clear(): void {
    this.#flags = new Uint8Array(0);
    this.#cell = undefined;
    this.#page.hidden = true;
    this.#readout.textContent = "";
  }

  redraw(): void {
    if (this.#flags.length === 0 || this.#canvas.clientWidth === 0) return;
    const [columns, rows] = [this.#columns, this.#rows];
    this.#canvas.style.aspectRatio = `${columns} / ${rows}`;
    const { context, width, height } = prepare(this.#canvas);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.#paint(columns, rows), 0, 0, width, height);
    this.#mark(context, width / columns, height / rows);
    this.#showLegend();
    this.#showScale(columns, rows);
  }

  /** Pages in a cell of the map. */
  get #pagesPerCell(): number {
    return Math.max(1, 2 ** Math.ceil(Math.log2(this.#flags.length / MOST_ROWS ** 2)));
  }

  get #cells(): number {
    return Math.ceil(this.#flags.length / this.#pagesPerCell);
  }

  /** A power of two that makes the map about square. */
  get #columns(): number {
    return 2 ** Math.ceil(Math.log2(this.#cells) / 2);
  }

  get #rows(): number {
    return Math.ceil(this.#cells / this.#columns);
  }

  #paOf(cell: number): number {
    return this.#start + cell * this.#pagesPerCell * PAGE_BYTES;
  }

  #take(start: number, flags: Uint8Array): void {
    const known = this.#flags.length === flags.length;
    const fresh = known ? this.#fresh : new Uint8Array(flags.length);
    for (let page = 0; page < flags.length; page++) {
      if (known && flags[page] !== this.#flags[page]) fresh[page] = GLOW;
      else if (fresh[page]! > 0) fresh[page]!--;
    }
    this.#start = start;
    this.#flags = flags;
    this.#fresh = fresh;
  }

  #kindOf(cell: number): Kind {
    const per = this.#pagesPerCell;
    let flags = 0;
    for (let page = cell * per; page < (cell + 1) * per; page++) flags |= this.#flags[page] ?? 0;
    if ((flags & PageFlag.CODE) !== 0) return "code";
    if ((flags & PageFlag.SHARED) !== 0) return "shared";
    return (flags & PageFlag.TOUCHED) === 0 ? "untouched" : "touched";
  }

  /** One pixel for each cell. */
  #paint(columns: number, rows: number): OffscreenCanvas {
    const canvas = new OffscreenCanvas(columns, rows);
    const context = canvas.getContext("2d")!;
    const image = context.createImageData(columns, rows);
    const palette = new Map(KINDS.map(({ kind, colour: key }) => [kind, rgb(colour(key))]));
    const glow = rgb(colour("amber"));
    const per = this.#pagesPerCell;
    for (let cell = 0; cell < this.#cells; cell++) {
      const base = palette.get(this.#kindOf(cell))!;
      const heat = (this.#fresh[cell * per] ?? 0) / GLOW;
      for (let part = 0; part < 3; part++) {
        image.data[cell * 4 + part] = Math.round(base[part]! + (glow[part]! - base[part]!) * heat);
      }
      image.data[cell * 4 + 3] = 255;
    }
    context.putImageData(image, 0, 0);
    return canvas;
  }

  #mark(context: CanvasRenderingContext2D, cellWidth: number, cellHeight: number): void {
    if (this.#cell === undefined) return;
    const x = (this.#cell % this.#columns) * cellWidth;
    const y = Math.floor(this.#cell / this.#columns) * cellHeight;
    context.strokeStyle = colour("ink");
    context.lineWidth = 1.5;
    context.strokeRect(x - 3, y - 3, cellWidth + 6, cellHeight + 6);
  }

  #showLegend(): void {
    const counts = new Map<Kind, number>();
    for (let cell = 0; cell < this.#cells; cell++) {
      const kind = this.#kindOf(cell);
      counts.set(kind, (counts.get(kind) ?? 0) + this.#pagesPerCell);
    }
    this.#legend.replaceChildren(
      ...KINDS.map(({ kind, colour: key, label }) =>
        make(
          "li",
          {},
          make("i", { style: `background: var(--${key})` }),
          label,
          make("span", { class: "num" }, ` ${size((counts.get(kind) ?? 0) * PAGE_BYTES)}`),
        ),
      ),
    );
  }

  /** Addresses at the first, middle and last quarter. */
  #showScale(columns: number, rows: number): void {
    const rowBytes = columns * this.#pagesPerCell * PAGE_BYTES;
    this.#scale.replaceChildren(
      ...[0, 0.25, 0.5, 0.75].map((part) =>
        make("span", { style: `top: ${part * 100}%` }, hex(this.#start + Math.floor(rows * part) * rowBytes)),
      ),
    );
  }

  #point(event: PointerEvent, choose: boolean): void {
    const box = this.#canvas.getBoundingClientRect();
    const columns = this.#columns;
    const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const row = Math.floor(((event.clientY - box.top) / box.height) * this.#rows);
    const cell = row * columns + column;
    if (column < 0 || column >= columns || cell < 0 || cell >= this.#cells) return;
    if (choose) this.#choose(cell);
    else this.#describe(cell);
  }

  #key(event: KeyboardEvent): void {
    const columns = this.#columns;
    const move = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const next = this.#cell === undefined ? 0 : this.#cell + move;
    if (next >= 0 && next < this.#cells) this.#choose(next);
  }

  #choose(cell: number): void {
    this.#cell = cell;
    this.#describe(cell);
    this.#host.refresh();
  }

  #describe(cell: number): void {
    const kind = KINDS.find((known) => known.kind === this.#kindOf(cell))!;
    this.#readout.textContent = `${hex(this.#paOf(cell), 10)}: ${kind.label}`;
  }

  #showPage(pa: number, bytes: Uint8Array): void {
    this.#page.hidden = false;
    const image = new ImageData(64, 64);
    const [low, high] = [rgb(colour("map-empty")), rgb(colour("ink"))];
    bytes.forEach((byte, at) => {
      const part = Math.sqrt(byte / 255);
      for (let channel = 0; channel < 3; channel++) {
        image.data[at * 4 + channel] = low[channel]! + (high[channel]! - low[channel]!) * part;
      }
      image.data[at * 4 + 3] = 255;
    });
    this.#bytes.width = this.#bytes.height = 64;
    this.#bytes.getContext("2d")!.putImageData(image, 0, 0);
    this.#dump.textContent = dump(pa, bytes.subarray(0, 256));
  }
}

/** 16 bytes a line: address, bytes, text. */
function dump(pa: number, bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const digits = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${(pa + at).toString(16)}  ${digits}  ${text}`);
  }
  return lines.join("\n");
}
