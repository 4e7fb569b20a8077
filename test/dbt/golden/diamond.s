# Two ways that meet: instructions are charged where they do, and a side that dirties nothing needs no write-back.
    bltz a0, negative
    addi a1, a0, 7
    j    meet
negative:
    sub  a1, zero, a0
meet:
    add  a2, a2, a1
    ecall
