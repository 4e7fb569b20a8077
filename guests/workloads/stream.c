/* Four passes over long arrays of doubles (copy, scale, add, triad): memory bandwidth. */
#include "workload.h"

WORKLOAD_WITH_FOOTPRINT("stream", 40, 6144, {1, 0xf1ef883552d5d546, 16}, {4, 0x4cc1428ceb02f330, 16},
                        {40, 0xb1e3504bc21f9689, 16}, {1, 0xb86c408f6296928b, 256}, {4, 0x39b11e98a535252f, 256},
                        {40, 0xaafcb54a99664e85, 256}, {1, 0x2ff87d5ca3c6b943, 6144}, {4, 0x9eb371c6ed694aac, 6144},
                        {40, 0x5cee8fce3612e384, 6144}, {1, 0x2848307625941ec1, 32768}, {4, 0xf240897e9ed558b4, 32768},
                        {40, 0x0ceff52b400bc36a, 32768})

/* Kept out of line so that no pass is fused with its neighbour. */
#define PASS __attribute__((noinline)) static void

PASS copy(double *restrict c, const double *restrict a, size_t n) {
  for (size_t i = 0; i < n; i++) c[i] = a[i];
}
PASS scale_by(double *restrict b, const double *restrict c, double q, size_t n) {
  for (size_t i = 0; i < n; i++) b[i] = q * c[i];
}
PASS add(double *restrict c, const double *restrict a, const double *restrict b, size_t n) {
  for (size_t i = 0; i < n; i++) c[i] = a[i] + b[i];
}
PASS triad(double *restrict a, const double *restrict b, const double *restrict c, double q, size_t n) {
  for (size_t i = 0; i < n; i++) a[i] = b[i] + q * c[i];
}

uint64_t run(uint32_t scale) {
  size_t n = (size_t)workload_footprint * 1024 / (3 * sizeof(double));
  double *a = workload_memory(n * sizeof(double));
  double *b = workload_memory(n * sizeof(double));
  double *c = workload_memory(n * sizeof(double));
  if (n == 0 || !a || !b || !c) return 0;
  for (size_t i = 0; i < n; i++) a[i] = (double)(i & 1023) + 1;
  for (uint32_t round = 0; round < scale; round++) {
    copy(c, a, n);
    scale_by(b, c, 0.375, n);
    add(c, a, b, n);
    triad(a, b, c, 0.25, n);
  }
  uint64_t sum = 1;
  for (size_t i = 0; i < n; i += 97) sum = checksum_add_double(sum, a[i]);
  return sum;
}
