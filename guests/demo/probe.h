/* Runs code that is meant to trap, in S or U mode, and tells what the trap said; and counts interrupts. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct trap_record {
  bool taken;
  uint64_t cause;
  uint64_t tval;
  uint64_t pc;
  uint64_t a0; /* at the trap, or what the action returned */
};

typedef uint64_t (*probe_action)(uint64_t argument);

/* Calls the action; a trap in it is recorded and the instruction stepped over. */
struct trap_record probe(probe_action action, uint64_t argument);
/* Runs code of the user section in U mode with a0 = argument until it traps. */
struct trap_record probe_user(const char *entry, uint64_t argument);
/* A load of one byte that may trap. */
struct trap_record probe_byte(uint64_t va);

/* Interrupts taken by the boot hart. */
struct interrupt_counts {
  uint64_t timer;
  uint64_t software;
  uint64_t external;
};
extern volatile struct interrupt_counts interrupt_counts;

/* Installs the trap hook and enables the three kinds of interrupt. */
void interrupts_start(void);
