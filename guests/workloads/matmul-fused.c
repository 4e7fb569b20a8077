/*
 * As matmul.c, with products and sums contracted where the machine can: what a compiler does unless it is told not to. Clang for Wasm and
 * gcc for a machine without fused multiply-add build what they build of matmul.c.
 */
#ifndef __clang__
#pragma GCC optimize("fp-contract=fast")
#endif
#define WORKLOAD_CONTRACTED
#include "matmul.c"

#ifdef __riscv
WORKLOAD("matmul-fused", 40, CHECKSUMS)
#elif !defined(__FP_FAST_FMA)
WORKLOAD("matmul-fused", 40, CHECKSUMS)
#else
WORKLOAD("matmul-fused", 40, {0})
#endif
