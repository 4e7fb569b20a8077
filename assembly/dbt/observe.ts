/**
 * Looks what is executed and where computed jumps go: just before a region is formed for which that matters, the interpreter runs a
 * little under observation.
 */

import { code_page, record_at } from "../decode/pages";
import { Op } from "../gen/op";
import { Hart, Vm } from "../gen/state";
import { execute_record } from "../interp/step";
import { Cause } from "../shared/constants";
import { is_computed_jump, record_length, record_op } from "./form";
import { begin } from "./hot";
import { forget_seen, note_jump, note_seen } from "./jumps";
import { wants_observation } from "./shape";
import { Dbt } from "./state";

/** Steps that are observed: an eighth of what makes an address hot, between these. */
const LEAST: u32 = 1024;
const MOST: u32 = 1 << 14;

/** Lets a little be interpreted under observation when that matters for the region at `pc`; `floor` steps are left over. */
export function observe_at(hart: Hart, vm: Vm, pc: u64, floor: u32): void {
  const t = changetype<Dbt>(<usize>vm.dbt);
  if (hart.fuel <= floor) return;
  begin(t, hart, vm);
  if (!wants_observation(t, hart, pc)) return;
  observe(t, hart, min(min(MOST, max(LEAST, vm.hotThreshold >> 3)), hart.fuel - floor));
}

/** Interprets up to `limit` steps, notes which, and where computed jumps go. Ends early at a trap, a change of mode, or attention. */
function observe(t: Dbt, hart: Hart, limit: u32): void {
  const priv = hart.priv;
  const traps = hart.countTrap;
  const floor = hart.fuel - min(limit, hart.fuel);
  forget_seen(t);
  t.observed = 1;
  while (hart.fuel > floor && !hart.attention && hart.priv == priv && hart.countTrap == traps) {
    const pc = hart.pc;
    const page = code_page(hart, pc);
    const r = page ? record_at(hart, page, pc) : 0;
    hart.trapCause = Cause.NONE;
    if (!r || record_op(r) == Op.ILLEGAL) return;
    execute_record(hart, r, pc, record_length(r));
    note_seen(t, pc);
    if (is_computed_jump(r)) note_jump(t, pc, hart.pc);
  }
}
