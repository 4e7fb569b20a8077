/* bench: some of the workloads, linked in with a prefix each. */
#include "commands.h"
#include "console.h"
#include "csr.h"
#include "faults.h"
#include "machine.h"
#include "memory.h"
#include "paging.h"
#include "probe.h"
#include "verdict.h"

#define DECLARE(name)                                      \
  uint64_t name##_run(uint32_t scale);                     \
  extern const uint32_t name##_scale;                      \
  extern const struct workload_expected name##_expected[]; \
  extern uint32_t name##_footprint;

DECLARE(mix)
DECLARE(sha256)
DECLARE(lz)
DECLARE(bytecode)
DECLARE(fib)
DECLARE(indirect)
DECLARE(random)
DECLARE(nbody)
DECLARE(matmul)

#define ROW(name, what) \
  { #name, what, name##_run, &name##_scale, name##_expected, &name##_footprint }

static const struct {
  const char *name;
  const char *what;
  uint64_t (*run)(uint32_t scale);
  const uint32_t *scale;
  const struct workload_expected *expected;
  uint32_t *footprint;
} workloads[] = {
    ROW(mix, "lists, matrices, text, CRC"), ROW(sha256, "SHA-256"),         ROW(lz, "compress and unpack"),
    ROW(bytecode, "an interpreter"),        ROW(fib, "recursion"),          ROW(indirect, "calls by pointer"),
    ROW(random, "random memory accesses"),  ROW(nbody, "doubles: planets"), ROW(matmul, "doubles: matrix product"),
};

enum { COUNT = sizeof workloads / sizeof *workloads };

void *workload_memory(size_t bytes) { return pages_take((bytes + PAGE - 1) / PAGE); }

/* Workloads with a footprint shrink to what a small machine has free; both sizes have a checksum on record. */
static void fit_footprint(unsigned index) {
  uint32_t *kib = workloads[index].footprint;
  if (*kib > pages_free() * (PAGE / 1024)) *kib = 256;
}

bool can_read_instret(void) { return !probe(fault_read_instret, 0).taken; }

const char *bench_run(unsigned index, uint32_t scale, bool *ok) {
  if (index >= COUNT) return 0;
  fit_footprint(index);
  uint64_t mark = pages_mark();
  uint64_t checksum = workloads[index].run(scale);
  pages_rewind(mark);
  *ok = judge_against(workloads[index].expected, scale, *workloads[index].footprint, checksum) == OK;
  return workloads[index].name;
}

static void run_one(unsigned index, uint32_t scale) {
  fit_footprint(index);
  uint64_t mark = pages_mark();
  bool counts = can_read_instret();
  uint64_t instructions = counts ? instructions_retired() : 0;
  uint64_t ticks = time_now();
  uint64_t checksum = workloads[index].run(scale);
  ticks = time_now() - ticks;
  instructions = counts ? instructions_retired() - instructions : 0;
  pages_rewind(mark);

  uint64_t us = microseconds(ticks);
  enum verdict verdict = judge_against(workloads[index].expected, scale, *workloads[index].footprint, checksum);
  printf("  %-10s%-28s%-9s%6lu.%03lu s", workloads[index].name, workloads[index].what, verdict_names[verdict],
         us / 1000000, us / 1000 % 1000);
  if (counts) printf("  %12lu  %5lu", instructions, us ? instructions / us : 0);
  printf("\n");
}

/* A tenth of the full scale is enough to see something. */
static uint32_t usual_scale(unsigned index) { return *workloads[index].scale / 10; }

void command_bench(int argc, char **argv) {
  uint64_t scale;
  bool found = false;
  if (!number_argument(argc, argv, 2, 0, &scale)) return;
  printf("  %-10s%-28s%-9s%12s  %12s  %5s\n", "workload", "", "result", "time", "instructions", "MIPS");
  for (unsigned i = 0; i < COUNT; i++) {
    if (argc > 1 && strcmp(workloads[i].name, argv[1]) != 0) continue;
    found = true;
    run_one(i, scale ? (uint32_t)scale : usual_scale(i));
  }
  if (!found) printf("  There is no workload \"%s\"; \"bench\" alone runs them all.\n", argv[1]);
}
