# A computed jump ends the region: a tail call of what the jump cache knows at its address.
    andi a0, a0, 3
    slli a0, a0, 2
    add  a0, a0, a1
    jr   a0
