# Code that traps at its first instruction (faults.h), and the way into U mode.
#include "mode.h"

    .macro function name
    .globl \name
    .type \name, @function
\name:
    .endm

    .section .text.faults, "ax"
    .balign 4

function fault_illegal
    unimp               # a write to the read-only CSR cycle
    ret

function fault_breakpoint
    ebreak
    ret

function fault_load
    ld a0, 0(a0)
    ret

function fault_load_byte
    lbu a0, 0(a0)
    ret

function fault_store
    sd zero, 0(a0)
    ret

function fault_reserve
    lr.w a0, (a0)
    ret

function fault_fetch
    jr a0

function fault_read_instret
    csrr a0, instret
    ret

# In: a0 = entry, a1 = stack, a2 = argument. The trap vector wants the kernel stack in sscratch meanwhile, and no
# interrupt may come until SRET turns them on again: it would overwrite sepc.
function enter_user
    csrci sstatus, XSTATUS_IE
    csrw sepc, a0
    csrw sscratch, sp
    li t0, XSTATUS_PP
    csrc sstatus, t0
    li t0, XSTATUS_PIE
    csrs sstatus, t0
    mv sp, a1
    mv a0, a2
    sret

    .section .user, "ax"
    .balign 4

function user_ecall
    ecall

function user_load
    ld a0, 0(a0)

function user_privileged
    csrr a0, sstatus
