# M mode without PMP: RAM is one window. One check covers both loads of a round, the fuel is looked at once a round.
loop:
    ld   a3, 0(a1)
    ld   a4, 8(a1)
    add  a0, a0, a3
    add  a0, a0, a4
    addi a1, a1, 16
    bne  a1, a2, loop
    ecall
