/* Recursion: Fibonacci numbers the slow way, and Takeuchi's function. */
#include "workload.h"

WORKLOAD("fib", 16, {1, 0x5ea6fd1cac608315}, {16, 0x8b6a1b85ef36c2a9})

__attribute__((noinline)) static uint64_t fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

__attribute__((noinline)) static int tak(int x, int y, int z) {
  return y >= x ? z : tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y));
}

uint64_t run(uint32_t scale) {
  uint64_t sum = 1;
  for (uint32_t round = 0; round < scale; round++) {
    // Else a compiler that sees that these have no side effects does them once for all rounds.
    unsigned n = 28;
    int x = 18;
    __asm__ volatile("" : "+r"(n), "+r"(x));
    uint64_t f = fib(n);
    int t = tak(x, 12, 6);
    if (f != 317811 || t != 7) return 0;
    sum = checksum_add(checksum_add(sum, f + round), (uint64_t)t);
  }
  return sum;
}
