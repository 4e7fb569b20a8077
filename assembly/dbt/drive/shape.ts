/** The shape of a region: how it is formed, and the flow through it. */

import { Hart } from "../../state/state";
import { Translate } from "../../shared/constants";
import { flow } from "../analysis/flow";
import { unroll } from "../opt/unroll";
import { Dbt, may, Shape } from "../ir/dbt";
import { form } from "../region/grow";

/** Finds the flow through the region just formed. Returns how many edges had to be cut. */
function find_flow(t: Dbt): u32 {
  if (may(t, Translate.UNROLLING)) unroll(t);
  return flow(t);
}

/**
 * Forms the region at `pc` and finds its flow. Computed jumps stay inside if they have been seen, in the shape that cuts fewer edges.
 * False when not even one instruction can be translated.
 */
export function shape(t: Dbt, hart: Hart, pc: u64): bool {
  if (!form(t, hart, pc, Shape.OPEN)) return false;
  if (!t.jumpCount || !may_table(t)) {
    find_flow(t);
    return true;
  }
  if (!form(t, hart, pc, Shape.TABLES)) return false;
  const cuts = find_flow(t);
  if (!cuts || !t.tableCount) return true;
  if (form(t, hart, pc, Shape.ROOTED) && find_flow(t) < cuts) return true;
  if (!form(t, hart, pc, Shape.TABLES)) return false;
  find_flow(t);
  return true;
}

/** What a look at what is executed lately is good for. */
export enum Observation {
  NONE = 0,
  /** Callees of computed calls can be inlined. */
  CALLS = 1,
  /** The region does not fit, or has computed jumps that can be kept in it. */
  SHAPES = 2,
}

/** Whether it matters for the region at `pc` what is executed lately. */
export function wants_observation(t: Dbt, hart: Hart, pc: u64): Observation {
  t.observed = 0;
  if (!form(t, hart, pc, Shape.OPEN)) return Observation.NONE;
  if (t.insns >= t.limit || (t.jumpCount != 0 && may_table(t))) return Observation.SHAPES;
  return t.callCount != 0 && may(t, Translate.INLINING) ? Observation.CALLS : Observation.NONE;
}

// @ts-ignore: decorator
@inline function may_table(t: Dbt): bool {
  return may(t, Translate.JUMP_TABLES) && may(t, Translate.REGIONS) && may(t, Translate.INDIRECT_CACHE);
}
