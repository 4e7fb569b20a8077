/** Who runs next, and for how long: slices of uneven length, the same for both VMs and every time. */

import { Random } from "../../isa/random/values.ts";
import type { Slice } from "./side.ts";

/** How long slices are, in steps (instructions retired and traps taken). */
export interface SliceLengths {
  readonly least: number;
  readonly most: number;
}

/** Deals slices to harts in order. */
export class Schedule {
  readonly #random: Random;
  readonly #harts: number;
  readonly #lengths: SliceLengths;
  #next = 0;

  constructor(harts: number, lengths: SliceLengths, seed: number) {
    this.#harts = harts;
    this.#lengths = lengths;
    this.#random = new Random(seed);
  }

  /** The next slice. As many slices are up to twice as long as the shortest as are up to twice as long as that, and so on. */
  next(typed: Uint8Array | undefined): Slice {
    const { least, most } = this.#lengths;
    const hart = this.#next;
    this.#next = (hart + 1) % this.#harts;
    const doublings = Math.ceil(Math.log2(most / least));
    const longest = Math.min(most, least * 2 ** this.#random.between(0, doublings));
    const steps = this.#random.between(least, longest);
    return { hart, steps, endsRound: this.#next === 0, ...(typed === undefined ? {} : { typed }) };
  }
}

/** `slice` as at most `count` shorter ones. */
export function split(slice: Slice, count: number): Slice[] {
  const steps = Math.ceil(slice.steps / count);
  const parts: Slice[] = [];
  for (let done = 0; done < slice.steps; done += steps) {
    const { typed, ...rest } = slice;
    parts.push({
      ...rest,
      ...(done === 0 && typed !== undefined ? { typed } : {}),
      steps: Math.min(steps, slice.steps - done),
      endsRound: slice.endsRound && done + steps >= slice.steps,
    });
  }
  return parts;
}
