/* Radix-2 fast Fourier transform of 4096 complex doubles, there and back; the way back must give the input again. */
#include "workload.h"

#define CHECKSUMS {1, 0xbfb3cb752eb3ab1a}, {7, 0xbfe7ab5bcc9fce54}, {70, 0x701063f4419999f8}
#ifndef WORKLOAD_CONTRACTED
WORKLOAD("fft", 70, CHECKSUMS)
#endif

enum { LOG_N = 12, N = 1 << LOG_N };

static double re[N], im[N], cosine[N / 2], sine[N / 2], input[N];

/* Taylor series around 0, exact enough below pi / 4. */
static void sine_cosine(double x, double *s, double *c) {
  double square = x * x, term = x, even = 1;
  *s = x, *c = 1;
  for (int n = 1; n < 12; n++) {
    even = -even * square / ((2 * n - 1) * (2 * n));
    term = -term * square / ((2 * n) * (2 * n + 1));
    *c += even, *s += term;
  }
}

static void make_twiddles(void) {
  for (int i = 0; i < N / 2; i++) {
    int eighth = i / (N / 8), rest = i % (N / 8);
    int mirrored = eighth & 1;
    double s, c;
    sine_cosine(2 * 3.141592653589793 * (mirrored ? N / 8 - rest : rest) / N, &s, &c);
    if (mirrored) {
      double t = s;
      s = c, c = t;
    }
    cosine[i] = eighth < 2 ? c : -s;
    sine[i] = eighth < 2 ? s : c;
  }
}

static void reorder(void) {
  for (int i = 1, j = 0; i < N; i++) {
    int bit = N >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i >= j) continue;
    double r = re[i], m = im[i];
    re[i] = re[j], im[i] = im[j];
    re[j] = r, im[j] = m;
  }
}

static void transform(double sign) {
  reorder();
  for (int half = 1, stride = N / 2; half < N; half *= 2, stride /= 2)
    for (int start = 0; start < N; start += 2 * half)
      for (int k = 0; k < half; k++) {
        double c = cosine[k * stride], s = sign * sine[k * stride];
        int i = start + k, j = i + half;
        double r = re[j] * c - im[j] * s, m = re[j] * s + im[j] * c;
        re[j] = re[i] - r, im[j] = im[i] - m;
        re[i] += r, im[i] += m;
      }
}

uint64_t run(uint32_t scale) {
  uint64_t seed = 21;
  uint64_t sum = 1;
  make_twiddles();
  for (uint32_t round = 0; round < scale; round++) {
    for (int i = 0; i < N; i++) {
      input[i] = re[i] = (double)(random_next(&seed) >> 44) / (1 << 20);
      im[i] = 0;
    }
    transform(-1);
    for (int i = 0; i < N; i += 173) sum = checksum_add_double(checksum_add_double(sum, re[i]), im[i]);
    transform(1);
    for (int i = 0; i < N; i++) {
      double error = re[i] / N - input[i];
      if (error > 1e-9 || error < -1e-9) return 0;
    }
  }
  return sum;
}
