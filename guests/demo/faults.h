/* Code that traps at its first instruction, so that its address is the sepc to expect. */
#pragma once
#include <stdint.h>

/* S mode; a0 is an address where one is needed. */
uint64_t fault_illegal(uint64_t unused);
uint64_t fault_breakpoint(uint64_t unused);
uint64_t fault_load(uint64_t va);
uint64_t fault_load_byte(uint64_t va);
uint64_t fault_store(uint64_t va);
uint64_t fault_reserve(uint64_t va);
uint64_t fault_fetch(uint64_t va);
uint64_t fault_read_instret(uint64_t unused);

/* U mode, in the user section. */
extern const char user_ecall[], user_load[], user_privileged[];

/* Goes to U mode at `entry`; comes back only by a trap. */
void enter_user(const char *entry, uint64_t stack, uint64_t argument);
