/** The shape of a region: how it is formed, and the flow through it. */

import { Hart } from "../gen/state";
import { Translate } from "../shared/constants";
import { block_at, fill, form_begin, scan_all } from "./form";
import { flow } from "./opt/flow";
import { unroll } from "./opt/unroll";
import { block, Dbt, MAX_INSNS, may, Shape, table, target } from "./state";
import { add_target, link_tables, new_table } from "./tables";

/** A region with dispatch tables may have so many times the instructions. */
const TABLE_ROOM: u32 = 4;

/** Forms the region at `pc`. False when not even one instruction can be translated. */
function form(t: Dbt, hart: Hart, pc: u64, shape: Shape): bool {
  form_begin(t, pc, shape);
  if (shape == Shape.ROOTED) {
    new_table(t, 0);
    add_target(table(t, 0), pc, 1);
  }
  const entry = block_at(t, hart, pc, 0);
  if (shape == Shape.ROOTED) target(table(t, 0), 0).block = entry;
  scan_all(t, hart);
  if (shape != Shape.OPEN) {
    t.limit = min(TABLE_ROOM * t.maxInsns, MAX_INSNS);
    link_tables(t, hart);
    t.limit = t.maxInsns;
    fill(t, hart);
  }
  return block(t, entry - 1).insns != 0;
}

function form_flow(t: Dbt, hart: Hart, pc: u64, shape: Shape): bool {
  if (!form(t, hart, pc, shape)) return false;
  find_flow(t);
  return true;
}

function find_flow(t: Dbt): void {
  if (may(t, Translate.UNROLLING)) unroll(t);
  flow(t);
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
  form_flow(t, hart, pc, Shape.TABLES);
  const cuts = t.cuts;
  if (!cuts || !t.tableCount) return true;
  form_flow(t, hart, pc, Shape.ROOTED);
  return t.cuts < cuts || form_flow(t, hart, pc, Shape.TABLES);
}

/** Whether the region at `pc` would have computed jumps that can be kept in it. */
export function has_computed_jumps(t: Dbt, hart: Hart, pc: u64): bool {
  return may_table(t) && form(t, hart, pc, Shape.OPEN) && t.jumpCount != 0;
}

// @ts-ignore: decorator
@inline function may_table(t: Dbt): bool {
  return may(t, Translate.JUMP_TABLES) && may(t, Translate.REGIONS) && may(t, Translate.INDIRECT_CACHE);
}
