/**
 * Looks what is executed, where computed jumps go, and which accesses stay in their page: just before a region is formed for which that
 * matters, the interpreter runs a little under observation.
 */

import { record_peek } from "../../code/pages";
import { Op } from "../../isa/op";
import { Hart, Vm } from "../../state/state";
import { imm, x1 } from "../../state/regs";
import { execute_record, OVERSHOOT } from "../../interp/step";
import { Translate } from "../../shared/constants";
import { is_access, is_computed_call, is_computed_jump, record_length, record_op } from "../region/form";
import { begin } from "./hot";
import { forget_seen, note_jump, note_seen } from "../profile/jumps";
import { note_access } from "../profile/locality";
import { Observation, wants_observation } from "./shape";
import { Dbt, may } from "../ir/dbt";

/** Steps that are observed: an eighth of what makes an address hot, between these. */
const LEAST: u32 = 1024;
const MOST: u32 = 1 << 14;
/** Steps that tell enough of accesses. */
const ACCESSES: u32 = 2048;

/**
 * Lets a little be interpreted under observation when that matters for the region at `pc`; `OVERSHOOT` steps are left over. `flat` says that
 * its loads and stores are not translated.
 */
export function observe_at(hart: Hart, vm: Vm, pc: u64, flat: bool): void {
  const t = changetype<Dbt>(<usize>vm.dbt);
  if (hart.fuel <= OVERSHOOT) return;
  begin(t, hart, vm);
  const accesses = may(t, Translate.MICRO_TLB) && !flat;
  const wanted = wants_observation(t, hart, pc);
  const most = wanted != Observation.NONE ? MOST : accesses ? ACCESSES : 0;
  if (most) observe(t, hart, min(min(most, max(LEAST, vm.hotThreshold >> 3)), hart.fuel - OVERSHOOT), accesses);
  // Where it calls to may be known now; but what is never executed has room in the region, too.
  t.observed = u32(wanted == Observation.SHAPES);
}

/**
 * Interprets up to `limit` steps, notes which, where computed jumps go, and with `accesses` where accesses do. Ends early at a trap, a
 * change of mode, or attention.
 */
function observe(t: Dbt, hart: Hart, limit: u32, accesses: bool): void {
  const priv = hart.priv;
  const traps = hart.countTrap;
  const floor = hart.fuel - min(limit, hart.fuel);
  forget_seen(t);
  while (hart.fuel > floor && !hart.attention && hart.priv == priv && hart.countTrap == traps) {
    const pc = hart.pc;
    const r = record_peek(hart, pc);
    if (!r || record_op(r) == Op.ILLEGAL) return;
    if (accesses && is_access(record_op(r))) note_access(t, pc, x1(hart, r) + <i64>imm(r));
    execute_record(hart, r, pc, record_length(r));
    note_seen(t, pc);
    if (is_computed_jump(r) || is_computed_call(r)) note_jump(t, pc, hart.pc);
  }
}
