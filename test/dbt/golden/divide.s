# Division by zero and overflow have results of their own in RISC-V, and trap in Wasm.
    div   a0, a1, a2
    remuw a3, a1, a2
    mulhu a4, a1, a2
    ecall
