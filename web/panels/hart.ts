/** Registers and disassembly of a hart, with single step. */

import { xNames } from "../../src/debug/index.ts";
import type { HartView, Query, View } from "../session/protocol.ts";
import { make } from "../ui/dom.ts";
import { hex, hex64 } from "../ui/format.ts";
import { drawJumps, ROW_PIXELS } from "./jumps.ts";
import type { Panel, PanelHost } from "./panel.ts";

export class HartPanel implements Panel {
  readonly id = "hart";
  readonly title = "Hart";
  readonly element = make("div", { class: "panel hart" });
  readonly #host: PanelHost;
  readonly #select = make("select", { "aria-label": "Hart" });
  readonly #where = make("p", { class: "where" });
  readonly #buttons: HTMLButtonElement[];
  readonly #address = make("input", {
    ...{ type: "text", class: "mono", spellcheck: false, autocomplete: "off", placeholder: "pc" },
    "aria-label": "List the code at",
  });
  readonly #code = make("ol", { class: "listing", tabIndex: 0, "aria-label": "Disassembly" });
  readonly #registers = make("dl", { class: "registers" });
  readonly #csrs = make("dl", { class: "registers csrs" });
  #index = 0;
  #before: HartView | undefined;

  constructor(host: PanelHost) {
    this.#host = host;
    this.#buttons = [1, 10, 1000].map((count) =>
      make(
        "button",
        { type: "button", title: count === 1 ? "Alt+Shift+N" : "", onclick: () => host.step(this.#index, count) },
        `Step ${count === 1 ? "" : count}`.trim(),
      ),
    );
    this.#select.hidden = true;
    this.#select.addEventListener("change", () => {
      this.#index = Number(this.#select.value);
      this.#before = undefined;
      host.refresh();
    });
    this.#address.addEventListener("change", () => host.refresh());
    const head = make(
      "div",
      { class: "toolbar" },
      this.#select,
      ...this.#buttons,
      make("span", { class: "grow" }),
      this.#address,
    );
    this.element.append(head, this.#where, this.#code, this.#registers, this.#csrs);
  }

  /** The hart that is shown. */
  get index(): number {
    return this.#index;
  }

  query(): Query {
    const at = this.#address.value.trim();
    return { hart: { index: this.#index, ...(at === "" ? {} : { at }) } };
  }

  show({ hart, harts, state }: View): void {
    if (hart === undefined) return;
    this.#showHarts(harts);
    for (const button of this.#buttons) button.disabled = state !== "paused";
    const doing = hart.waiting ? "waiting for an interrupt" : state === "running" ? "running" : state;
    this.#where.replaceChildren(
      make("span", { class: "mode" }, `${hart.mode} mode`),
      ` at ${hex(hart.pc, 16)}, ${doing}`,
    );
    this.#showCode(hart);
    this.#showRegisters(hart);
    this.#before = hart;
  }

  clear(): void {
    this.#before = undefined;
    this.#index = 0;
  }

  #showHarts(count: number): void {
    this.#select.hidden = count === 1;
    if (this.#select.options.length === count) return;
    this.#select.replaceChildren(
      ...Array.from({ length: count }, (_, index) => make("option", { value: String(index) }, `Hart ${index}`)),
    );
    this.#select.value = String(this.#index);
  }

  #showCode({ listing, pc }: HartView): void {
    if (listing.length === 0) {
      this.#code.replaceChildren(make("li", { class: "empty" }, "No code can be read here."));
      return;
    }
    const rows = listing.map(({ va, word, length, text }) => {
      const [name = "", operands = ""] = text.split("\t");
      const here = va === pc;
      return make(
        "li",
        { class: here ? "here" : "", ...(here ? { "aria-current": "step" } : {}) },
        make("span", { class: "va" }, va.toString(16).padStart(10, "0")),
        make("span", { class: "word" }, (word >>> 0).toString(16).padStart(length * 2, "0")),
        make("span", { class: "name" }, name),
        make("span", { class: "operands" }, operands.replaceAll(",", ", ")),
      );
    });
    this.#code.style.setProperty("--row", `${ROW_PIXELS}px`);
    this.#code.replaceChildren(drawJumps(listing, pc), ...rows);
  }

  #showRegisters({ x, csrs }: HartView): void {
    const before = this.#before;
    const cell = (name: string, value: bigint, old: bigint | undefined) => {
      const { zeros, rest } = hex64(value);
      const changed = old !== undefined && old !== value;
      const shown = make("dd", { class: changed ? "changed" : "" }, make("span", { class: "zeros" }, zeros), rest);
      const walk = () => this.#host.walk(name);
      return make("div", { title: `Walk the address in ${name}`, ondblclick: walk }, make("dt", {}, name), shown);
    };
    this.#registers.replaceChildren(
      ...x.slice(1).map((value, index) => cell(xNames[index + 1]!, value, before?.x[index + 1])),
    );
    this.#csrs.replaceChildren(...csrs.map(([name, value], index) => cell(name, value, before?.csrs[index]?.[1])));
  }
}
