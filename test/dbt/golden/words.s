# Words: what is known to be sign-extended is worked on in 32 bits, so that the engine sees the rotation by 7.
    addw  a0, a0, a1
    slliw a2, a0, 7
    srliw a3, a0, 25
    or    a0, a2, a3
    andi  a4, a0, 255
    ecall
