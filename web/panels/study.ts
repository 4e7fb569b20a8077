/** The quick study: how much slower than direct execution each technique is, in this browser. */

import { TEXTBOOK } from "../../src/study/ladder.ts";
import type { ExperimentResult, StudyResult, Summary } from "../../src/study/result.ts";
import type { Query } from "../session/protocol.ts";
import type { StudyMessage, StudyRequest } from "../study/messages.ts";
import { make } from "../ui/dom.ts";
import type { Panel } from "./panel.ts";

/** What the study needs of the page. */
export interface StudyHost {
  /** Pauses the guest, which would disturb the figures; returns what has it go on. */
  holdGuest(): () => void;
}

/** The scale begins here, as times direct execution; it ends at a power of ten. */
const LEAST = 0.5;
const LEAST_TOP = 100;

export class StudyPanel implements Panel {
  readonly id = "study";
  readonly title = "Study";
  readonly element = make("div", { class: "panel study" });
  readonly #host: StudyHost;
  readonly #run = make("button", { type: "button", class: "primary" }, "Run the quick study");
  readonly #stop = make("button", { type: "button" }, "Stop");
  readonly #save = make("button", { type: "button" }, "Save as JSON");
  readonly #status = make("p", { class: "where", role: "status" });
  readonly #ladder = make("div", { class: "ladder" });
  #worker: Worker | undefined;
  #release: (() => void) | undefined;
  #result: StudyResult | undefined;

  constructor(host: StudyHost) {
    this.#host = host;
    this.#stop.hidden = this.#save.hidden = true;
    this.#run.addEventListener("click", () => this.#start());
    this.#stop.addEventListener("click", () => this.#worker?.postMessage("stop" satisfies StudyRequest));
    this.#save.addEventListener("click", () => this.#download());
    this.element.append(
      make("h3", {}, "How much slower than direct execution is each technique?"),
      make(
        "p",
        { class: "intro" },
        "Each rung adds one mechanism to the same engine. Three workloads, each verified by its own check, relative to the same C compiled to WebAssembly. It takes about a minute; the guest is paused meanwhile.",
      ),
      make("div", { class: "toolbar" }, this.#run, this.#stop, this.#save),
      ...[this.#status, this.#ladder],
    );
  }

  query(): Query {
    return {};
  }

  /** It shows nothing of the guest. */
  show(): void {
    return;
  }

  #start(): void {
    this.#release = this.#host.holdGuest();
    this.#run.hidden = true;
    this.#stop.hidden = false;
    this.#status.textContent = "starting";
    this.#worker = new Worker(new URL("../study/worker.ts", import.meta.url), { type: "module", name: "study" });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<StudyMessage>) => this.#receive(data));
    this.#worker.addEventListener("error", ({ message }) =>
      this.#end(`The study has failed: ${message}. Run it again.`),
    );
    this.#worker.postMessage("run" satisfies StudyRequest);
  }

  #receive(message: StudyMessage): void {
    if (message.kind === "progress") this.#status.textContent = message.doing;
    else if (message.kind === "problem") this.#end(`${message.message} Run it again.`);
    else {
      this.#result = message.result;
      this.#showResult(message.result);
      if (message.final) this.#end(closing(message.result));
    }
  }

  #end(sentence: string): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#release?.();
    this.#release = undefined;
    this.#status.textContent = sentence;
    this.#run.hidden = false;
    this.#run.textContent = "Run it again";
    this.#stop.hidden = true;
    this.#save.hidden = this.#result === undefined;
  }

  #showResult({ experiments, summary }: StudyResult): void {
    const [ladder] = experiments;
    if (ladder === undefined) return;
    const position = scaleOf(ladder, summary);
    const rows = ladder.variants.map((variant) => rung(ladder, variant, summary.slowdown[variant.name], position));
    const lines = TEXTBOOK.map(({ label, slowdown }) =>
      make("div", { class: "textbook", style: `left: ${position(slowdown)}%` }, make("span", {}, label)),
    );
    const key = ladder.workloads.map((name, index) => make("li", {}, make("i", { class: `point${index}` }), name));
    this.#ladder.replaceChildren(
      make("ul", { class: "legend" }, make("li", {}, make("i", { class: "mean" }), "geometric mean"), ...key),
      make("div", { class: "rungs" }, make("div", { class: "lines", "aria-hidden": "true" }, ...lines), ...rows),
    );
  }

  #download(): void {
    const blob = new Blob([`${JSON.stringify(this.#result, undefined, 1)}\n`], { type: "application/json" });
    const address = URL.createObjectURL(blob);
    make("a", { href: address, download: "wasmvisor-study.json" }).click();
    URL.revokeObjectURL(address);
  }
}

function closing({ about, summary }: StudyResult): string {
  const done = about.interrupted ? "Stopped" : "Done";
  const voided = summary.voided.length === 0 ? "" : ` Without a valid figure: ${summary.voided.join("; ")}.`;
  const noise = about.noise.noisy ? ` ${about.noise.reasons.join(" ")}` : "";
  return `${done} after ${about.seconds} s, ${about.host.engine}.${voided}${noise}`;
}

/** Where a slowdown stands on the logarithmic scale, in percent. */
type Position = (slowdown: number) => number;

function scaleOf({ cells }: ExperimentResult, { slowdown }: Summary): Position {
  const found = [...cells.map((cell) => cell.slowdown?.median ?? 1), ...Object.values(slowdown)];
  const top = 10 ** Math.ceil(Math.log10(Math.max(LEAST_TOP, ...found)));
  return (value) => (100 * Math.log(Math.max(LEAST, value) / LEAST)) / Math.log(top / LEAST);
}

function rung(
  ladder: ExperimentResult,
  { name, explains }: ExperimentResult["variants"][number],
  mean: number | undefined,
  position: Position,
): HTMLElement {
  const dots = ladder.workloads.flatMap((workload, index) => {
    const cell = ladder.cells.find((found) => found.variant === name && found.workload === workload);
    const slowdown = cell?.slowdown?.median;
    if (slowdown === undefined) return [];
    const title = `${workload}: ${times(slowdown)}`;
    return [make("i", { class: `point point${index}`, style: `left: ${position(slowdown)}%`, title })];
  });
  const bar = mean === undefined ? [] : [make("div", { class: "bar-fill", style: `width: ${position(mean)}%` })];
  return make(
    "div",
    { class: "rung" },
    make("span", { class: "rung-name", title: explains }, name),
    make("div", { class: "track" }, ...bar, ...dots),
    make("output", {}, mean === undefined ? "" : times(mean)),
  );
}

function times(value: number): string {
  return `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)}x`;
}
