/* Powers the machine off through the test finisher. */
#include "finish.h"

#include <stdint.h>

#define FINISHER 0x100000
#define FINISHER_FAIL 0x3333
#define FINISHER_PASS 0x5555

_Noreturn void finish(unsigned code) {
  *(volatile uint32_t *)FINISHER = code == 0 ? FINISHER_PASS : (FINISHER_FAIL | (uint32_t)code << 16);
  for (;;) __asm__ volatile("wfi");
}
