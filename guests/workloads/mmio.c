/*
 * Device registers: the UART's scratch register is written and read back, and its line status polled. Bare metal only.
 */
#include "workload.h"

WORKLOAD("mmio", 400, {1, 0x929b36b0c78165f4}, {400, 0x848445cc869db95c})

enum { ACCESSES_PER_UNIT = 1000, LINE_STATUS = 5, SCRATCH = 7, IDLE = 0x60 };

static volatile uint8_t *const uart = (volatile uint8_t *)0x10000000;

uint64_t run(uint32_t scale) {
  uint64_t random = 0x5eed, sum = 1;
  for (uint32_t i = 0; i < scale * ACCESSES_PER_UNIT; i++) {
    uint8_t value = (uint8_t)(random_next(&random) >> 56);
    uart[SCRATCH] = value;
    if (uart[SCRATCH] != value) return 0;
    sum = checksum_add(sum, (uint64_t)uart[SCRATCH] << 8 | (uart[LINE_STATUS] & IDLE));
  }
  return sum;
}
