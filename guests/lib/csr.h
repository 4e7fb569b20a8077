/* Control and status registers by name, and fences. */
#pragma once
#include <stdint.h>

#include "mode.h"

#define CSR_TEXT(name) #name
#define CSR_NAME(name) CSR_TEXT(name)

#define csr_read(name)                                                        \
  ({                                                                          \
    uint64_t csr_value;                                                       \
    __asm__ volatile("csrr %0, " CSR_NAME(name) : "=r"(csr_value)::"memory"); \
    csr_value;                                                                \
  })
#define csr_write(name, value) __asm__ volatile("csrw " CSR_NAME(name) ", %0" ::"rK"((uint64_t)(value)) : "memory")
#define csr_set(name, bits) __asm__ volatile("csrs " CSR_NAME(name) ", %0" ::"rK"((uint64_t)(bits)) : "memory")
#define csr_clear(name, bits) __asm__ volatile("csrc " CSR_NAME(name) ", %0" ::"rK"((uint64_t)(bits)) : "memory")

/* Bits of sie, sip, mie and mip. */
#define INTERRUPT_SOFTWARE 1
#define INTERRUPT_TIMER 5
#define INTERRUPT_EXTERNAL 9

static inline void interrupts_on(void) { csr_set(XSTATUS, XSTATUS_IE); }
static inline void interrupts_off(void) { csr_clear(XSTATUS, XSTATUS_IE); }
static inline void wait_for_interrupt(void) { __asm__ volatile("wfi" ::: "memory"); }

/* Ticks of mtime, 10 MHz on the virt board. */
static inline uint64_t time_now(void) { return csr_read(time); }
/* Instructions retired by this hart. */
static inline uint64_t instructions_retired(void) { return csr_read(instret); }
