/** Entering and leaving trap handlers. (Privileged ISA, "Trap-Return Instructions", "Machine Status Registers") */

import { Hart } from "../state/state";
import { tlb_select } from "../mem/tlb";
import { Cause, Priv } from "../shared/constants";
import { Status } from "../shared/csr";
import { CAUSE_INTERRUPT } from "./csr_field";
import { interrupts_changed } from "./interrupt";
import { drop_reservation } from "./reservation";

/** Takes the exception noted in trapCause and trapTval; `epc` is the address of the instruction that raised it. */
export function trap_take(hart: Hart, epc: u64): void {
  const cause: u64 = hart.trapCause;
  hart.trapCause = Cause.NONE;
  hart.countTrap += 1;
  if (hart.priv != Priv.M && (hart.medeleg >> cause) & 1) enter_s(hart, cause, epc, hart.trapTval);
  else enter_m(hart, cause, epc, hart.trapTval);
}

/** Takes interrupt `irq` before the instruction at `hart.pc`. The caller has it from `interrupt_pending`. */
export function interrupt_take(hart: Hart, irq: i32): void {
  const cause = CAUSE_INTERRUPT | <u64>irq;
  hart.countInterrupt += 1;
  hart.wfi = 0;
  if ((hart.mideleg >> <u64>irq) & 1) enter_s(hart, cause, hart.pc, 0);
  else enter_m(hart, cause, hart.pc, 0);
}

function enter_m(hart: Hart, cause: u64, epc: u64, tval: u64): void {
  hart.mcause = cause;
  hart.mepc = epc;
  hart.mtval = tval;
  const old = hart.mstatus;
  let status = old & ~(Status.MIE | Status.MPIE | Status.MPP);
  if (old & Status.MIE) status |= Status.MPIE;
  hart.mstatus = status | ((<u64>hart.priv) << Status.MPP_SHIFT);
  hart.pc = vector(hart.mtvec, cause);
  set_priv(hart, Priv.M);
}

function enter_s(hart: Hart, cause: u64, epc: u64, tval: u64): void {
  hart.scause = cause;
  hart.sepc = epc;
  hart.stval = tval;
  const old = hart.mstatus;
  let status = old & ~(Status.SIE | Status.SPIE | Status.SPP);
  if (old & Status.SIE) status |= Status.SPIE;
  if (hart.priv == Priv.S) status |= Status.SPP;
  hart.mstatus = status;
  hart.pc = vector(hart.stvec, cause);
  set_priv(hart, Priv.S);
}

/** Where xtvec sends `cause`: in vectored mode (1) interrupts go to base + 4 * cause. */
// @ts-ignore: decorator
@inline function vector(xtvec: u64, cause: u64): u64 {
  const base = xtvec & ~3;
  return xtvec & 1 && cause & CAUSE_INTERRUPT ? base + ((cause & 0x3f) << 2) : base;
}

/** Changes the privilege mode. As in QEMU that ends the LR reservation, so SC fails after a context switch. */
function set_priv(hart: Hart, priv: u32): void {
  hart.priv = priv;
  drop_reservation(hart);
  tlb_select(hart);
}

/** MRET: the caller has checked that it is legal. */
export function trap_return_m(hart: Hart): void {
  const old = hart.mstatus;
  const priv = <u32>(old >> Status.MPP_SHIFT) & 3;
  let status = (old & ~(Status.MIE | Status.MPP)) | Status.MPIE;
  if (old & Status.MPIE) status |= Status.MIE;
  if (priv != Priv.M) status &= ~Status.MPRV;
  hart.mstatus = status;
  leave(hart, hart.mepc, priv);
}

/** SRET: the caller has checked that it is legal. */
export function trap_return_s(hart: Hart): void {
  const old = hart.mstatus;
  let status = (old & ~(Status.SIE | Status.SPP | Status.MPRV)) | Status.SPIE;
  if (old & Status.SPIE) status |= Status.SIE;
  hart.mstatus = status;
  leave(hart, hart.sepc, old & Status.SPP ? Priv.S : Priv.U);
}

function leave(hart: Hart, pc: u64, priv: u32): void {
  hart.pc = pc;
  set_priv(hart, priv);
  interrupts_changed(hart);
}
