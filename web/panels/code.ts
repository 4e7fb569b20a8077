/** Translated code: the hottest regions, and what the translator has made of one of them, in three columns. */

import type { RegionExplanation } from "../../src/index.ts";
import type { HotRegion, Query, View } from "../session/protocol.ts";
import { make } from "../ui/dom.ts";
import { CodeColumns } from "./code-columns.ts";
import type { Panel, PanelHost } from "./panel.ts";

/** Regions in the list. */
const MOST = 8;
/** Milliseconds between two changes of the list: it is to be read. */
const LIST_EVERY = 1000;

type Choice = Pick<HotRegion, "pc" | "mode">;

const isSame = (a: Choice | undefined, b: Choice | undefined): boolean => a?.pc === b?.pc && a?.mode === b?.mode;

export class CodePanel implements Panel {
  readonly id = "code";
  readonly title = "Code";
  readonly element = make("div", { class: "panel code" });
  readonly #host: PanelHost;
  readonly #list = make("ul", { class: "regions", "aria-label": "Hottest regions" });
  readonly #title = make("p", { class: "where", "aria-live": "polite" });
  readonly #wide = make("button", { type: "button", "aria-pressed": "false" }, "Wide");
  readonly #columns = new CodeColumns();
  #listed: readonly HotRegion[] = [];
  #listedAt = -Infinity;
  #chosen: Choice | undefined;
  /** Nobody has chosen it: the hottest is shown. */
  #automatic = true;
  /** What is chosen has not been explained yet. */
  #wanted = false;

  constructor(host: PanelHost) {
    this.#host = host;
    this.#wide.addEventListener("click", () => this.#widen(this.#wide.getAttribute("aria-pressed") !== "true"));
    this.element.append(
      this.#list,
      make("div", { class: "toolbar" }, this.#title, make("span", { class: "grow" }), this.#wide),
      this.#columns.element,
    );
    this.#say("No code has been translated yet: the guest has to execute some of it often.");
  }

  query(): Query {
    const explain = this.#wanted ? this.#chosen : undefined;
    return { regions: MOST, ...(explain === undefined ? {} : { explain: { pc: explain.pc, mode: explain.mode } }) };
  }

  show({ regions = [], explained, time }: View): void {
    if (explained !== undefined) this.#explain(explained);
    if (this.#automatic) this.#follow(regions);
    if (time - this.#listedAt < LIST_EVERY && this.#listed.length > 0) return;
    this.#listedAt = time;
    this.#showList(regions);
  }

  clear(): void {
    this.#chosen = undefined;
    this.#automatic = true;
    this.#wanted = false;
    this.#showList([]);
    this.#columns.clear();
    this.#say("No code has been translated yet: the guest has to execute some of it often.");
  }

  #pick(region: Choice): void {
    this.#automatic = false;
    this.#choose(region);
  }

  /** The hottest, as long as what is shown is much cooler, and nobody reads it. */
  #follow(regions: readonly HotRegion[]): void {
    const [hottest] = regions;
    if (hottest === undefined || this.#columns.element.contains(document.activeElement)) return;
    const shown = regions.find((region) => isSame(region, this.#chosen));
    if (this.#chosen === undefined || (shown?.share ?? 0) < hottest.share / 2) this.#choose(hottest);
  }

  #choose(region: Choice): void {
    this.#chosen = region;
    this.#wanted = true;
    this.#mark();
    this.#host.refresh();
  }

  #explain(explained: RegionExplanation | { readonly problem: string }): void {
    if ("problem" in explained) {
      // The address may mean another process's code now; it can be explained again when that process runs.
      this.#columns.clear();
      this.#say(explained.problem);
      return;
    }
    this.#wanted = false;
    // An answer to a question from before the choice.
    if (explained.pc !== this.#chosen?.pc) return;
    this.#columns.show(explained);
    const [head = ""] = explained.ir.split("\n", 1);
    this.#title.replaceChildren(make("span", { class: "mode" }, head));
  }

  #say(text: string): void {
    this.#title.replaceChildren(text);
  }

  /** While the focus is in the list, nothing moves in it. */
  #showList(regions: readonly HotRegion[]): void {
    const focused = this.#list.contains(document.activeElement);
    const known = (region: HotRegion) => regions.find((other) => isSame(other, region)) ?? region;
    this.#listed = focused && regions.length > 0 ? this.#listed.map(known) : regions;
    const rows = this.#listed.map((region) => rowOf(region, () => this.#pick(region)));
    const at = focused
      ? [...this.#list.querySelectorAll("button")].findIndex((row) => row === document.activeElement)
      : -1;
    this.#list.replaceChildren(...rows.map((row) => make("li", {}, row)));
    rows[at]?.focus();
    this.#mark();
  }

  #mark(): void {
    [...this.#list.querySelectorAll("button")].forEach((row, index) =>
      row.setAttribute("aria-pressed", String(isSame(this.#listed[index], this.#chosen))),
    );
  }

  #widen(wide: boolean): void {
    this.#wide.setAttribute("aria-pressed", String(wide));
    document.documentElement.toggleAttribute("data-wide", wide);
  }
}

function rowOf({ pc, mode, instructions, share, name }: HotRegion, onclick: () => void): HTMLButtonElement {
  const percent = share === 0 ? "" : share < 0.01 ? "< 1 %" : `${Math.round(share * 100)} %`;
  return make(
    "button",
    { type: "button", onclick },
    make("i", { class: "heat", style: `width: ${(share * 100).toFixed(1)}%`, "aria-hidden": "true" }),
    make("span", { class: "va" }, pc.toString(16).padStart(8, "0")),
    make("span", { class: "name" }, name ?? ""),
    make("span", { class: "size" }, `${mode} · ${instructions}`),
    make("span", { class: "share" }, percent),
  );
}
