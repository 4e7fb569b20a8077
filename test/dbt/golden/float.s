# machine: float
# An addition is Wasm's own, a result whose exponent leaves the range is looked at again, and may be left to the interpreter.
    fld     fa0, 0(a0)
    fadd.d  fa0, fa0, fa1
    fsd     fa0, 0(a0)
    ecall
