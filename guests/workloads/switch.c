/* A dense switch of 24 cases taken at random: one jump table, one unpredictable jump. */
#include "workload.h"

WORKLOAD("switch", 40, {1, 0x17eff199948b43f2}, {4, 0xaa917421a40daf80}, {40, 0x78fe73483358ff7e})

enum { TURNS = 1 << 18 };

static uint64_t turn(unsigned choice, uint64_t x, uint64_t y) {
  switch (choice) {
    case 0: return x + y;
    case 1: return x - y;
    case 2: return x ^ y;
    case 3: return x | y;
    case 4: return (x & y) + 3;
    case 5: return x * (y | 1);
    case 6: return x << (y & 31);
    case 7: return x >> (y & 15);
    case 8: return x + (y << 2);
    case 9: return x ^ y >> 5;
    case 10: return ~(x + y);
    case 11: return x < y ? x + 17 : y + 29;
    case 12: return (uint32_t)x * (uint64_t)(uint32_t)y;
    case 13: return (x >> 8) ^ (y << 8);
    case 14: return x + 0x1000193;
    case 15: return x / ((y & 255) + 1);
    case 16: return x % ((y & 1023) + 7);
    case 17: return (uint64_t)(int32_t)x + y;
    case 18: return (x & 0xffff) * (y & 0xffff);
    case 19: return x ^ 0xdeadbeef;
    case 20: return (x << 3) - x;
    case 21: return (y << 5) + y + x;
    case 22: return x == y ? 5 : x - 1;
    default: return x + choice;
  }
}

uint64_t run(uint32_t scale) {
  uint64_t seed = 17, x = 1, y = 2, sum = 1;
  for (uint32_t round = 0; round < scale; round++) {
    for (int i = 0; i < TURNS; i++) {
      uint64_t r = random_next(&seed);
      uint64_t next = turn((unsigned)(r >> 32) % 24, x, y);
      x = y ^ (r & 0xff);
      y = next;
    }
    sum = checksum_add(sum, x + y);
  }
  return sum;
}
