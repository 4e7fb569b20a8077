/** Finds the shortest slice that shows a difference, by running the same again in smaller and smaller pieces. */

import type { Differences } from "./compare.ts";
import type { Pair } from "./pair.ts";
import { split } from "./schedule.ts";
import type { Slice } from "./side.ts";

/** Where a difference comes up. */
export interface Narrowed {
  /** After these slices all is the same. */
  readonly before: readonly Slice[];
  /** After this one it is not. */
  readonly slice: Slice;
  readonly differences: Differences;
}

const PIECES = 16;

/**
 * Narrows a difference that shows after `slices`, when all was the same after the first `good` of them. Undefined when it
 * does not show again.
 */
export async function narrow(pair: Pair, slices: readonly Slice[], good: number): Promise<Narrowed | undefined> {
  const first = await pair.replay(slices, good);
  if (first === undefined) return undefined;
  let found = narrowed(slices, first.index, first.differences);
  while (found.slice.steps > 1) {
    const closer = await cut(pair, found);
    if (closer === undefined) break;
    found = closer;
  }
  return shorten(pair, found);
}

function narrowed(slices: readonly Slice[], index: number, differences: Differences): Narrowed {
  return { before: slices.slice(0, index), slice: slices[index]!, differences };
}

/** Which of a slice's pieces it is. Undefined when it does not show in any: pieces change what is translated. */
async function cut(pair: Pair, { before, slice }: Narrowed): Promise<Narrowed | undefined> {
  const pieces = [...before, ...split(slice, PIECES)];
  const found = await pair.replay(pieces, before.length);
  return found && narrowed(pieces, found.index, found.differences);
}

/** Leaves out as many of the slice's last steps as possible, by bisection. */
async function shorten(pair: Pair, found: Narrowed): Promise<Narrowed> {
  let best = found;
  for (let same = 0; best.slice.steps - same > 1;) {
    const steps = Math.floor((same + best.slice.steps) / 2);
    const slice = { ...found.slice, steps, endsRound: false };
    const again = await pair.replay([...found.before, slice], found.before.length);
    if (again === undefined) same = steps;
    else best = { ...found, slice, differences: again.differences };
  }
  return best;
}
