/*
 * Runs one workload as a program of an operating system: NAME [scale] [footprint KiB].
 * Prints the same line as main_bare.c; ticks are of 100 ns, instret is 0 because user mode may not read it.
 */
#define _POSIX_C_SOURCE 199309L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "verdict.h"

void *workload_memory(size_t bytes) { return calloc(1, bytes); }

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 10000000 + (uint64_t)t.tv_nsec / 100;
}

int main(int argc, char **argv) {
  uint32_t scale = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : workload_scale;
  if (argc > 2) workload_footprint = (uint32_t)strtoul(argv[2], NULL, 0);
  uint64_t ticks = now();
  uint64_t checksum = run(scale);
  ticks = now() - ticks;
  enum verdict verdict = judge(scale, checksum);
  printf("%s %s %016" PRIx64 " %" PRIu64 " 0\n", workload_name, verdict_names[verdict], checksum, ticks);
  return verdict == BAD;
}
