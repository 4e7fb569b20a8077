/** The page-table walk of an address, drawn step by step. */

import { PTE_FLAGS, ptePa, pteHas } from "../../src/debug/index.ts";
import type { AccessName } from "../../src/index.ts";
import { EntryKind, type Query, type View, type WalkView } from "../session/protocol.ts";
import { colour, make, prepare } from "../ui/dom.ts";
import { hex, size } from "../ui/format.ts";
import type { Panel, PanelHost } from "./panel.ts";

const ENTRY_COLOURS: Readonly<Record<EntryKind, string>> = {
  [EntryKind.NOTHING]: "map-empty",
  [EntryKind.TABLE]: "amber",
  [EntryKind.PAGE]: "accent",
  [EntryKind.USER_PAGE]: "violet",
};

const EXAMPLES = ["pc", "sp", "ra", "stvec"];

export class WalkPanel implements Panel {
  readonly id = "walk";
  readonly title = "Walk";
  readonly element = make("div", { class: "panel walk" });
  readonly #host: PanelHost;
  readonly #address = make("input", {
    ...{ type: "text", class: "mono", value: "pc", spellcheck: false, autocomplete: "off", id: "walk-address" },
  });
  readonly #access = make("select", { "aria-label": "Access" });
  readonly #back = make("button", { type: "button" }, "Back");
  readonly #next = make("button", { type: "button" }, "Next");
  readonly #drawing = make("div", { class: "drawing", "aria-live": "polite" });
  /** How many steps are drawn; the rest are yet to come. */
  #drawn = Infinity;
  #walk: WalkView | undefined;
  #shown = "";

  constructor(host: PanelHost) {
    this.#host = host;
    for (const name of ["fetch", "load", "store"]) this.#access.append(make("option", { value: name }, name));
    this.#address.addEventListener("change", () => this.#again());
    this.#access.addEventListener("change", () => this.#again());
    this.#back.addEventListener("click", () => this.#go(-1));
    this.#next.addEventListener("click", () => this.#go(1));
    const examples = EXAMPLES.map((name) =>
      make("button", { type: "button", class: "quiet", onclick: () => this.look(name) }, name),
    );
    this.element.append(
      make(
        "div",
        { class: "toolbar" },
        make("label", { htmlFor: "walk-address" }, "Address"),
        ...[this.#address, this.#access],
        make("span", { class: "examples" }, ...examples),
        make("span", { class: "grow" }),
        make("span", { class: "pair" }, this.#back, this.#next),
      ),
      this.#drawing,
    );
  }

  /** Looks an address up. */
  look(address: string): void {
    this.#address.value = address;
    this.#access.value = address === "pc" || address.endsWith("tvec") || address === "ra" ? "fetch" : "load";
    this.#again();
  }

  query(): Query {
    return { walk: { hart: 0, address: this.#address.value, access: this.#access.value as AccessName } };
  }

  show({ walk }: View): void {
    if (walk === undefined) return;
    if ("problem" in walk) {
      this.#walk = undefined;
      this.#shown = "";
      this.#drawing.replaceChildren(make("p", { class: "verdict fault" }, walk.problem));
      return;
    }
    const key = keyOf(walk);
    if (key === this.#shown) return;
    this.#shown = key;
    this.#walk = walk;
    this.redraw();
  }

  clear(): void {
    this.#shown = "";
  }

  redraw(): void {
    const walk = this.#walk;
    if (walk === undefined) return;
    const last = walk.steps.length;
    const drawn = Math.min(this.#drawn, last + 1);
    this.#back.disabled = drawn === 0;
    this.#next.disabled = drawn > last;
    const rows = walk.steps.map((_, at) => stepRow(walk, at, at < drawn));
    const verdict = make("p", { class: `verdict ${walk.pa === undefined ? "fault" : ""}` }, verdictText(walk));
    verdict.classList.toggle("ahead", drawn <= last);
    this.#drawing.replaceChildren(addressRow(walk, drawn), ...rows, verdict);
    for (const [at, canvas] of this.#drawing.querySelectorAll("canvas").entries()) drawTable(canvas, walk, at);
    connect(this.#drawing, drawn);
  }

  #again(): void {
    this.#drawn = Infinity;
    this.#host.refresh();
  }

  #go(by: number): void {
    const last = (this.#walk?.steps.length ?? 0) + 1;
    this.#drawn = Math.max(0, Math.min(last, Math.min(this.#drawn, last) + by));
    this.redraw();
  }
}

/** Two walks with the same key look the same. */
function keyOf({ va, access, mode, scheme, steps, pa, fault, tables }: WalkView): string {
  const entries = steps.map(({ pte, tablePa }) => `${tablePa}:${String(pte)}`);
  const filled = tables.map((table) => table?.reduce((count, kind) => count + kind, 0));
  return [va, access, mode, scheme, pa, fault, ...entries, ...filled].join(" ");
}

function addressRow({ va, scheme, steps, mode }: WalkView, drawn: number): HTMLElement {
  const levels = { Bare: 0, Sv39: 3, Sv48: 4, Sv57: 5 }[scheme];
  const field = (name: string, bits: bigint, width: number, state: string) =>
    make(
      "div",
      { class: `field ${state}`, style: `flex-grow: ${width}` },
      make("span", { class: "bits" }, bits.toString(2).padStart(width, "0")),
      make("span", { class: "label" }, `${name} ${bits.toString()}`),
    );
  const title = make(
    "p",
    { class: "where" },
    make("span", { class: "mode" }, scheme === "Bare" ? "no paging" : scheme),
    ` ${hex(va, 16)} in ${mode} mode`,
  );
  if (levels === 0) return make("div", { class: "address" }, title);
  const fields = Array.from({ length: levels }, (_, at) => {
    const level = levels - 1 - at;
    const state = at < drawn && at < steps.length ? "seen" : "";
    return field(`VPN[${level}]`, (va >> BigInt(12 + 9 * level)) & 0x1ffn, 9, state);
  });
  const offset = field("offset", va & 0xfffn, 12, drawn > steps.length ? "seen" : "");
  return make("div", { class: "address" }, title, make("div", { class: "fields" }, ...fields, offset));
}

function stepRow(walk: WalkView, at: number, seen: boolean): HTMLElement {
  const { level, tablePa, index, pte, found } = walk.steps[at]!;
  const root = at === 0 ? "satp points to the root table" : `level ${level} table`;
  const canvas = make("canvas", {
    class: "table",
    role: "img",
    "aria-label": `Page table with 512 entries, entry ${index} chosen`,
  });
  const entry = pte === undefined ? ["entry ", make("b", {}, String(index))] : entryText(pte, index, found);
  return make(
    "section",
    { class: `step ${seen ? "" : "ahead"} ${found}`, "data-index": String(index) },
    make("p", { class: "table-name" }, `${root} `, make("span", { class: "mono" }, hex(tablePa, 10))),
    canvas,
    make("p", { class: "entry" }, ...entry),
  );
}

function entryText(pte: bigint, index: number, found: string): (Node | string)[] {
  const flags = [...PTE_FLAGS]
    .reverse()
    .map((name) => make("span", { class: pteHas(pte, name) ? "flag on" : "flag" }, name));
  const leads =
    found === "table" ? `leads to ${hex(ptePa(pte), 10)}` : found === "page" ? `page ${hex(ptePa(pte), 10)}` : "";
  return [
    "entry ",
    make("b", {}, String(index)),
    make("span", { class: "mono pte" }, hex(pte, 16)),
    make("span", { class: "flags" }, ...flags),
    leads,
  ];
}

function verdictText({ pa, pageBytes, fault, access, scheme }: WalkView): string {
  if (pa === undefined) return `A ${access} here faults: ${fault ?? "nothing is there"}.`;
  if (scheme === "Bare") return `Addresses are physical: ${hex(pa, 10)}.`;
  return `Physical address ${hex(pa, 10)}, in a page of ${size(pageBytes ?? 4096)}.`;
}

/** All 512 entries side by side; the chosen one stands out. */
function drawTable(canvas: HTMLCanvasElement, walk: WalkView, at: number): void {
  const table = walk.tables[at];
  const { context, width, height } = prepare(canvas);
  context.fillStyle = colour("map-empty");
  context.fillRect(0, 0, width, height);
  const cell = width / 512;
  table?.forEach((kind, index) => {
    if (kind === EntryKind.NOTHING) return;
    context.fillStyle = colour(ENTRY_COLOURS[kind as EntryKind]);
    context.globalAlpha = 0.75;
    context.fillRect(index * cell, 0, Math.max(1, cell), height);
  });
  context.globalAlpha = 1;
  context.fillStyle = colour("ink");
  context.fillRect(walk.steps[at]!.index * cell - 1, 0, Math.max(3, cell + 2), height);
}

/** Lines from each chosen entry to the table it leads to. */
function connect(drawing: HTMLElement, drawn: number): void {
  const box = drawing.getBoundingClientRect();
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "links");
  svg.setAttribute("aria-hidden", "true");
  const tables = [...drawing.querySelectorAll<HTMLElement>(".step")];
  const end = drawing.querySelector(".verdict")!;
  tables.slice(0, drawn).forEach((step, at) => {
    const canvas = step.querySelector("canvas")!.getBoundingClientRect();
    const next = (tables[at + 1]?.querySelector("canvas") ?? end).getBoundingClientRect();
    const label = (tables[at + 1] ?? end).getBoundingClientRect();
    const x = canvas.left - box.left + ((Number(step.dataset.index) + 0.5) / 512) * canvas.width;
    const from = canvas.bottom - box.top;
    const to = next.top - box.top;
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    const left = next.left - box.left + (at + 1 < tables.length ? 0 : 12);
    const turn = label.top - box.top - 12;
    path.setAttribute("d", `M${x} ${from}V${turn}H${left}V${to}`);
    if (at + 1 < tables.length ? at + 1 < drawn : drawn > tables.length) svg.append(path);
  });
  drawing.append(svg);
}
