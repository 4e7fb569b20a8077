/** What the core does for translated code: a record's operands go to the hart, its result comes back. */

import { HartField } from "../../state/layout";
import { float_flags, note_boxed } from "./float_emit";
import { is_float, record_op } from "../region/form";
import { Node } from "../ir/node";
import { callout_reads } from "../front/riscv/callout";
import { FUEL, HART, Import, TLB } from "./locals";
import { import_call, load_registers, store_registers, uncharged_before } from "./emit";
import { leave_begin, leave_if } from "./exit";
import { bit } from "../analysis/live";
import { Block } from "../ir/block";
import { Dbt, writer } from "../ir/dbt";
import { Mode } from "../../shared/ir";
import { W } from "../wasm/opcode";
import { byte, get, i32c, i64c, mem, set } from "../wasm/writer";

/** Loads what regions keep of the hart in locals. Again after whatever may have changed it: calls and system instructions. */
export function load_hart_locals(t: Dbt): void {
  const w = writer(t);
  if (!(t.mode & Mode.FLAT)) {
    get(w, HART);
    mem(w, W.I32_LOAD, HartField.tlbLoad);
    set(w, TLB);
  }
  float_flags(t);
}

/**
 * Begins leaving at `n`, gives the core what the record of `n` reads, and has it execute the record; pushes what the core answers.
 */
export function call_core(t: Dbt, b: Block, n: Node, dirty: u64, which: Import): void {
  const w = writer(t);
  const r = <u64>n.imm;
  store_registers(t, callout_reads(record_op(r), r) & dirty);
  leave_begin(t, b.pc + n.offset, true, uncharged_before(b, n));
  get(w, HART);
  get(w, FUEL);
  i32c(w, <i32>uncharged_before(b, n));
  byte(w, W.I32_SUB);
  i64c(w, n.imm);
  import_call(t, which);
}

/** The core executes the record: its operands go to the hart, its result comes back; a trap leaves it to the interpreter. */
export function callout(t: Dbt, b: Block, n: Node, dirty: u64): void {
  call_core(t, b, n, dirty, Import.CALLOUT);
  leave_if(t, dirty);
  if (is_float(record_op(<u64>n.imm))) float_flags(t);
  if (!n.dst) return;
  if (n.dst >= 32) note_boxed(t, n.dst, false);
  load_registers(t, bit(n.dst));
}
