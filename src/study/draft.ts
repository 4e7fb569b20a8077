/** A cell while it is being measured. */

import type { Cell, FirstResult, Sample, TimelinePoint } from "./result.ts";

/** Like a `Cell`, without what is computed from it. */
export interface Draft {
  readonly workload: string;
  readonly variant: string;
  readonly footprint?: number;
  check: Cell["check"];
  scale?: number;
  instructions: number;
  first?: FirstResult;
  samples: readonly Sample[];
  counters?: Readonly<Record<string, number>>;
  timeline?: readonly TimelinePoint[];
  voided?: string;
}

/** What was measured of a cell, to go on from. Voided cells begin anew. */
export function draftOf(cell: Cell): Draft {
  const { workload, variant, footprint, check, scale, instructions, first, samples, counters, timeline } = cell;
  const place = { workload, variant, ...(footprint === undefined ? {} : { footprint }) };
  if (cell.voided !== undefined) return { ...place, check, instructions: 0, samples: [] };
  return {
    ...place,
    check,
    instructions,
    samples: [...samples],
    ...(scale === undefined ? {} : { scale }),
    ...(first === undefined ? {} : { first }),
    ...(counters === undefined ? {} : { counters }),
    ...(timeline === undefined ? {} : { timeline }),
  };
}
