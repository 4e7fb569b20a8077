/** What all parts of lowering push: values, registers from and to the hart, calls of the core, counts. */

import { HartField } from "../../state/layout";
import { Translate } from "../../shared/constants";
import { Node } from "../ir/node";
import { ENTRY, HART, local_of } from "./locals";
import { is_single, push_bits, set_bits } from "./single";
import { Block } from "../ir/block";
import { Dbt, is_position_independent, may, writer } from "../ir/dbt";
import { W } from "../wasm/opcode";
import { byte, get, i64c, mem, op1, set } from "../wasm/writer";

/** Pushes a value. */
export function value(t: Dbt, v: u32): void {
  if (v) get(writer(t), local_of(v));
  else i64c(writer(t), 0);
}

/** Pushes the address `pc` of the guest's code: in a region that may lie at several addresses, by its distance from the entry. */
export function address(t: Dbt, pc: u64): void {
  const w = writer(t);
  if (!is_position_independent(t)) {
    i64c(w, <i64>pc);
    return;
  }
  get(w, ENTRY);
  if (pc == t.entryPc) return;
  i64c(w, <i64>(pc - t.entryPc));
  byte(w, W.I64_ADD);
}

/** Calls the core, or the module's own function, with what has been pushed, and pushes the lower half of the answer. */
export function import_call(t: Dbt, which: u32): void {
  op1(writer(t), W.CALL, which);
  byte(writer(t), W.I32_WRAP_I64);
}

/** Adds one to a counter of the VM, when translated code counts its jumps. */
export function count(t: Dbt, field: u32): void {
  if (!may(t, Translate.COUNT)) return;
  const w = writer(t);
  for (let i = 0; i < 2; i++) {
    get(w, HART);
    mem(w, W.I32_LOAD, HartField.vm);
  }
  mem(w, W.I64_LOAD, field);
  i64c(w, 1);
  byte(w, W.I64_ADD);
  mem(w, W.I64_STORE, field);
}

/** The label of a successor that has one, as a distance from the point of emission. */
export function label_of(t: Dbt, b: Block, to: Block): u32 {
  return t.depth - (to.rpo <= b.rpo ? to.label : to.forwardLabel);
}

/** Loads the registers in `mask` from the hart. */
export function load_registers(t: Dbt, mask: u64): void {
  const w = writer(t);
  for (let v: u32 = 1; v < 64; v++) {
    if (!((mask >> v) & 1)) continue;
    get(w, HART);
    if (is_single(t, v)) {
      mem(w, W.I64_LOAD, HartField.f + ((v - 32) << 3));
      set_bits(t, v);
      continue;
    }
    if (v < 32) mem(w, W.I64_LOAD, HartField.x + (v << 3));
    else mem(w, W.F64_LOAD, HartField.f + ((v - 32) << 3));
    set(w, local_of(v));
  }
}

/** Writes the registers in `mask` back to the hart. */
export function store_registers(t: Dbt, mask: u64): void {
  const w = writer(t);
  for (let v: u32 = 1; v < 64; v++) {
    if (!((mask >> v) & 1)) continue;
    get(w, HART);
    if (is_single(t, v)) {
      push_bits(t, v);
      mem(w, W.I64_STORE, HartField.f + ((v - 32) << 3));
      continue;
    }
    get(w, local_of(v));
    if (v < 32) mem(w, W.I64_STORE, HartField.x + (v << 3));
    else mem(w, W.F64_STORE, HartField.f + ((v - 32) << 3));
  }
}

export function low(t: Dbt, v: u32): void {
  value(t, v);
  byte(writer(t), W.I32_WRAP_I64);
}

/** Instructions that have been executed before that of `n`, and are not charged to the fuel yet. */
// @ts-ignore: decorator
@inline export function uncharged_before(b: Block, n: Node): u32 {
  return b.uncharged + n.k;
}
