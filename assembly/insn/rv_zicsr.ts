/** Zicsr: control and status register instructions. (Unprivileged ISA, "Zicsr") */

import { Hart } from "../state/state";
import { Csr } from "../isa/csr";
import { csr_access, csr_held, csr_read, csr_write } from "../hart/csr";
import { raise_illegal } from "../hart/illegal";
import { timer_update } from "../hart/interrupt";
import { csr, rdIsZero, rs1IsZero, setX, uimm, x1 } from "../state/regs";

// @ts-ignore: decorator
@inline export function csrrw(hart: Hart, r: u64): void {
  exchange(hart, r, x1(hart, r));
}

// @ts-ignore: decorator
@inline export function csrrs(hart: Hart, r: u64): void {
  modify(hart, r, x1(hart, r), 0);
}

// @ts-ignore: decorator
@inline export function csrrc(hart: Hart, r: u64): void {
  modify(hart, r, 0, x1(hart, r));
}

// @ts-ignore: decorator
@inline export function csrrwi(hart: Hart, r: u64): void {
  exchange(hart, r, uimm(r));
}

// @ts-ignore: decorator
@inline export function csrrsi(hart: Hart, r: u64): void {
  modify(hart, r, uimm(r), 0);
}

// @ts-ignore: decorator
@inline export function csrrci(hart: Hart, r: u64): void {
  modify(hart, r, 0, uimm(r));
}

/** Writes `value`; with rd = x0 there is no read, and none of its side effects. */
function exchange(hart: Hart, r: u64, value: u64): void {
  const number = csr(r);
  if (!csr_access(hart, number, true)) return raise_illegal(hart);
  const old = rdIsZero(r) ? 0 : csr_read(hart, number);
  csr_write(hart, number, value);
  setX(hart, r, old);
}

/** Sets and clears bits; with rs1 = x0 (or a zero immediate) there is no write, and a read-only CSR may be named. */
function modify(hart: Hart, r: u64, set: u64, clear: u64): void {
  const number = csr(r);
  const write = !rs1IsZero(r);
  if (!csr_access(hart, number, write)) return raise_illegal(hart);
  const old = csr_read(hart, number);
  if (write) csr_write(hart, number, (csr_held(hart, number, old) & ~clear) | set);
  // time is read-only, so this is the one way to read it.
  if (number == Csr.TIME) timer_update(hart, old);
  setX(hart, r, old);
}
