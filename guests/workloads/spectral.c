/* The spectral norm of an infinite matrix, cut to 100 rows, by power iteration: divisions of doubles. */
#include "workload.h"

#define CHECKSUMS {1, 0xa2e778d764de2100}, {5, 0xf071e729220f5ce2}, {50, 0x0867d313289d5b43}
#ifndef WORKLOAD_CONTRACTED
WORKLOAD("spectral", 50, CHECKSUMS)
#endif

enum { N = 100 };

static double element(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

static void multiply(const double *v, double *out) {
  for (int i = 0; i < N; i++) {
    double sum = 0;
    for (int j = 0; j < N; j++) sum += element(i, j) * v[j];
    out[i] = sum;
  }
}

static void multiply_transposed(const double *v, double *out) {
  for (int i = 0; i < N; i++) {
    double sum = 0;
    for (int j = 0; j < N; j++) sum += element(j, i) * v[j];
    out[i] = sum;
  }
}

static double norm(double first) {
  double u[N], v[N], t[N];
  for (int i = 0; i < N; i++) u[i] = first;
  for (int i = 0; i < 10; i++) {
    multiply(u, t);
    multiply_transposed(t, v);
    multiply(v, t);
    multiply_transposed(t, u);
  }
  double vv = 0, uv = 0;
  for (int i = 0; i < N; i++) {
    uv += u[i] * v[i];
    vv += v[i] * v[i];
  }
  return __builtin_sqrt(uv / vv);
}

uint64_t run(uint32_t scale) {
  uint64_t sum = 1;
  for (uint32_t round = 0; round < scale; round++) {
    double result = norm(1.0 + (round & 7));
    if (result < 1.2742199 || result > 1.2742200) return 0;
    sum = checksum_add_double(sum, result);
  }
  return sum;
}
