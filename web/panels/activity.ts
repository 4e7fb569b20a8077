/** What the machine has been doing for the last minute. */

import type { TranslatorCounters, TranslatorExits, VmCounters } from "../../src/index.ts";
import type { Query, View } from "../session/protocol.ts";
import { make } from "../ui/dom.ts";
import { short, size } from "../ui/format.ts";
import { Plot } from "../ui/plot.ts";
import type { Panel } from "./panel.ts";

const perSecond = (value: number): string => `${short(value)}/s`;
const percent = (value: number): string => `${Math.round(value * 100)} %`;

/** How often samples come at least, in milliseconds; nearer ones are noise. */
const SHORTEST = 100;

export class ActivityPanel implements Panel {
  readonly id = "activity";
  readonly title = "Activity";
  readonly element = make("div", { class: "panel activity" });
  readonly #speed = new Plot({
    title: "Speed, by tier",
    about: "Millions of guest instructions a second over the last minute",
    series: [
      { name: "translated", colour: "accent" },
      { name: "interpreted", colour: "amber" },
    ],
    format: (value) => `${value >= 10 ? value.toFixed(0) : value.toFixed(1)} MIPS`,
  });
  readonly #time = new Plot({
    title: "Time",
    about: "What the machine's thread does",
    series: [
      { name: "guest", colour: "accent" },
      { name: "translating", colour: "violet" },
    ],
    top: 1,
    format: percent,
  });
  readonly #tlb = new Plot({
    title: "TLB misses",
    about: "TLB misses a second over the last minute",
    series: [{ name: "misses", colour: "violet" }],
    format: perSecond,
  });
  readonly #exits = new Plot({
    title: "Exits by cause",
    about: "What ended straight execution, a second, over the last minute",
    series: [
      { name: "device", colour: "accent" },
      { name: "exception", colour: "red" },
      { name: "interrupt", colour: "amber" },
    ],
    format: perSecond,
  });
  readonly #leaves = new Plot({
    title: "Translated code left, by cause",
    about: "Why translated code gave way to the dispatcher, a second, over the last minute",
    series: [
      { name: "one instruction", colour: "accent" },
      { name: "cold code", colour: "amber" },
      { name: "jump cache miss", colour: "violet" },
      { name: "trap", colour: "red" },
      { name: "other", colour: "faint" },
    ],
    format: perSecond,
  });
  readonly #regions = new Plot({
    title: "Regions translated",
    about: "Regions translated a second, over the last minute",
    series: [{ name: "regions", colour: "accent" }],
    format: perSecond,
  });
  readonly #totals = make("dl", { class: "totals" });
  readonly #plots = [this.#speed, this.#time, this.#tlb, this.#exits, this.#leaves, this.#regions];
  #last: { time: number; counters: VmCounters } | undefined;

  constructor() {
    this.element.append(...this.#plots.map(({ element }) => element), this.#totals);
  }

  query(): Query {
    return {};
  }

  /** Takes a sample, also while another panel is in front. */
  sample({ time, counters }: View): void {
    const last = this.#last;
    if (last !== undefined && time - last.time < SHORTEST) return;
    this.#last = { time, counters };
    if (last === undefined || counters.instructions < last.counters.instructions) return;
    const seconds = (time - last.time) / 1000;
    const rate = (pick: (of: VmCounters) => number) => Math.max(0, pick(counters) - pick(last.counters)) / seconds;
    const milliseconds = (pick: (of: VmCounters) => number) => Math.min(1, rate(pick) / 1000);
    const translating = milliseconds(({ translator }) => translator.translateMilliseconds);
    this.#speed.add([
      rate(({ translator }) => translator.translatedInstructions) / 1e6,
      rate(({ translator }) => translator.interpretedInstructions) / 1e6,
    ]);
    this.#time.add([Math.max(0, milliseconds((of) => of.busyMilliseconds) - translating), translating]);
    this.#tlb.add([rate((of) => of.tlbMisses)]);
    this.#exits.add([rate((of) => of.mmio), rate((of) => of.traps), rate((of) => of.interrupts)]);
    const left = (pick: (exits: TranslatorExits) => number) => rate(({ translator }) => pick(translator.exits));
    this.#leaves.add([
      left((exits) => exits.interpreter),
      left((exits) => exits.cold),
      left((exits) => exits.miss),
      left((exits) => exits.trap),
      left((exits) => exits.fuel + exits.dispatch + exits.attention),
    ]);
    this.#regions.add([rate(({ translator }) => translator.regions)]);
  }

  show({ counters }: View): void {
    const { translator } = counters;
    const translates = translator.entries + translator.regions > 0;
    this.#leaves.element.hidden = this.#regions.element.hidden = !translates;
    this.redraw();
    const rows: [string, string][] = [
      ["instructions", short(counters.instructions)],
      ["decoded", short(counters.decoded)],
      ["TLB misses", short(counters.tlbMisses)],
      ["device accesses", short(counters.mmio)],
      ["exceptions", short(counters.traps)],
      ["interrupts", short(counters.interrupts)],
      ["sfence.vma", short(counters.sfence)],
      ["fence.i", short(counters.fenceI)],
      ["memory touched", size(counters.touchedBytes)],
      ...(translates ? translatorRows(translator) : []),
    ];
    this.#totals.replaceChildren(
      ...rows.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
    );
  }

  redraw(): void {
    for (const plot of this.#plots) plot.draw();
  }

  clear(): void {
    this.#last = undefined;
    for (const plot of this.#plots) plot.clear();
  }
}

function translatorRows(counters: TranslatorCounters): [string, string][] {
  return [
    ["regions translated", short(counters.regions)],
    ["code made", size(counters.codeBytes)],
    ["longest translation", `${counters.longestMilliseconds.toFixed(1)} ms`],
  ];
}
