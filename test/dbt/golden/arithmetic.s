# Straight-line code: registers are locals, loaded once and written back on leaving.
    addi a0, a0, 1
    slli a1, a0, 4
    xor  a2, a1, a0
    lui  a3, 0x12345
    sltu a4, a2, a3
    mv   a5, a4
    ecall
