/** The code around hostile fragments: a handler in M mode that goes through a hart's script, and one in S mode that skips. */

import { assembleProgram, type Program } from "../../src/isa/assemble.ts";
import { control, entry, HARNESS, MAX_HARTS, RAM, RESET_DELEGATION, RESET_PMP, controlOf } from "./layout.ts";

const VECTORS = 12;

/** Entries of a vector table, the first of which serves exceptions. */
const vectors = (to: string): string => `j ${to}\n`.repeat(VECTORS);

/**
 * Nothing that a fragment has written to a CSR may keep the M handler from going on: it finds its block by mhartid, and loads and stores as
 * M mode does whatever mstatus.MPRV says.
 */
const source = `
.align 6
vectors:
  ${vectors("handler")}
.align 6
supervisor_vectors:
  ${vectors("supervisor")}
start:
  csrr t0, mhartid
  li t1, ${MAX_HARTS}
  bgeu t0, t1, park
  la t1, vectors
  csrw mtvec, t1
  la t1, supervisor_vectors
  csrw stvec, t1
  li t1, -1
  csrw mcounteren, t1
  csrw scounteren, t1
  csrw senvcfg, t1
  csrw menvcfg, t1
  j open
handler:
  li t0, 0x20000
  csrc mstatus, t0
  csrr t0, mhartid
  slli t0, t0, 12
  li t1, ${RAM + BigInt(controlOf(0))}
  add t0, t0, t1
  csrr t1, mcause
  bltz t1, interrupt
  addi t1, t1, -8
  sltiu t1, t1, 4
  bnez t1, next
  lw t1, ${control.skips}(t0)
  addi t1, t1, -1
  bltz t1, next
  sw t1, ${control.skips}(t0)
  csrr t1, mepc
  addi t1, t1, 4
  csrw mepc, t1
  mret
interrupt:
  li t2, 1
  sll t2, t2, t1
  csrc mie, t2
  mret
open:
  slli t0, t0, 12
  li t1, ${RAM + BigInt(controlOf(0))}
  add t0, t0, t1
  li t1, -1
  csrw pmpaddr15, t1
  li t1, 0x1f
  slli t1, t1, 56
  csrw pmpcfg2, t1
next:
  ld t1, ${control.next}(t0)
  addi t2, t1, ${entry.bytes}
  sd t2, ${control.next}(t0)
  ld t2, ${entry.pc}(t1)
  bnez t2, enter
  addi t1, t0, ${control.first}
  sd t1, ${control.next}(t0)
  j next
enter:
  csrw mepc, t2
  li t2, 3
  sw t2, ${control.skips}(t0)
  ld t2, ${entry.flags}(t1)
  andi t2, t2, ${RESET_PMP}
  beqz t2, 1f_pmp
  csrw pmpcfg0, zero
  li t2, -1
  csrw pmpaddr15, t2
  li t2, 0x1f
  slli t2, t2, 56
  csrw pmpcfg2, t2
1f_pmp:
  ld t2, ${entry.flags}(t1)
  andi t2, t2, ${RESET_DELEGATION}
  beqz t2, 1f_delegation
  csrw medeleg, zero
  csrw mideleg, zero
  csrw mie, zero
  li t2, -1
  csrw mcounteren, t2
  csrw scounteren, t2
  csrw senvcfg, t2
  csrw menvcfg, t2
1f_delegation:
  ld t2, ${entry.pointers}(t1)
  ${Array.from({ length: 10 }, (_, i) => `ld s${i + 2}, ${8 * i}(t2)`).join("\n")}
  ld t2, ${entry.satp}(t1)
  csrr t3, satp
  beq t2, t3, 1f_satp
  csrw satp, t2
  sfence.vma
1f_satp:
  ld t2, ${entry.mstatus}(t1)
  csrw mstatus, t2
  mret
supervisor:
  csrr t0, scause
  bltz t0, supervisor_interrupt
  csrr t0, sepc
  addi t0, t0, 4
  csrw sepc, t0
  sret
supervisor_interrupt:
  csrw sie, zero
  sret
park:
  wfi
  j park
`.replaceAll("1f_", "put_");

/** The harness, assembled for its place. */
export const harness: Program = assembleProgram(source, RAM + BigInt(HARNESS));

/** Where one of its labels is. */
export function harnessAt(label: "start" | "vectors" | "supervisor_vectors"): bigint {
  return harness.labels.get(label)!;
}
