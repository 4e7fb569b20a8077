/** System instructions that the core executes for translated code -> Wasm. */

import { HartField } from "../../state/layout";
import { record_length } from "../region/form";
import { Node } from "../ir/node";
import { A32, HART, Import, local_of, System } from "./locals";
import { call_core, load_hart_locals } from "./call";
import { uncharged_before } from "./emit";
import { leave_begin, leave_if } from "./exit";
import { bit } from "../analysis/live";
import { Block } from "../ir/block";
import { Dbt, writer } from "../ir/dbt";
import { W } from "../wasm/opcode";
import { byte, get, i32c, mem, set, tee } from "../wasm/writer";

/**
 * Calls the core. When the instruction traps it is left to the interpreter; when it is done and something that regions assume
 * has changed, the next instruction is: that way no caller takes the address for the one it expects its callee to return to.
 */
export function lower_system(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  call_core(t, b, n, dirty, Import.SYSTEM);
  tee(w, A32);
  i32c(w, System.INTERPRET);
  byte(w, W.I32_EQ);
  leave_if(t, dirty);
  if (n.dst) {
    get(w, HART);
    mem(w, W.I64_LOAD, HartField.x + ((<u32>n.dst) << 3));
    set(w, local_of(n.dst));
  }
  leave_begin(t, b.pc + n.offset + record_length(<u64>n.imm), true, uncharged_before(b, n) + 1);
  get(w, A32);
  leave_if(t, dirty | bit(n.dst));
  load_hart_locals(t);
}
