/*
 * As nbody.c, with products and sums contracted where the machine can: what a compiler does unless it is told not to. Clang for Wasm and
 * gcc for a machine without fused multiply-add build what they build of nbody.c.
 */
#ifndef __clang__
#pragma GCC optimize("fp-contract=fast")
#endif
#define WORKLOAD_CONTRACTED
#include "nbody.c"

#ifdef __riscv
WORKLOAD("nbody-fused", 120, {1, 0xdab3472fa52055e7}, {12, 0xad3f86ddddefb212}, {120, 0x7658c813af4e6e69})
#elif !defined(__FP_FAST_FMA)
WORKLOAD("nbody-fused", 120, CHECKSUMS)
#else
WORKLOAD("nbody-fused", 120, {0})
#endif
