/* Products of 96 by 96 matrices of doubles. */
#include "workload.h"

#define CHECKSUMS {1, 0x4222795e45658bee}, {4, 0x1db073a3e8001eeb}, {40, 0x6e99a638fd0c8fa6}
#ifndef WORKLOAD_CONTRACTED
WORKLOAD("matmul", 40, CHECKSUMS)
#endif

enum { N = 96 };

static double a[N][N], b[N][N], c[N][N];

static void multiply(void) {
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) c[i][j] = 0;
    for (int k = 0; k < N; k++) {
      double factor = a[i][k];
      for (int j = 0; j < N; j++) c[i][j] += factor * b[k][j];
    }
  }
}

uint64_t run(uint32_t scale) {
  uint64_t seed = 11;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      a[i][j] = (double)(random_next(&seed) >> 40) / (1 << 24);
      b[i][j] = (double)(random_next(&seed) >> 40) / (1 << 24) - 0.5;
    }
  uint64_t sum = 1;
  for (uint32_t round = 0; round < scale; round++) {
    multiply();
    for (int i = 0; i < N; i++) {
      sum = checksum_add_double(sum, c[i][(i * 7) % N]);
      a[i][i] = c[i][i] / N;
    }
  }
  return sum;
}
