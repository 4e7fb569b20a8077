/** The machines of this page: what each takes of the memory, and what can be done with the one in front. */

import type { SessionClient } from "../session/client.ts";
import type { MachineView, Query, View } from "../session/protocol.ts";
import { make } from "../ui/dom.ts";
import { size } from "../ui/format.ts";
import type { Panel } from "./panel.ts";

/** What the panel needs of the page. */
export interface MachinesHost {
  readonly session: Pick<SessionClient, "call">;
  /** Does something; what goes wrong is shown. */
  attempt(action: () => Promise<unknown>): void;
  /** What the machine in front is called. */
  name(): string;
}

/** Parts of a machine's memory, in the order in which they are drawn. */
const PARTS = [
  { part: "own", colour: "accent", label: "its own" },
  { part: "shared", colour: "violet", label: "shared with others, or kept" },
  { part: "free", colour: "map-empty", label: "takes nothing yet" },
] as const;

type Part = (typeof PARTS)[number]["part"];

function bytesOf({ memory: { ramBytes, touchedBytes, sharedBytes } }: MachineView): Readonly<Record<Part, number>> {
  return { own: touchedBytes - sharedBytes, shared: sharedBytes, free: ramBytes - touchedBytes };
}

export class MachinesPanel implements Panel {
  readonly id = "machines";
  readonly title = "Machines";
  readonly element = make("div", { class: "panel machines" });
  readonly #host: MachinesHost;
  readonly #list = make("ul", { class: "machine-list", "aria-label": "Machines" });
  readonly #legend = make("ul", { class: "legend" });
  readonly #file = make("input", { type: "file", hidden: true, "aria-label": "A saved machine" });
  readonly #goBack: HTMLButtonElement;
  #shown = "";

  constructor(host: MachinesHost) {
    this.#host = host;
    this.#file.addEventListener("change", () => this.#restore());
    this.#goBack = this.#button("Go back", "The machine is again what was kept", () => host.session.call("goBack"));
    this.element.append(
      make(
        "div",
        { class: "verbs", role: "toolbar", "aria-label": "What to do with the machine" },
        this.#button("Keep", "Keeps in memory what the machine is now", () => host.session.call("keep")),
        this.#goBack,
        this.#button("Clone", "Makes a copy, which shares its memory", () => host.session.call("clone")),
        this.#button("Save to a file", "The machine as a file; it runs on", () => this.#save()),
        this.#button("Suspend to a file", "Saves the machine, and gives it up here", () => this.#suspend()),
        this.#button("Open a file…", "Goes on from a machine that was saved", () => {
          this.#file.click();
          return Promise.resolve();
        }),
        this.#file,
      ),
      this.#legend,
      this.#list,
    );
  }

  query(): Query {
    return { machines: true };
  }

  show({ machines = [] }: View): void {
    // What has not changed keeps its focus.
    const now = JSON.stringify(machines);
    if (now === this.#shown) return;
    this.#shown = now;
    this.#goBack.disabled = !machines.some(({ isInFront, isKept }) => isInFront && isKept);
    this.#showLegend(machines);
    const most = Math.max(...machines.map(({ memory }) => memory.ramBytes));
    const focused = (document.activeElement as HTMLElement | null)?.dataset.act;
    this.#list.replaceChildren(...machines.map((machine) => this.#row(machine, most, machines.length)));
    if (focused !== undefined) this.#list.querySelector<HTMLElement>(`[data-act="${focused}"]`)?.focus();
  }

  clear(): void {
    this.#shown = "";
  }

  #button(label: string, title: string, act: () => Promise<unknown>): HTMLButtonElement {
    const button = make("button", { type: "button", title }, label);
    button.addEventListener("click", () => this.#host.attempt(act));
    return button;
  }

  #showLegend(machines: readonly MachineView[]): void {
    const sum = (part: Part): number => machines.reduce((all, machine) => all + bytesOf(machine)[part], 0);
    this.#legend.replaceChildren(
      ...PARTS.map(({ part, colour, label }) =>
        make(
          "li",
          {},
          make("i", { style: `background: var(--${colour})` }),
          label,
          make("span", { class: "num" }, ` ${size(sum(part))}`),
        ),
      ),
    );
  }

  #row(machine: MachineView, most: number, count: number): HTMLElement {
    const { number, name, state, isInFront, isKept, memory } = machine;
    const bytes = bytesOf(machine);
    const says = PARTS.map(({ part, label }) => `${size(bytes[part])} ${label}`).join(", ");
    const bar = make("div", {
      ...{ class: "memory-bar", role: "img", "aria-label": `Memory of machine ${number}: ${says}`, title: says },
      style: `width: ${(100 * memory.ramBytes) / most}%`,
    });
    for (const { part, colour } of PARTS)
      bar.append(make("i", { style: `background: var(--${colour}); flex-grow: ${bytes[part]}` }));
    const act = (label: string, does: string, run: () => Promise<unknown>): HTMLButtonElement => {
      const button = make(
        "button",
        { type: "button", class: "quiet", "aria-label": `${does} machine ${number}` },
        label,
      );
      button.dataset.act = `${label} ${number}`;
      button.addEventListener("click", () => this.#host.attempt(run));
      return button;
    };
    const { session } = this.#host;
    return make(
      "li",
      { "aria-current": isInFront },
      make("strong", {}, `${number}. ${name}`),
      make("span", { class: "is" }, `${state}${isKept ? ", kept" : ""}${isInFront ? ", in front" : ""}`),
      isInFront ? undefined : act("To the front", "Shows", () => session.call("select", number)),
      count < 2 ? undefined : act("Give up", "Gives up", () => session.call("discard", number)),
      make("div", { class: "memory-row" }, bar),
    );
  }

  async #save(): Promise<void> {
    const file = await this.#host.session.call("save");
    const link = make("a", { href: URL.createObjectURL(file), download: `${fileName(this.#host.name())}.snap` });
    link.click();
    // The browser has it by then.
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  async #suspend(): Promise<void> {
    const { session } = this.#host;
    const { machines = [] } = await session.call("look", { machines: true });
    const front = machines.find(({ isInFront }) => isInFront);
    await session.call("pause");
    await this.#save();
    if (front !== undefined && machines.length > 1) await session.call("discard", front.number);
  }

  #restore(): void {
    const file = this.#file.files?.[0];
    this.#file.value = "";
    if (file === undefined) return;
    this.#host.attempt(() => this.#host.session.call("restore", file, file.name.replace(/\.snap$/, "")));
  }
}

const fileName = (name: string): string => name.replaceAll(/[^\w.-]+/g, "-").slice(0, 64) || "machine";
