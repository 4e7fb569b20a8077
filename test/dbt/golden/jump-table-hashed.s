# run: 20000
# More than three targets of a jump are hashed: br_table goes to the slot of the target's distance, and what stands there is compared.
    la   s1, table
loop:
    addi s0, s0, 1
    andi t0, s0, 24
    add  t0, t0, s1
    ld   t1, 0(t0)
    jr   t1
one:
    addi a0, a0, 1
    j    loop
two:
    addi a0, a0, 2
    j    loop
three:
    addi a0, a0, 3
    j    loop
four:
    addi a0, a0, 4
    j    loop
    .align 3
table:
    .dword one, two, three, four
