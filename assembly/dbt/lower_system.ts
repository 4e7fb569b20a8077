/** System instructions that the core executes for translated code -> Wasm. */

import { HartField } from "../gen/layout";
import { record_length, record_op } from "./form";
import { Node } from "./ir";
import { callout_reads } from "./lift/callout";
import { A32, FUEL, HART, Import, local_of, System } from "./locals";
import { leave_begin, leave_if, load_hart_locals, store_registers } from "./lower";
import { unpaid } from "./lower_node";
import { bit } from "./opt/live";
import { Block, Dbt, writer } from "./state";
import { W } from "./wasm/opcode";
import { byte, get, i32c, i64c, mem, op1, set, tee } from "./wasm/writer";

/**
 * Calls the core. When the instruction traps it is left to the interpreter; when it is done and something that regions assume
 * has changed, the next instruction is: that way no caller takes the address for the one it expects its callee to return to.
 */
export function lower_system(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  const r = <u64>n.imm;
  const pc = b.pc + n.offset;
  store_registers(t, callout_reads(record_op(r), r) & dirty);
  leave_begin(t, pc, true, unpaid(b, n));
  get(w, HART);
  i64c(w, n.imm);
  get(w, FUEL);
  i32c(w, <i32>unpaid(b, n));
  byte(w, W.I32_SUB);
  op1(w, W.CALL, Import.SYSTEM);
  tee(w, A32);
  i32c(w, System.INTERPRET);
  byte(w, W.I32_EQ);
  leave_if(t, dirty);
  if (n.dst) {
    get(w, HART);
    mem(w, W.I64_LOAD, HartField.x + ((<u32>n.dst) << 3));
    set(w, local_of(n.dst));
  }
  leave_begin(t, pc + record_length(r), true, unpaid(b, n) + 1);
  get(w, A32);
  leave_if(t, dirty | bit(n.dst));
  load_hart_locals(t);
}
