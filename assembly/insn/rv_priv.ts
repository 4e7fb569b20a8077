/** Privileged and environment instructions. (Privileged ISA, "Machine-Mode Privileged Instructions", "Supervisor Instructions") */

import { Hart, Vm } from "../state/state";
import { raise_illegal } from "../hart/illegal";
import { interrupt_wakes } from "../hart/interrupt";
import { ask_exit, raise } from "../state/raise";
import { trap_return_m, trap_return_s } from "../hart/trap";
import { rs1IsZero, x1 } from "../state/regs";
import { tlb_flush, tlb_flush_va } from "../mem/tlb";
import { Cause, Exit, Priv } from "../shared/constants";
import { Status } from "../shared/csr";

/** With the built-in SBI a call from S mode is the host's to answer, and goes on after the instruction. */
export function ecall(hart: Hart, _r: u64): void {
  if (hart.priv == Priv.S && changetype<Vm>(<usize>hart.vm).builtinSbi) ask_exit(hart, Exit.SBI);
  else raise(hart, Cause.ECALL_U + hart.priv, 0);
}

/** tval is the address of the instruction. */
export function ebreak(hart: Hart, _r: u64): void {
  raise(hart, Cause.BREAKPOINT, hart.runPc);
}

export function mret(hart: Hart, _r: u64): void {
  if (hart.priv == Priv.M) trap_return_m(hart);
  else raise_illegal(hart);
}

export function sret(hart: Hart, _r: u64): void {
  if (supervises(hart, Status.TSR)) trap_return_s(hart);
  else raise_illegal(hart);
}

/** In U mode always illegal, as in QEMU: the "bounded time" of TW is zero. */
export function wfi(hart: Hart, _r: u64): void {
  if (!supervises(hart, Status.TW)) return raise_illegal(hart);
  if (interrupt_wakes(hart)) return;
  hart.wfi = 1;
  ask_exit(hart, Exit.WFI);
}

/** ASIDs are ignored: no TLB entry knows one. */
export function sfence_vma(hart: Hart, r: u64): void {
  if (!supervises(hart, Status.TVM)) return raise_illegal(hart);
  hart.countSfence += 1;
  if (rs1IsZero(r)) tlb_flush(hart);
  else tlb_flush_va(hart, x1(hart, r));
}

export function sinval_vma(hart: Hart, r: u64): void {
  sfence_vma(hart, r);
}

/** The two fences around SINVAL.VMA order nothing here, but are not for U mode. ("Svinval") */
export function sfence_w_inval(hart: Hart, _r: u64): void {
  if (hart.priv == Priv.U) raise_illegal(hart);
}

export function sfence_inval_ir(hart: Hart, _r: u64): void {
  if (hart.priv == Priv.U) raise_illegal(hart);
}

/** True in M mode, and in S mode unless the mstatus bit `trap` forbids it there. */
// @ts-ignore: decorator
@inline function supervises(hart: Hart, trap: u64): bool {
  return hart.priv == Priv.M || (hart.priv == Priv.S && !(hart.mstatus & trap));
}
