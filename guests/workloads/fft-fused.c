/*
 * As fft.c, with products and sums contracted where the machine can: what a compiler does unless it is told not to. Clang for Wasm and
 * gcc for a machine without fused multiply-add build what they build of fft.c.
 */
#ifndef __clang__
#pragma GCC optimize("fp-contract=fast")
#endif
#define WORKLOAD_CONTRACTED
#include "fft.c"

#ifdef __riscv
WORKLOAD("fft-fused", 70, {1, 0xb38093ad15ff4ddf}, {7, 0x81b3c8e84de02ba3}, {70, 0xcfd156f6266fc51c})
#elif !defined(__FP_FAST_FMA)
WORKLOAD("fft-fused", 70, CHECKSUMS)
#else
WORKLOAD("fft-fused", 70, {0})
#endif
