/** A region in three languages, side by side: what one instruction has become stands out in all of them. */

import type { RegionExplanation } from "../../src/index.ts";
import { make } from "../ui/dom.ts";

type Language = "guest" | "ir" | "wat";

const TITLES: Readonly<Record<Language, string>> = { guest: "Guest", ir: "IR", wat: "WebAssembly" };
const LANGUAGES = Object.keys(TITLES) as Language[];

/** The address that a line begins with, by language. */
const ADDRESS: Readonly<Record<Language, RegExp>> = {
  guest: /^([\da-f]+) {2}/,
  ir: /^ {2}([\da-f]+) {2}/,
  wat: /^ *;; ([\da-f]+)\b/,
};

/** What belongs to no instruction, though it comes behind one. */
const APART: Readonly<Record<Language, RegExp>> = { guest: /^$/, ir: /^(\S|$)/, wat: /^ {0,4}\(local\.set \$exit\)/ };

export class CodeColumns {
  readonly element = make("div", { class: "columns" });
  readonly #texts = LANGUAGES.map((language) =>
    make("div", { class: `text in-${language}`, tabIndex: 0, role: "region", "aria-label": TITLES[language] }),
  );
  #addresses: readonly string[] = [];
  #marked = "";

  constructor() {
    this.element.hidden = true;
    LANGUAGES.forEach((language, index) => {
      const text = this.#texts[index]!;
      text.addEventListener("pointerover", ({ target }) => this.#point(target));
      text.addEventListener("click", ({ target }) => this.#point(target, text));
      text.addEventListener("keydown", (event) => this.#key(event, text));
      this.element.append(make("section", {}, make("h3", {}, TITLES[language]), text));
    });
  }

  show(explained: RegionExplanation): void {
    this.element.hidden = false;
    this.#marked = "";
    LANGUAGES.forEach((language, index) => {
      const text = this.#texts[index]!;
      text.replaceChildren(...linesOf(explained[language], language));
      text.scrollTo(0, 0);
    });
    this.#addresses = [...new Set([...this.#texts[0]!.children].map((line) => addressOf(line) ?? ""))].filter(
      (address) => address !== "",
    );
  }

  clear(): void {
    this.element.hidden = true;
    for (const text of this.#texts) text.replaceChildren();
  }

  /** `from` is the column that stays where it is; the others are scrolled. */
  #point(target: EventTarget | null, from?: HTMLElement): void {
    const address = target instanceof Element ? addressOf(target.closest("[data-pc]")) : undefined;
    if (address === undefined) return;
    this.#mark(address);
    if (from !== undefined) this.#scroll(address, from);
  }

  /** The arrows go from instruction to instruction. */
  #key(event: KeyboardEvent, text: HTMLElement): void {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const at = this.#addresses.indexOf(this.#marked);
    const to = at < 0 ? 0 : Math.max(0, Math.min(this.#addresses.length - 1, at + by));
    const address = this.#addresses[to];
    if (address === undefined) return;
    this.#mark(address);
    this.#scroll(address);
    text.focus({ preventScroll: true });
  }

  #mark(address: string): void {
    if (address === this.#marked) return;
    this.#marked = address;
    for (const line of this.element.querySelectorAll("[data-pc]")) {
      line.classList.toggle("marked", addressOf(line) === address);
    }
  }

  #scroll(address: string, except?: HTMLElement): void {
    for (const text of this.#texts) {
      const line = text.querySelector<HTMLElement>(`[data-pc="${address}"]`);
      if (line === null || text === except) continue;
      const below = line.offsetTop - text.clientHeight / 3;
      text.scrollTo({ top: Math.max(0, below) });
    }
  }
}

function addressOf(line: Element | null): string | undefined {
  return line instanceof HTMLElement ? line.dataset.pc : undefined;
}

function linesOf(text: string, language: Language): HTMLElement[] {
  let address: string | undefined;
  return text
    .trimEnd()
    .split("\n")
    .map((line) => {
      if (APART[language].test(line)) address = undefined;
      address = ADDRESS[language].exec(line)?.[1] ?? address;
      const [, code = "", comment = ""] = /^(.*?)((?:;;|#).*)?$/.exec(line) ?? [];
      const shown = language === "wat" ? code.replace(/^( {2})+/, (indent) => indent.slice(indent.length / 2)) : code;
      return make(
        "div",
        { class: "line", ...(address === undefined ? {} : { "data-pc": address }) },
        ...pieces(shown, language),
        comment === "" ? undefined : make("span", { class: "comment" }, comment),
        // An empty line has its height.
        line === "" ? "\u200b" : undefined,
      );
    });
}

/** The address apart from the rest. */
function pieces(code: string, language: Language): (string | HTMLElement)[] {
  const [, before = "", address = "", rest = code] =
    language === "wat" ? [] : (/^( *(?:b\d+ )?)([\da-f]{8,})(?= |$)(.*)$/.exec(code) ?? []);
  return address === "" ? [rest] : [before, make("span", { class: "va" }, address), rest];
}
