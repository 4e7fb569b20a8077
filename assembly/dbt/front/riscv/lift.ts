/** Guest instructions -> IR, block by block. Each extension's file has the twins of the handlers in `insn/`. */

import { Hart } from "../../../state/state";
import { is_stale, record_length, record_op, usable } from "../../region/form";
import { is_full, node } from "../../ir/node";
import { Block, block } from "../../ir/block";
import { Dbt } from "../../ir/dbt";
import { callout } from "./callout";
import { lift_a } from "./rv_a";
import { lift_d } from "./rv_d";
import { lift_f } from "./rv_f";
import { lift_i } from "./rv_i";
import { lift_m } from "./rv_m";
import { lift_zb } from "./rv_zb";
import { lift_zicsr } from "./rv_zicsr";

/** Lifts every block of the region. False when that takes too many nodes, or its code is not there any more. */
export function lift(t: Dbt, hart: Hart): bool {
  t.irCount = 0;
  t.floatUse = 0;
  for (let i: u32 = 0; i < t.blockCount; i++) if (!lift_block(t, hart, block(t, i))) return false;
  return !is_full(t) && !is_stale(t);
}

function lift_block(t: Dbt, hart: Hart, b: Block): bool {
  b.irFirst = t.irCount;
  let pc = b.pc;
  for (let k: u32 = 0; k < b.insns; k++) {
    const r = usable(t, hart, pc);
    if (!r) return false;
    const first = t.irCount;
    lift_instruction(t, r, pc);
    for (let i = first; i < t.irCount; i++) {
      node(t, i).k = <u16>k;
      node(t, i).offset = <u32>(pc - b.pc);
    }
    pc += record_length(r);
  }
  b.irCount = t.irCount - b.irFirst;
  return true;
}

function lift_instruction(t: Dbt, r: u64, pc: u64): void {
  const op = record_op(r);
  if (lift_i(t, op, r, pc) || lift_m(t, op, r) || lift_zb(t, op, r) || lift_f(t, op, r) || lift_d(t, op, r)) return;
  if (lift_zicsr(t, op, r) || lift_a(t, op, r)) return;
  callout(t, op, r);
}
