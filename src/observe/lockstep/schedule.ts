/** Who runs next, and for how long: turns of uneven length, the same for both VMs and every time. */

import { Random } from "../../isa/random/values.ts";
import type { Turn } from "./side.ts";

/** How long turns are, in steps (instructions retired and traps taken). */
export interface TurnLengths {
  readonly least: number;
  readonly most: number;
}

/** Deals turns to harts in order. */
export class Schedule {
  readonly #random: Random;
  readonly #harts: number;
  readonly #lengths: TurnLengths;
  #next = 0;

  constructor(harts: number, lengths: TurnLengths, seed: number) {
    this.#harts = harts;
    this.#lengths = lengths;
    this.#random = new Random(seed);
  }

  /** The next turn. As many turns are up to twice as long as the shortest as are up to twice as long as that, and so on. */
  next(typed: Uint8Array | undefined): Turn {
    const { least, most } = this.#lengths;
    const hart = this.#next;
    this.#next = (hart + 1) % this.#harts;
    const doublings = Math.ceil(Math.log2(most / least));
    const longest = Math.min(most, least * 2 ** this.#random.between(0, doublings));
    const steps = this.#random.between(least, longest);
    return { hart, steps, endsRound: this.#next === 0, ...(typed === undefined ? {} : { typed }) };
  }
}

/** `turn` as at most `count` shorter ones. */
export function split(turn: Turn, count: number): Turn[] {
  const steps = Math.ceil(turn.steps / count);
  const parts: Turn[] = [];
  for (let done = 0; done < turn.steps; done += steps) {
    const { typed, ...rest } = turn;
    parts.push({
      ...rest,
      ...(done === 0 && typed !== undefined ? { typed } : {}),
      steps: Math.min(steps, turn.steps - done),
      endsRound: turn.endsRound && done + steps >= turn.steps,
    });
  }
  return parts;
}
