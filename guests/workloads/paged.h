/* Runs a workload in S mode behind page tables, to study what translating addresses costs. */
#pragma once
#include <stdint.h>

/*
 * Calls body(argument) in S mode with RAM from `base` mapped at its own address in 4 KiB pages. The tables are taken from the end
 * of memory: *end goes down. Returns 0 when there is no room for them.
 */
uint64_t paged_call(uint64_t (*body)(uint64_t), uint64_t argument, uint64_t base, char **end);
