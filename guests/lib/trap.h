/* What the trap vector saves, and how a guest takes part in handling it. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* Laid out as trap_entry.S stores it. x[0] is always zero. */
struct trap_frame {
  uint64_t x[32];
  uint64_t pc;
  uint64_t status;
  uint64_t cause;
  uint64_t tval;
};

#define CAUSE_INTERRUPT (1ull << 63)

enum cause {
  CAUSE_FETCH_MISALIGNED = 0,
  CAUSE_FETCH_ACCESS = 1,
  CAUSE_ILLEGAL = 2,
  CAUSE_BREAKPOINT = 3,
  CAUSE_LOAD_MISALIGNED = 4,
  CAUSE_LOAD_ACCESS = 5,
  CAUSE_STORE_MISALIGNED = 6,
  CAUSE_STORE_ACCESS = 7,
  CAUSE_ECALL_U = 8,
  CAUSE_ECALL_S = 9,
  CAUSE_ECALL_M = 11,
  CAUSE_FETCH_PAGE = 12,
  CAUSE_LOAD_PAGE = 13,
  CAUSE_STORE_PAGE = 15,
};

/* Returns true when it has dealt with the trap (and moved frame->pc where needed). */
typedef bool (*trap_hook)(struct trap_frame *frame);

/* Sees every trap first; null when nobody wants to. Traps that it leaves are fatal. */
extern trap_hook trap_hook_installed;

/* Called by the vector. */
void trap_handle(struct trap_frame *frame);

/* The specification's words for a cause. */
const char *cause_name(uint64_t cause);

/* Bytes of the instruction at va: 2 when compressed. */
unsigned instruction_bytes(uint64_t va);
