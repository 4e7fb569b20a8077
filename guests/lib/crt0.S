# Entry of every guest. In: a0 = hart id, a1 = address of the FDT (as QEMU's reset vector and SBI hand over).
# The boot hart clears .bss and calls guest_start(hartid, fdt); in M mode the other harts stay in WFI.
#include "mode.h"

    .section .text.start, "ax"
    .globl _start
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    csrw XIE, zero
    la t0, trap_entry
    csrw XTVEC, t0
    csrw XSCRATCH, zero
    li t0, XSTATUS_FS_INITIAL
    csrs XSTATUS, t0
    fscsr zero
#ifndef GUEST_S
    bnez a0, park
#endif
    la sp, __stack_top
    la t0, __bss_start
    la t1, __bss_end
1:
    bgeu t0, t1, 2f
    sd zero, 0(t0)
    addi t0, t0, 8
    j 1b
2:
    call guest_start

park:
    wfi
    j park

#ifdef GUEST_S
# Where HSM starts a secondary hart. In: a0 = hart id, a1 = address of a struct hart_start (sbi.h).
    .globl hart_entry
hart_entry:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    csrw XIE, zero
    la t0, trap_entry
    csrw XTVEC, t0
    csrw XSCRATCH, zero
    li t0, XSTATUS_FS_INITIAL
    csrs XSTATUS, t0
    fscsr zero
    ld sp, 0(a1)
    ld t1, 16(a1)
    csrw satp, t1
    sfence.vma
    ld t0, 8(a1)
    ld a1, 24(a1)
    jr t0
#endif
