/*
 * Nanobenchmarks of what a monitor has to do with (after Adams and Agesen, ASPLOS 2006), in M mode. Prints for each
 * "nano NAME operations ticks plain": the shortest of several runs, and what the same loop takes without the operation.
 */
#include "console.h"
#include "csr.h"
#include "finish.h"

typedef void loop(uint64_t iterations);

#define LOOPS(each)                                                              \
  each(alu) each(csr_read) each(csr_write) each(mask) each(table) each(fault)    \
  each(call_system) each(mmio_read) each(mmio_write) each(call) each(indirect)

#define DECLARE(name) loop nano_##name;
LOOPS(DECLARE)
loop nano_plain;

static const struct {
  const char *name;
  loop *run;
} benchmarks[] = {
#define ROW(name) {#name, nano_##name},
    LOOPS(ROW)};

enum { OPERATIONS_PER_ITERATION = 4, ROUNDS = 5, ENOUGH_TICKS = 120000 };

static uint64_t ticks_of(loop *run, uint64_t iterations) {
  uint64_t begin = time_now();
  run(iterations);
  return time_now() - begin;
}

static uint64_t shortest(loop *run, uint64_t iterations) {
  uint64_t best = ~0ull;
  for (int round = 0; round < ROUNDS; round++) {
    uint64_t ticks = ticks_of(run, iterations);
    if (ticks < best) best = ticks;
  }
  return best;
}

void guest_start(uint64_t hartid, const void *fdt) {
  (void)hartid;
  (void)fdt;
  uart_init();
  /* U mode may use all of memory. */
  csr_write(pmpaddr0, -1ull);
  csr_write(pmpcfg0, 0x1f);
  for (unsigned i = 0; i < sizeof benchmarks / sizeof *benchmarks; i++) {
    uint64_t iterations = 64;
    while (ticks_of(benchmarks[i].run, iterations) < ENOUGH_TICKS) iterations *= 2;
    uint64_t ticks = shortest(benchmarks[i].run, iterations);
    uint64_t plain = shortest(nano_plain, iterations);
    printf("nano %s %lu %lu %lu\n", benchmarks[i].name, iterations * OPERATIONS_PER_ITERATION, ticks, plain);
  }
  finish(FINISH_OK);
}
