# run: 20000
# A jump through a table: where it has been seen to go is part of the region, and so the loop around it stays a loop.
    la   s1, table
loop:
    addi s0, s0, 1
    andi t0, s0, 3
    slli t0, t0, 3
    add  t0, t0, s1
    ld   t1, 0(t0)
    jr   t1
plus:
    add  a0, a0, s0
    j    loop
twice:
    slli a0, a0, 1
    j    loop
mix:
    xor  a0, a0, s0
    j    loop
    .align 3
table:
    .dword plus, twice, mix, plus
