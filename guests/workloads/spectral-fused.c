/*
 * As spectral.c, with products and sums contracted where the machine can: what a compiler does unless it is told not to. Clang for Wasm and
 * gcc for a machine without fused multiply-add build what they build of spectral.c.
 */
#ifndef __clang__
#pragma GCC optimize("fp-contract=fast")
#endif
#define WORKLOAD_CONTRACTED
#include "spectral.c"

#ifdef __riscv
WORKLOAD("spectral-fused", 50, {1, 0xc8410ba3b40e2e7b}, {5, 0xa925229de8a2b3f3}, {50, 0x343dd525bec779f2})
#elif !defined(__FP_FAST_FMA)
WORKLOAD("spectral-fused", 50, CHECKSUMS)
#else
WORKLOAD("spectral-fused", 50, {0})
#endif
