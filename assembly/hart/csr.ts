/**
 * CSRs: what they read and how a write is taken. A CSR is a row of src/isa/csr_rows.ts; what a row's columns mean is here, in csr_access.ts and
 * in csr_legal.ts, one small function for each kind. (Privileged ISA, "Control and Status Registers (CSRs)")
 */

import { csr_written } from "./csr_effects";
import { CsrEntry, Legal, Register, csr_entry } from "../isa/csr_table";
import { Hart } from "../state/state";
import { Status } from "../shared/csr";
import { counter_read, counter_write } from "./csr_counter";
import { MSTATUS_SD } from "./csr_field";
import { legal_bits } from "./csr_legal";
import { interrupts } from "./interrupt";
import { base } from "../state/regs";

export { csr_exists } from "../isa/csr_table";
export { csr_access } from "./csr_access";

/** What an existing CSR reads. The caller has asked `csr_access`, or is a debugger. */
export function csr_read(hart: Hart, csr: u32): u64 {
  const entry = csr_entry(csr);
  return view(hart, entry, register_read(hart, entry));
}

/**
 * What a read-modify-write of CSR `csr`, which reads `value`, starts from: of mip and sip only what software wrote, not the lines.
 * ("Machine Interrupt Registers")
 */
export function csr_held(hart: Hart, csr: u32, value: u64): u64 {
  return csr_entry(csr).register == Register.PENDING ? hart.mip : value;
}

/** Writes an existing, writable CSR by its WARL rules. The caller has asked `csr_access`, or is a debugger. */
export function csr_write(hart: Hart, csr: u32, value: u64): void {
  const entry = csr_entry(csr);
  const mask = legal_bits(hart, entry, csr, value) << entry.shift;
  const old = entry.register == Register.PENDING ? hart.mip : register_read(hart, entry);
  const now = (old & ~mask) | ((value << entry.shift) & mask);
  register_write(hart, entry, now);
  csr_written(hart, entry.effects, old ^ now);
}

/** Writes a CSR between instructions, as a debugger does: counters then read exactly `value`. */
export function csr_poke(hart: Hart, csr: u32, value: u64): void {
  hart.instret -= 1;
  csr_write(hart, csr, value);
  hart.instret += 1;
}

/** What a CSR shows of the register that keeps its bits. */
// @ts-ignore: decorator
@inline function view(hart: Hart, entry: CsrEntry, value: u64): u64 {
  const shown = (value >> entry.shift) & entry.read;
  return entry.legal == Legal.DELEGATED ? shown & hart.mideleg : shown;
}

function register_read(hart: Hart, entry: CsrEntry): u64 {
  switch (<i32>entry.register) {
    case Register.FIELD:
      return load<u64>(base(hart) + entry.place);
    case Register.STATUS:
      return status(hart);
    case Register.FCSR:
      return hart.fflags | (hart.frm << 5);
    case Register.PENDING:
      return interrupts(hart);
    case Register.COUNTER:
      return counter_read(hart, entry.place);
  }
  return -1;
}

function register_write(hart: Hart, entry: CsrEntry, value: u64): void {
  switch (<i32>entry.register) {
    case Register.FIELD:
      store<u64>(base(hart) + entry.place, value);
      break;
    case Register.STATUS:
      hart.mstatus = value & ~MSTATUS_SD;
      break;
    case Register.FCSR:
      hart.fflags = <u32>value & 31;
      hart.frm = <u32>(value >> 5) & 7;
      break;
    case Register.PENDING:
      hart.mip = value;
      break;
    case Register.COUNTER:
      counter_write(hart, entry.place, value);
      break;
  }
}

/** mstatus as it reads: SD says that FS is Dirty. */
function status(hart: Hart): u64 {
  const status = hart.mstatus;
  return (status & Status.FS) == Status.FS ? status | MSTATUS_SD : status;
}
