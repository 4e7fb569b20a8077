# A CSR that is a field of the hart is read in place, mstatus needs the core.
    csrrw a0, mscratch, a0
    csrrs a1, mepc, zero
    csrrs a2, mstatus, zero
    csrrs a3, time, zero
    ecall
