/** CSR accesses in place -> Wasm, where what they do is known beforehand; the others are the core's to execute. */

import { HartField } from "../gen/layout";
import { Op } from "../gen/op";
import { MSTATUS_UXL_64 } from "../hart/csr_field";
import { csr, rs1IsZero, uimm } from "../hart/regs";
import { Priv } from "../shared/constants";
import { Csr, Status } from "../shared/csr";
import { record_op, record_rs1 } from "./form";
import { Node } from "./ir";
import { A64, B64, HART, local_of } from "./locals";
import { value } from "./lower";
import { lower_system } from "./lower_system";
import { Block, Dbt, Mode, writer } from "./state";
import { Type, W } from "./wasm/opcode";
import { byte, get, i64c, mem, open, set } from "./wasm/writer";

/** What can be done to a CSR in place. */
enum Form {
  NONE = 0,
  /** Read a field of the hart. */
  READ = 1,
  /** Read it, and write any value. */
  PLAIN = 2,
  /** The same, with bit 0 held at zero: xepc. */
  EVEN = 3,
}

/** Bits of mstatus whose change matters to nobody until a trap or a return from one, and the interrupt enables. */
const QUIET: u64 = Status.SIE | Status.MIE | Status.SPIE | Status.MPIE | Status.SPP;
const ENABLES: u64 = Status.SIE | Status.MIE;
const SSTATUS_WRITABLE: u64 = Status.SIE | Status.SPIE | Status.SPP | Status.FS | Status.SUM | Status.MXR;
const MSTATUS_WRITABLE: u64 = SSTATUS_WRITABLE | QUIET | Status.MPP | Status.MPRV | Status.TVM | Status.TW | Status.TSR;

export function lower_csr(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const r = <u64>n.imm;
  const number = csr(r);
  const writes = is_exchange(r) || !rs1IsZero(r);
  const status = number == Csr.SSTATUS || number == Csr.MSTATUS;
  if (((number >> 8) & 3) > t.mode >> Mode.PRIV_SHIFT) {
    lower_system(t, b, n, dirty);
  } else if (status) {
    if (writes) status_write(t, b, n, dirty);
    else status_read(t, n);
  } else {
    const form = form_of(number, t.mode >> Mode.PRIV_SHIFT);
    if (form == Form.NONE || (writes && form == Form.READ)) lower_system(t, b, n, dirty);
    else plain(t, n, field_of(number), writes, form == Form.EVEN);
  }
}

function is_exchange(r: u64): bool {
  const op = record_op(r);
  return op == Op.CSRRW || op == Op.CSRRWI;
}

function is_immediate(r: u64): bool {
  return record_op(r) >= <u32>Op.CSRRWI;
}

function form_of(number: u32, priv: u32): Form {
  switch (number) {
    case Csr.SSCRATCH:
    case Csr.SCAUSE:
    case Csr.STVAL:
    case Csr.MSCRATCH:
    case Csr.MCAUSE:
    case Csr.MTVAL:
      return Form.PLAIN;
    case Csr.SEPC:
    case Csr.MEPC:
      return Form.EVEN;
    case Csr.STVEC:
    case Csr.MTVEC:
    case Csr.MIE:
    case Csr.MEDELEG:
    case Csr.MIDELEG:
    case Csr.MHARTID:
      return Form.READ;
    case Csr.SATP:
      // In S mode mstatus.TVM may forbid it.
      return priv == Priv.M ? Form.READ : Form.NONE;
  }
  return Form.NONE;
}

/** Where the CSR's value lies in the hart's block. */
function field_of(number: u32): u32 {
  switch (number) {
    case Csr.SSCRATCH:
      return HartField.sscratch;
    case Csr.SCAUSE:
      return HartField.scause;
    case Csr.STVAL:
      return HartField.stval;
    case Csr.SEPC:
      return HartField.sepc;
    case Csr.STVEC:
      return HartField.stvec;
    case Csr.SATP:
      return HartField.satp;
    case Csr.MSCRATCH:
      return HartField.mscratch;
    case Csr.MCAUSE:
      return HartField.mcause;
    case Csr.MTVAL:
      return HartField.mtval;
    case Csr.MEPC:
      return HartField.mepc;
    case Csr.MTVEC:
      return HartField.mtvec;
    case Csr.MIE:
      return HartField.mie;
    case Csr.MEDELEG:
      return HartField.medeleg;
    case Csr.MIDELEG:
      return HartField.mideleg;
  }
  return HartField.hartid;
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
function plain(t: Dbt, n: Node, field: u32, writes: bool, even: bool): void {
  const w = writer(t);
  const r = <u64>n.imm;
  get(w, HART);
  mem(w, W.I64_LOAD, field);
  set(w, A64);
  if (writes) {
    get(w, HART);
    updated(t, r);
    if (even) {
      i64c(w, -2);
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

function status_read(t: Dbt, n: Node): void {
  load_status(t);
  view(t, n);
}

/** Gives rd the view of mstatus in A64: SD says that FS is dirty. */
function view(t: Dbt, n: Node): void {
  const w = writer(t);
  if (!n.dst) return;
  get(w, A64);
  if (csr(<u64>n.imm) == Csr.SSTATUS) {
    i64c(w, SSTATUS_WRITABLE | MSTATUS_UXL_64);
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
function status_write(t: Dbt, b: Block, n: Node, dirty: u64): void {
  const w = writer(t);
  const r = <u64>n.imm;
  const writable = csr(r) == Csr.SSTATUS ? SSTATUS_WRITABLE : MSTATUS_WRITABLE;
  load_status(t);
  updated(t, r);
  i64c(w, writable);
  byte(w, W.I64_AND);
  get(w, A64);
  i64c(w, ~writable);
  byte(w, W.I64_AND);
  byte(w, W.I64_OR);
  set(w, B64);
  changes_quietly(t);
  open(w, W.IF, Type.EMPTY);
  t.depth += 1;
  get(w, HART);
  get(w, B64);
  mem(w, W.I64_STORE, HartField.mstatus);
  view(t, n);
  byte(w, W.ELSE);
  lower_system(t, b, n, dirty);
  byte(w, W.END);
  t.depth -= 1;
}

/**
 * Pushes whether going from A64 to B64 changes quiet bits only, and sets no enable while an enabled interrupt is pending. What is looked at
 * is never less than `interrupts` (hart/interrupt.ts), only STIP as software wrote it too much: then the core says what is pending.
 */
function changes_quietly(t: Dbt): void {
  const w = writer(t);
  get(w, A64);
  get(w, B64);
  byte(w, W.I64_XOR);
  i64c(w, ~QUIET);
  byte(w, W.I64_AND);
  byte(w, W.I64_EQZ);
  get(w, B64);
  get(w, A64);
  i64c(w, -1);
  byte(w, W.I64_XOR);
  byte(w, W.I64_AND);
  i64c(w, ENABLES);
  byte(w, W.I64_AND);
  byte(w, W.I64_EQZ);
  get(w, HART);
  mem(w, W.I64_LOAD, HartField.mip);
  get(w, HART);
  mem(w, W.I64_LOAD, HartField.lines);
  byte(w, W.I64_OR);
  get(w, HART);
  mem(w, W.I64_LOAD, HartField.mie);
  byte(w, W.I64_AND);
  byte(w, W.I64_EQZ);
  byte(w, W.I32_OR);
  byte(w, W.I32_AND);
}
