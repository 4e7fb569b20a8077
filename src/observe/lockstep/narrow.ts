/** Finds the shortest turn that shows a difference, by running the same again in smaller and smaller pieces. */

import type { Differences } from "./compare.ts";
import type { Pair } from "./pair.ts";
import { split } from "./schedule.ts";
import type { Turn } from "./side.ts";

/** Where a difference comes up. */
export interface Narrowed {
  /** After these turns all is the same. */
  readonly before: readonly Turn[];
  /** After this one it is not. */
  readonly turn: Turn;
  readonly differences: Differences;
}

const PIECES = 16;

/**
 * Narrows a difference that shows after `turns`, when all was the same after the first `good` of them. Undefined when it
 * does not show again.
 */
export async function narrow(pair: Pair, turns: readonly Turn[], good: number): Promise<Narrowed | undefined> {
  const first = await pair.replay(turns, good);
  if (first === undefined) return undefined;
  let found = narrowed(turns, first.index, first.differences);
  while (found.turn.steps > 1) {
    const closer = await cut(pair, found);
    if (closer === undefined) break;
    found = closer;
  }
  return shorten(pair, found);
}

function narrowed(turns: readonly Turn[], index: number, differences: Differences): Narrowed {
  return { before: turns.slice(0, index), turn: turns[index]!, differences };
}

/** Which of a turn's pieces it is. Undefined when it does not show in any: pieces change what is translated. */
async function cut(pair: Pair, { before, turn }: Narrowed): Promise<Narrowed | undefined> {
  const pieces = [...before, ...split(turn, PIECES)];
  const found = await pair.replay(pieces, before.length);
  return found && narrowed(pieces, found.index, found.differences);
}

/** Leaves out as many of the turn's last steps as possible, by bisection. */
async function shorten(pair: Pair, found: Narrowed): Promise<Narrowed> {
  let best = found;
  for (let same = 0; best.turn.steps - same > 1;) {
    const steps = Math.floor((same + best.turn.steps) / 2);
    const turn = { ...found.turn, steps, endsRound: false };
    const again = await pair.replay([...found.before, turn], found.before.length);
    if (again === undefined) same = steps;
    else best = { ...found, turn, differences: again.differences };
  }
  return best;
}
