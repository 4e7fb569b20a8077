/** Tabs with the keyboard behaviour of the ARIA practices: arrows move, Home and End jump. */

import type { Panel } from "../panels/panel.ts";
import { make } from "./dom.ts";

export class Tabs {
  readonly #panels: readonly Panel[];
  readonly #tabs: HTMLButtonElement[];
  readonly #onChange: () => void;
  readonly #root: HTMLElement;
  #at = 0;

  constructor(list: HTMLElement, root: HTMLElement, panels: readonly Panel[], onChange: () => void) {
    this.#panels = panels;
    this.#root = root;
    this.#onChange = onChange;
    this.#tabs = panels.map(({ id, title, element }, index) => {
      element.id = `panel-${id}`;
      element.setAttribute("role", "tabpanel");
      element.setAttribute("aria-labelledby", `tab-${id}`);
      const choose = () => this.select(index);
      return make(
        "button",
        { type: "button", role: "tab", id: `tab-${id}`, "aria-controls": `panel-${id}`, onclick: choose },
        title,
      );
    });
    list.append(...this.#tabs);
    list.addEventListener("keydown", (event) => this.#key(event));
    root.append(...panels.map(({ element }) => element));
    this.#apply();
  }

  /** The panel in front. */
  get panel(): Panel {
    return this.#panels[this.#at]!;
  }

  /** Brings a panel to the front. */
  select(panel: Panel | number): void {
    this.#at = typeof panel === "number" ? panel : this.#panels.indexOf(panel);
    this.#apply();
    this.#onChange();
  }

  /** Puts the focus on the present tab. */
  focus(): void {
    this.#tabs[this.#at]!.focus();
  }

  #apply(): void {
    this.#tabs.forEach((tab, index) => {
      tab.setAttribute("aria-selected", String(index === this.#at));
      tab.tabIndex = index === this.#at ? 0 : -1;
      this.#panels[index]!.element.hidden = index !== this.#at;
    });
    // What scrolls must be reachable: by a control in it, or by itself. (WCAG 2.1.1, "Keyboard")
    if (this.panel.element.querySelector("button, input, select, a, [tabindex]") === null) this.#root.tabIndex = 0;
    else this.#root.removeAttribute("tabindex");
  }

  #key(event: KeyboardEvent): void {
    const count = this.#tabs.length;
    const to = { ArrowRight: this.#at + 1, ArrowLeft: this.#at - 1, Home: 0, End: count - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.select((to + count) % count);
    this.focus();
  }
}
