# An AMO is a load and a store: harts take turns in one thread.
    amoadd.w a0, a1, (a2)
    amomaxu.d a3, a1, (a2)
retry:
    lr.w  t0, (a2)
    addi  t0, t0, 1
    sc.w  t1, t0, (a2)
    bnez  t1, retry
    ecall
