/** The code that runs random programs one after another, in assembly. */

import { layout } from "./layout.ts";

/** How programs run: in M mode, or in U mode behind page tables. */
export interface HarnessOptions {
  /** Physical address of the first program's data. */
  readonly firstData: bigint;
  /** satp's value for programs in U mode; undefined runs them in M mode. */
  readonly satp: bigint | undefined;
}

const each = (first: number, last: number, line: (i: number) => string): string =>
  Array.from({ length: last - first + 1 }, (_, i) => line(first + i)).join("\n");

/** Opens all memory to U mode (PMP, "Address Matching": NAPOT over everything) and turns translation on. */
const enterPaging = (satp: bigint): string => `
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  li t0, ${satp}
  csrw satp, t0
  sfence.vma
`;

const start = ({ firstData, satp }: HarnessOptions): string => `
  csrr t0, mhartid
  bnez t0, park
  la t0, handler
  csrw mtvec, t0
  li t0, 0x6000
  csrs mstatus, t0
  ${satp === undefined ? "" : enterPaging(satp)}
  li t6, ${firstData}
enter:
  csrw mscratch, t6
  ld t0, 48(t6)
  csrw mepc, t0
  li t0, 0x1800
  ${satp === undefined ? "csrs" : "csrc"} mstatus, t0
  ld t0, ${layout.fcsr}(t6)
  csrw fcsr, t0
  ${each(0, 31, (i) => `fld f${i}, ${layout.f + 8 * i}(t6)`)}
  ${each(1, 31, (i) => `ld x${i}, ${layout.x + 8 * i}(t6)`)}
  mret
`;

/** Logs a trap while there is room and goes on behind the instruction, which mstatus.MPRV reads as the program would. */
const handler = `
.align 2
handler:
  csrrw sp, mscratch, sp
  sd t0, 0(sp)
  sd t1, 8(sp)
  csrr t0, mepc
  ld t1, 32(sp)
  beq t0, t1, leave
  ld t1, 16(sp)
  ld t0, 24(sp)
  beq t0, t1, skip
  csrr t0, mcause
  sd t0, 0(t1)
  csrr t0, mtval
  sd t0, 8(t1)
  csrr t0, mepc
  sd t0, 16(t1)
  addi t1, t1, 24
  sd t1, 16(sp)
skip:
  csrr t0, mepc
  li t1, 0x20000
  csrs mstatus, t1
  lbu t0, 0(t0)
  csrc mstatus, t1
  andi t0, t0, 3
  addi t0, t0, -3
  seqz t0, t0
  slli t0, t0, 1
  csrr t1, mepc
  add t0, t0, t1
  addi t0, t0, 2
  csrw mepc, t0
  ld t0, 0(sp)
  ld t1, 8(sp)
  csrrw sp, mscratch, sp
  mret
`;

const finish = `
leave:
  ld t0, 0(sp)
  ld t1, 8(sp)
  csrrw sp, mscratch, sp
  csrrw t6, mscratch, t6
  ${each(1, 30, (i) => `sd x${i}, ${layout.x + 8 * i}(t6)`)}
  csrr t0, mscratch
  sd t0, ${layout.x + 8 * 31}(t6)
  ${each(0, 31, (i) => `fsd f${i}, ${layout.f + 8 * i}(t6)`)}
  csrr t0, fcsr
  sd t0, ${layout.fcsr}(t6)
  ld t6, 40(t6)
  bnez t6, enter
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
park:
  wfi
  j park
`;

/** Hart 0 runs the programs and then writes to the test finisher; other harts sleep. */
export const harnessSource = (options: HarnessOptions): string => start(options) + handler + finish;
