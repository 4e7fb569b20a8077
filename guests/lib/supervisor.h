/* S mode with page tables of its own, for guests that start in M mode. */
#pragma once
#include <stdint.h>

/* Deals with a page fault in S mode; must not cause one. */
typedef void (*fault_handler)(uint64_t cause, uint64_t va);

/*
 * Calls body(argument) in S mode with `satp` and returns what it returns. Code, stack and data must be mapped at their own
 * addresses; cycle, time and instret can be read. Page faults go to `handler`, in S mode on the stack of what faulted; all other traps are M mode's.
 */
uint64_t supervisor_call(uint64_t (*body)(uint64_t), uint64_t argument, uint64_t satp, fault_handler handler);
