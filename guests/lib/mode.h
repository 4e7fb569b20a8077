/* The privilege mode a guest is built for: with GUEST_S it runs in S mode under an SBI, else in M mode. */
#pragma once

#ifdef GUEST_S
#define XSTATUS sstatus
#define XTVEC stvec
#define XEPC sepc
#define XCAUSE scause
#define XTVAL stval
#define XSCRATCH sscratch
#define XIE sie
#define XRET sret
#define XSTATUS_IE 0x2
#define XSTATUS_PIE 0x20
#define XSTATUS_PP 0x100
#else
#define XSTATUS mstatus
#define XTVEC mtvec
#define XEPC mepc
#define XCAUSE mcause
#define XTVAL mtval
#define XSCRATCH mscratch
#define XIE mie
#define XRET mret
#define XSTATUS_IE 0x8
#define XSTATUS_PIE 0x80
#define XSTATUS_PP 0x1800
#endif

#define XSTATUS_FS_INITIAL 0x2000
