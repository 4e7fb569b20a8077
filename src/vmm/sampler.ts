/** Looks at harts at regular intervals of instructions: what a profile is made of. */

import { VmField } from "../../assembly/state/layout.ts";
import type { VmView } from "../core/views.ts";

/** What a hart has done since it was last looked at. */
export interface Interval {
  /** Number of the hart. */
  readonly hart: number;
  /** Instructions retired and traps taken. */
  readonly steps: number;
  /** How many of the instructions translated code has executed. */
  readonly translated: number;
}

/** One hart's present interval. */
interface Progress {
  steps: number;
  translated: number;
}

/** Ends slices where an interval ends. The intervals of a hart are equally long in steps, whatever the host's clock says. */
export class Sampler {
  readonly #vm: VmView;
  readonly #period: number;
  readonly #see: (interval: Interval) => void;
  readonly #progress: Progress[];
  #translatedBefore = 0;

  constructor(vm: VmView, harts: number, period: number, see: (interval: Interval) => void) {
    this.#vm = vm;
    this.#period = period;
    this.#see = see;
    this.#progress = Array.from({ length: harts }, () => ({ steps: 0, translated: 0 }));
  }

  /** A hart is about to run: how many of `most` steps it may, so that it stops where its interval ends. */
  begin(hart: number, most: number): number {
    this.#translatedBefore = this.#vm.count(VmField.countTranslated);
    return Math.max(1, Math.min(most, this.#period - this.#progress[hart]!.steps));
  }

  /** It has run. */
  end(hart: number, steps: number): void {
    const progress = this.#progress[hart]!;
    progress.steps += steps;
    progress.translated += this.#vm.count(VmField.countTranslated) - this.#translatedBefore;
    if (progress.steps < this.#period) return;
    this.#see({ hart, ...progress });
    progress.steps = 0;
    progress.translated = 0;
  }
}
