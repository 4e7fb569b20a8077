# The loops of the nanobenchmarks. Each is called with a0 = iterations; an iteration has four operations, each followed by one plain
# instruction, so that their cost is what a loop takes beyond `nano_plain`. a2 to a7 and t0 to t6 are free.
    .equ MSTATUS_MPP, 0x1800
    .equ MSTATUS_MPRV, 0x20000

    .option norvc

    # One loop: `\op` is a macro for the operation.
    .macro loop name, op
    .section .text.\name, "ax"
    .globl \name
    .balign 64
\name:
    li a1, 0
    li a2, 0x1234567
1:
    .rept 4
    \op
    xor a1, a1, a2
    .endr
    add a2, a2, a1
    addi a0, a0, -1
    bnez a0, 1b
    ret
    .endm

    .macro op_nothing
    .endm
    .macro op_alu
    add a3, a3, a1
    .endm
    .macro op_csr_read
    csrr a3, mscratch
    .endm
    .macro op_csr_write
    csrw mscratch, a1
    .endm
    .macro op_mask
    csrrci a3, mstatus, 8
    .endm

    loop nano_plain, op_nothing
    loop nano_alu, op_alu
    loop nano_csr_read, op_csr_read
    loop nano_csr_write, op_csr_write
    loop nano_mask, op_mask

    # A page-table entry is changed, and its translation fenced.
    .macro op_table
    sd a1, 0(a4)
    sfence.vma a5, zero
    .endm
    .macro op_mmio_read
    lbu a3, 5(a4)
    .endm
    .macro op_mmio_write
    sb a1, 7(a4)
    .endm
    .macro op_call
    call nano_leaf
    .endm
    .macro op_indirect
    andi a6, a1, 8
    add a6, a4, a6
    ld a6, 0(a6)
    jalr t0, 0(a6)
    .endm

    .macro prepared name, op, setup:vararg
    .section .text.\name, "ax"
    .globl \name
    .balign 64
\name:
    mv t2, ra
    \setup
    li a1, 0
    li a2, 0x1234567
1:
    .rept 4
    \op
    xor a1, a1, a2
    .endr
    add a2, a2, a1
    addi a0, a0, -1
    bnez a0, 1b
    jr t2
    .endm

    prepared nano_table, op_table, la a4, nano_entry; li a5, 0x40000000
    prepared nano_mmio_read, op_mmio_read, li a4, 0x10000000
    prepared nano_mmio_write, op_mmio_write, li a4, 0x10000000
    prepared nano_call, op_call, nop
    prepared nano_indirect, op_indirect, la a4, nano_targets

    .section .text.nano_leaf, "ax"
    .balign 64
nano_leaf:
    ret
    # Two targets in pages of their own, so that no region has them for a loop.
    .section .text.nano_targets, "ax"
    .balign 64
nano_first:
    jr t0
    .balign 64
nano_second:
    jr t0

    # The vector while traps are measured: steps over the instruction. A system call with a3 = 1 goes back to M mode.
    .section .text.nano_vector, "ax"
    .balign 64
nano_vector:
    csrr t6, mepc
    addi t6, t6, 4
    csrw mepc, t6
    beqz a3, 1f
    li t6, MSTATUS_MPP
    csrs mstatus, t6
1:
    mret

    .macro traps name
    .section .text.\name, "ax"
    .globl \name
    .balign 64
\name:
    csrr t3, mtvec
    la t4, nano_vector
    csrw mtvec, t4
    li a1, 0
    li a2, 0x1234567
    li a3, 0
    .endm

    # System calls: in U mode.
    traps nano_call_system
    la t4, 1f
    csrw mepc, t4
    li t4, MSTATUS_MPP
    csrc mstatus, t4
    mret
1:
    .rept 4
    ecall
    xor a1, a1, a2
    .endr
    add a2, a2, a1
    addi a0, a0, -1
    bnez a0, 1b
    li a3, 1
    ecall
    csrw mtvec, t3
    ret

    # Page faults: M mode loads as U mode would, from a page that is not mapped.
    traps nano_fault
    la t4, nano_root
    srli t4, t4, 12
    li t5, 8
    slli t5, t5, 60
    or t4, t4, t5
    csrw satp, t4
    sfence.vma
    li t4, MSTATUS_MPP
    csrc mstatus, t4
    li t5, MSTATUS_MPRV
    csrs mstatus, t5
    li a4, 0x40000000
1:
    .rept 4
    ld a5, 0(a4)
    xor a1, a1, a2
    .endr
    add a2, a2, a1
    addi a0, a0, -1
    bnez a0, 1b
    csrc mstatus, t5
    csrw satp, zero
    csrw mtvec, t3
    ret

    .section .data.nano, "aw"
    .balign 8
nano_entry:
    .dword 0
nano_targets:
    .dword nano_first, nano_second

    .section .bss.nano, "aw", @nobits
    .balign 4096
nano_root:
    .zero 4096
