/* Calls through a table of function pointers, in an order no predictor knows. */
#include "workload.h"

WORKLOAD("indirect", 60, {1, 0xdfe05de3ca309ea9}, {6, 0x1cb8730a63376c80}, {60, 0x8fb4ebe593aa5b51})

enum { CALLS = 1 << 18, FUNCTIONS = 16 };

typedef uint64_t (*step)(uint64_t);

#define STEP(n, expression) \
  static uint64_t step_##n(uint64_t x) { return expression; }

STEP(0, x + 0x1234)
STEP(1, x ^ x >> 7)
STEP(2, x * 5)
STEP(3, x - (x >> 3))
STEP(4, ~x)
STEP(5, x << 1 | x >> 63)
STEP(6, x ^ 0xabcdef)
STEP(7, x + (x << 4))
STEP(8, x *x + 1)
STEP(9, x >> 32 | x << 32)
STEP(10, x - 99)
STEP(11, x ^ x << 13)
STEP(12, x & 1 ? x * 3 : x + 7)
STEP(13, x ^ 0x5555555555555555u)
STEP(14, x + 0x9e3779b97f4a7c15u)
STEP(15, x | 1)

static step table[FUNCTIONS] = {step_0, step_1, step_2,  step_3,  step_4,  step_5,  step_6,  step_7,
                                step_8, step_9, step_10, step_11, step_12, step_13, step_14, step_15};

uint64_t run(uint32_t scale) {
  uint64_t seed = 13, value = 1, sum = 1;
  for (uint32_t round = 0; round < scale; round++) {
    for (int i = 0; i < CALLS / 16; i++) {
      uint64_t order = random_next(&seed);
      for (int j = 0; j < 16; j++, order >>= 4) value = table[order & (FUNCTIONS - 1)](value);
    }
    sum = checksum_add(sum, value);
    step first = table[0]; /* rotate, so that the compiler cannot know the table */
    for (int i = 0; i + 1 < FUNCTIONS; i++) table[i] = table[i + 1];
    table[FUNCTIONS - 1] = first;
  }
  for (uint32_t back = scale % FUNCTIONS; back && back < FUNCTIONS; back++) {
    step first = table[0];
    for (int i = 0; i + 1 < FUNCTIONS; i++) table[i] = table[i + 1];
    table[FUNCTIONS - 1] = first;
  }
  return sum;
}
