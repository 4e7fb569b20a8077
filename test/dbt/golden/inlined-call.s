# A small callee becomes part of the region, its return compares ra with the address it expects.
    li   a1, 5
loop:
    jal  ra, double
    addi a1, a1, -1
    bnez a1, loop
    ecall
double:
    add  a0, a0, a0
    ret
