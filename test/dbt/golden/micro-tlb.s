# machine: paged
# run: 20000
# A loop over one page, which was seen to stay there: the check looks at the page that the access led to last, the TLB behind it.
    auipc s1, 0x10
start:
    addi a1, s1, 0
    addi a2, s1, 256
loop:
    ld   a3, 0(a1)
    ld   a4, 8(a1)
    add  a0, a0, a3
    sd   a4, 0(a1)
    addi a1, a1, 16
    bne  a1, a2, loop
    j    start
