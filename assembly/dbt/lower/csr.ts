/** CSR accesses in place -> Wasm, where what they do is known beforehand; the others are the core's to execute. */

import { Csr } from "../../isa/csr";
import { Condition, csr_entry, CsrEntry, Form } from "../../isa/csr_table";
import { HartField } from "../../state/layout";
import { Op, OpFlag } from "../../isa/op";
import { op_flags } from "../../isa/optable";
import { csr, rs1IsZero, uimm } from "../../state/regs";
import { Priv } from "../../shared/constants";
import { Status } from "../../shared/csr";
import { record_op, record_rs1 } from "../region/form";
import { Node } from "../ir/node";
import { A64, B64, HART, local_of } from "./locals";
import { value } from "./emit";
import { lower_system } from "./system";
import { Block } from "../ir/block";
import { Dbt, writer } from "../ir/dbt";
import { Mode } from "../../shared/ir";
import { Type, W } from "../wasm/opcode";
import { byte, get, i64c, mem, open, set } from "../wasm/writer";

export function lower_csr(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const r = <u64>n.imm;
  const number = csr(r);
  const entry = csr_entry(number);
  const writes = is_exchange(r) || !rs1IsZero(r);
  const form = form_of(t, number, entry);
  if (form == Form.CORE || (writes && form == Form.READ)) lower_system(t, b, n, dirty);
  else if (form != Form.QUIET) plain(t, n, entry, writes);
  else if (writes) status_write(t, b, n, entry, dirty);
  else status_read(t, n, entry);
}

/** What can be done without the core in the region's mode. A condition on accesses may change with each instruction, except in M mode. */
function form_of(t: Dbt, number: u32, entry: CsrEntry): Form {
  const priv: u32 = t.mode >> Mode.PRIV_SHIFT;
  if (((number >> 8) & 3) > priv) return Form.CORE;
  return entry.condition != Condition.NONE && priv != Priv.M ? Form.CORE : entry.form;
}

function is_exchange(r: u64): bool {
  const op = record_op(r);
  return op == Op.CSRRW || op == Op.CSRRWI;
}

function is_immediate(r: u64): bool {
  return (op_flags(record_op(r)) & OpFlag.ZIMM) != 0;
}

/** Pushes what the instruction writes, sets or clears. */
function operand(t: Dbt, r: u64): void {
  if (is_immediate(r)) i64c(writer(t), <i64>uimm(r));
  else value(t, record_rs1(r));
}

/** Pushes the value to write, from the old one in A64 (looked at only by sets and clears). */
function updated(t: Dbt, r: u64): void {
  const w = writer(t);
  const op = record_op(r);
  if (is_exchange(r)) {
    operand(t, r);
    return;
  }
  get(w, A64);
  operand(t, r);
  if (op == Op.CSRRS || op == Op.CSRRSI) {
    byte(w, W.I64_OR);
    return;
  }
  i64c(w, -1);
  byte(w, W.I64_XOR);
  byte(w, W.I64_AND);
}

/** A CSR that is a field of the hart and nothing else. The operand is read before rd is written: they may be one register. */
function plain(t: Dbt, n: Node, entry: CsrEntry, writes: bool): void {
  const w = writer(t);
  const r = <u64>n.imm;
  const field = entry.place;
  get(w, HART);
  mem(w, W.I64_LOAD, field);
  set(w, A64);
  if (writes) {
    get(w, HART);
    updated(t, r);
    if (entry.write != ~(<u64>0)) {
      i64c(w, entry.write);
      byte(w, W.I64_AND);
    }
    mem(w, W.I64_STORE, field);
  }
  if (!n.dst) return;
  get(w, A64);
  set(w, local_of(n.dst));
}

function load_status(t: Dbt): void {
  const w = writer(t);
  get(w, HART);
  mem(w, W.I64_LOAD, HartField.mstatus);
  set(w, A64);
}

function status_read(t: Dbt, n: Node, entry: CsrEntry): void {
  load_status(t);
  view(t, n, entry);
}

/** Gives rd the view of mstatus in A64: SD says that FS is dirty. */
function view(t: Dbt, n: Node, entry: CsrEntry): void {
  const w = writer(t);
  if (!n.dst) return;
  get(w, A64);
  // Of mstatus itself there is nothing to hide.
  if (entry.read != csr_entry(Csr.MSTATUS).read) {
    i64c(w, entry.read);
    byte(w, W.I64_AND);
  }
  get(w, A64);
  i64c(w, Status.FS);
  byte(w, W.I64_AND);
  i64c(w, Status.FS);
  byte(w, W.I64_EQ);
  byte(w, W.I64_EXTEND_I32_U);
  i64c(w, 63);
  byte(w, W.I64_SHL);
  byte(w, W.I64_OR);
  set(w, local_of(n.dst));
}

/** Writes mstatus or sstatus when only quiet bits change and no interrupt can come of it. */
function status_write(t: Dbt, b: Block, n: Node, entry: CsrEntry, dirty: u64): void {
  const w = writer(t);
  const r = <u64>n.imm;
  const writable = entry.write;
  load_status(t);
  updated(t, r);
  i64c(w, writable);
  byte(w, W.I64_AND);
  get(w, A64);
  i64c(w, ~writable);
  byte(w, W.I64_AND);
  byte(w, W.I64_OR);
  set(w, B64);
  changes_quietly(t, entry);
  open(w, W.IF, Type.EMPTY);
  t.depth += 1;
  get(w, HART);
  get(w, B64);
  mem(w, W.I64_STORE, HartField.mstatus);
  view(t, n, entry);
  byte(w, W.ELSE);
  lower_system(t, b, n, dirty);
  byte(w, W.END);
  t.depth -= 1;
}

/** Pushes whether going from A64 to B64 changes quiet bits only, and sets no enable while an enabled interrupt is pending. */
function changes_quietly(t: Dbt, entry: CsrEntry): void {
  const w = writer(t);
  get(w, A64);
  get(w, B64);
  byte(w, W.I64_XOR);
  i64c(w, ~entry.quiet);
  byte(w, W.I64_AND);
  byte(w, W.I64_EQZ);
  get(w, B64);
  get(w, A64);
  i64c(w, -1);
  byte(w, W.I64_XOR);
  byte(w, W.I64_AND);
  i64c(w, entry.recheck);
  byte(w, W.I64_AND);
  byte(w, W.I64_EQZ);
  get(w, HART);
  mem(w, W.I64_LOAD, HartField.pending);
  byte(w, W.I64_EQZ);
  byte(w, W.I32_OR);
  byte(w, W.I32_AND);
}
