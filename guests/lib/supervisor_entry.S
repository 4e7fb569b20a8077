# S mode's trap vector, and where a function called in S mode returns to (supervisor.h).

    .equ FRAME_BYTES, 16 * 8

    .macro each_temporary op
    \op ra, 0(sp)
    .irp n, 0,1,2,3,4,5,6,7
    \op a\n, (1 + \n) * 8(sp)
    .endr
    .irp n, 0,1,2,3,4,5,6
    \op t\n, (9 + \n) * 8(sp)
    .endr
    .endm

    .section .text.supervisor, "ax"
    .globl supervisor_vector
    .align 2
supervisor_vector:
    addi sp, sp, -FRAME_BYTES
    each_temporary sd
    csrr a0, scause
    csrr a1, stval
    la t0, supervisor_fault
    ld t0, 0(t0)
    jalr t0
    each_temporary ld
    addi sp, sp, FRAME_BYTES
    sret

    .globl supervisor_return
supervisor_return:
    ecall
