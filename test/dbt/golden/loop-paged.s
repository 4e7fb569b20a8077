# machine: paged
# The same loop with paging on: the check looks into the TLB, and asks the core when the span lies in two pages.
loop:
    ld   a3, 0(a1)
    ld   a4, 8(a1)
    add  a0, a0, a3
    add  a0, a0, a4
    addi a1, a1, 16
    bne  a1, a2, loop
    ecall
