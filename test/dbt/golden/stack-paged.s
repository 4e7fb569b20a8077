# machine: paged
# A span that is stored to needs a store entry of the TLB, the loads off the same unchanged register are covered by it.
    addi sp, sp, -32
    sd   ra, 24(sp)
    sd   s0, 16(sp)
    sw   a0, 8(sp)
    lw   a1, 8(sp)
    ld   ra, 24(sp)
    ld   s0, 16(sp)
    addi sp, sp, 32
    ecall
