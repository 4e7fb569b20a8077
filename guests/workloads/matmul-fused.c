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
WORKLOAD("matmul-fused", 40, {1, 0x4222795e45658bee}, {4, 0x1db073a3e8001eeb}, {40, 0x6e99a638fd0c8fa6})
#elif !defined(__FP_FAST_FMA)
WORKLOAD("matmul-fused", 40, {1, 0x4222795e45658bee}, {4, 0x1db073a3e8001eeb}, {40, 0x6e99a638fd0c8fa6})
#else
WORKLOAD("matmul-fused", 40, {0})
#endif
