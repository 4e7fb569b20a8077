/* Quicksort (median of three, insertion sort below 12) of random 64-bit numbers; each result is checked for order. */
#include "workload.h"

WORKLOAD("quicksort", 40, {1, 0xda9c51939f8ccf12}, {4, 0x0653268312e8fa86}, {40, 0xdee39c069da0d0de})

enum { COUNT = 32768 };

static void insertion(int64_t *a, int n) {
  for (int i = 1; i < n; i++) {
    int64_t value = a[i];
    int j = i;
    for (; j > 0 && a[j - 1] > value; j--) a[j] = a[j - 1];
    a[j] = value;
  }
}

static void swap(int64_t *a, int64_t *b) {
  int64_t t = *a;
  *a = *b;
  *b = t;
}

static void sort(int64_t *a, int n) {
  while (n > 12) {
    int64_t *middle = &a[n / 2], *last = &a[n - 1];
    if (*middle < a[0]) swap(middle, a);
    if (*last < a[0]) swap(last, a);
    if (*last < *middle) swap(last, middle);
    int64_t pivot = *middle;
    int i = 0, j = n - 1;
    for (;;) {
      while (a[i] < pivot) i++;
      while (a[j] > pivot) j--;
      if (i >= j) break;
      swap(&a[i++], &a[j--]);
    }
    int left = j + 1;
    if (left < n - left) {
      sort(a, left);
      a += left, n -= left;
    } else {
      sort(a + left, n - left);
      n = left;
    }
  }
  insertion(a, n);
}

uint64_t run(uint32_t scale) {
  static int64_t numbers[COUNT];
  uint64_t seed = 42;
  uint64_t sum = 1;
  for (uint32_t round = 0; round < scale; round++) {
    uint64_t before = 0, after = 0;
    for (int i = 0; i < COUNT; i++) {
      numbers[i] = (int64_t)random_next(&seed) >> (round & 31);
      before += (uint64_t)numbers[i];
    }
    sort(numbers, COUNT);
    for (int i = 0; i < COUNT; i++) {
      if (i > 0 && numbers[i - 1] > numbers[i]) return 0;
      after += (uint64_t)numbers[i];
    }
    if (before != after) return 0;
    sum = checksum_add(checksum_add(sum, (uint64_t)numbers[COUNT / 3]), after);
  }
  return sum;
}
