/** The line under the terminal: how fast the machine is and where it is. */

import type { View } from "../session/protocol.ts";
import { make } from "./dom.ts";
import { hex, short, size } from "./format.ts";

export class Vitals {
  readonly #root: HTMLElement;
  #last: { time: number; instructions: number } | undefined;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  show({ time, counters, pc, mode, state }: View): void {
    const { instructions, touchedBytes } = counters;
    const last = this.#last;
    const seconds = last === undefined ? 0 : (time - last.time) / 1000;
    const ran = last === undefined ? 0 : instructions - last.instructions;
    if (last === undefined || seconds >= 0.2 || ran < 0) this.#last = { time, instructions };
    const rate = state === "running" && seconds > 0 && ran >= 0 ? ran / seconds : 0;
    const rows: [string, string][] = [
      ["speed", `${(rate / 1e6).toFixed(rate >= 1e7 ? 0 : 1)} MIPS`],
      ["retired", short(instructions)],
      ["memory", size(touchedBytes)],
      ["pc", `${hex(pc, 10)} ${mode}`],
    ];
    this.#root.replaceChildren(
      ...rows.map(([name, value]) => make("div", { class: name }, make("dt", {}, name), make("dd", {}, value))),
    );
  }
}
