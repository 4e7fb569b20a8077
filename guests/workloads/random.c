/* Read-modify-write at random places: as unkind to caches and TLBs as the footprint makes it. */
#include "workload.h"

WORKLOAD_WITH_FOOTPRINT("random", 60, 8192, {1, 0x62dbf4bfb0fe43c5, 16}, {6, 0xffccb4a12e9b2a0b, 16},
                        {60, 0xa9d47c7ec0e13bf1, 16}, {1, 0x9797c8e653b5a9d5, 256}, {6, 0x1b0789ddbb1cd628, 256},
                        {60, 0x220790948a0ac61f, 256}, {1, 0x1ab8d2439edd8eb4, 8192}, {6, 0xaf60195c9e1b16bd, 8192},
                        {60, 0x36b54c4681cf1190, 8192}, {1, 0xbfb74a8b09375a6d, 32768}, {6, 0xd2d39a28dadb5010, 32768},
                        {60, 0x3b38796216204bd4, 32768})

enum { UPDATES = 1 << 18 };

uint64_t run(uint32_t scale) {
  uint64_t words = 1;
  while (words * 2 <= (uint64_t)workload_footprint * 128) words *= 2;
  uint64_t *table = workload_memory((size_t)words * 8);
  if (!table) return 0;
  uint64_t seed = 8;
  for (uint64_t i = 0; i < words; i++) table[i] = i;
  uint64_t sum = 1;
  for (uint32_t round = 0; round < scale; round++) {
    for (int i = 0; i < UPDATES; i++) {
      uint64_t r = random_next(&seed);
      table[r & (words - 1)] ^= r;
    }
    sum = checksum_add(sum, table[seed & (words - 1)]);
  }
  for (uint64_t i = 0; i < words; i += 5) sum = checksum_add(sum, table[i]);
  return sum;
}
