/* Follows one cycle of pointers through memory in random order: every load needs the one before. */
#include "workload.h"

WORKLOAD_WITH_FOOTPRINT("chase", 60, 4096, {1, 0x1cda3ce3f21d9b0d, 16}, {6, 0x8690879467302010, 16},
                        {60, 0xbdb3593b3cfa2f96, 16}, {1, 0x539a6c80ea1f1806, 256}, {6, 0x9ae34769ad1c0c1d, 256},
                        {60, 0xdedffb23a1befbed, 256}, {1, 0xbf9d667d6a274fd1, 4096}, {6, 0xc600fbe40a6b9fc5, 4096},
                        {60, 0xc26380c82ce27856, 4096}, {1, 0x20a6d0aaf3ff7251, 32768}, {6, 0x450277a6017aaa97, 32768},
                        {60, 0xc18b9f7e74a7acf9, 32768})

enum { STEPS = 1 << 18, LINE = 64 };

struct line {
  uint64_t next; /* index of the line that follows */
  uint64_t value;
  uint8_t unused[LINE - 16];
};

/* Sattolo's shuffle of the indices: one single cycle through all lines. */
static void make_cycle(struct line *lines, uint64_t count) {
  uint64_t seed = 5;
  for (uint64_t i = 0; i < count; i++) {
    lines[i].next = i;
    lines[i].value = i * 3;
  }
  for (uint64_t i = count - 1; i > 0; i--) {
    uint64_t j = random_next(&seed) % i;
    uint64_t t = lines[i].next;
    lines[i].next = lines[j].next;
    lines[j].next = t;
  }
}

uint64_t run(uint32_t scale) {
  uint64_t count = (uint64_t)workload_footprint * 1024 / LINE;
  if (count < 2) return 0;
  struct line *lines = workload_memory((size_t)count * LINE);
  if (!lines) return 0;
  make_cycle(lines, count);
  uint64_t at = 0, sum = 1, total = 0;
  for (uint32_t round = 0; round < scale; round++) {
    for (int i = 0; i < STEPS; i++) {
      total += lines[at].value;
      at = lines[at].next;
    }
    sum = checksum_add(sum, at + total);
  }
  return sum;
}
