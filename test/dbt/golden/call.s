# A callee that calls itself is inlined once. Its own call is a Wasm call through the jump cache, which returns the next pc.
    mv   s0, a0
    jal  ra, deep
    add  a0, a0, s0
    ecall
deep:
    addi a0, a0, -1
    beqz a0, done
    jal  ra, deep
done:
    ret
