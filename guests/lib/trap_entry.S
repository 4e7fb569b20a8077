# The trap vector: saves the interrupted context as a struct trap_frame (trap.h), calls trap_handle(frame), restores it.
# xscratch is zero while a hart runs in the guest's own mode, and holds its kernel stack while it runs in U mode.
#include "mode.h"

    .equ FRAME_BYTES, 36 * 8

    .macro each_register op
    .irp n, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    \op x\n, \n * 8(sp)
    .endr
    .endm

    .section .text.trap, "ax"
    .globl trap_entry
    .align 2
trap_entry:
    csrrw sp, XSCRATCH, sp
    bnez sp, 1f
    csrr sp, XSCRATCH
1:
    addi sp, sp, -FRAME_BYTES
    each_register sd
    csrrw t0, XSCRATCH, zero
    sd t0, 2 * 8(sp)
    sd zero, 0(sp)
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    csrr t0, XEPC
    csrr t1, XSTATUS
    csrr t2, XCAUSE
    csrr t3, XTVAL
    sd t0, 32 * 8(sp)
    sd t1, 33 * 8(sp)
    sd t2, 34 * 8(sp)
    sd t3, 35 * 8(sp)
    mv a0, sp
    call trap_handle
    ld t0, 32 * 8(sp)
    ld t1, 33 * 8(sp)
    csrw XEPC, t0
    csrw XSTATUS, t1
    li t2, XSTATUS_PP
    and t2, t1, t2
    bnez t2, 2f
    addi t0, sp, FRAME_BYTES
    csrw XSCRATCH, t0
2:
    each_register ld
    ld sp, 2 * 8(sp)
    XRET
