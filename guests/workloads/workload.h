/*
 * What every workload provides and may use. One source serves four targets: bare-metal RISC-V, Linux RISC-V, Wasm and
 * the host's own machine; the same scale gives the same checksum on all of them, to the bit.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* A build that links several workloads gives each a prefix (the demo guest's "bench" does). */
#ifdef WORKLOAD_PREFIX
#define WORKLOAD_JOIN(a, b) a##b
#define WORKLOAD_SYMBOL(a, b) WORKLOAD_JOIN(a, b)
#define run WORKLOAD_SYMBOL(WORKLOAD_PREFIX, run)
#define workload_name WORKLOAD_SYMBOL(WORKLOAD_PREFIX, name)
#define workload_scale WORKLOAD_SYMBOL(WORKLOAD_PREFIX, scale)
#define workload_expected WORKLOAD_SYMBOL(WORKLOAD_PREFIX, expected)
#define workload_footprint WORKLOAD_SYMBOL(WORKLOAD_PREFIX, footprint)
#endif

/* The right checksum for a scale (and for a footprint, where the workload has one). */
struct workload_expected {
  uint32_t scale;
  uint64_t checksum;
  uint32_t footprint;
};

/* Does `scale` units of work; returns a checksum of all results, or 0 when a check inside it failed. */
uint64_t run(uint32_t scale);

extern const char workload_name[];
/* The scale used when none is given: 100 to 300 million instructions. */
extern const uint32_t workload_scale;
/* Ends with scale 0. */
extern const struct workload_expected workload_expected[];
/* KiB of memory the work is spread over; 0 for workloads that take no such parameter. */
extern uint32_t workload_footprint;

/* Fresh zeroed memory, kept until the end; null when there is not enough. */
void *workload_memory(size_t bytes);

#define WORKLOAD_WITH_FOOTPRINT(name, scale, footprint, ...) \
  const char workload_name[] = name;                         \
  const uint32_t workload_scale = scale;                     \
  uint32_t workload_footprint = footprint;                   \
  const struct workload_expected workload_expected[] = {__VA_ARGS__, {0}};

#define WORKLOAD(name, scale, ...) WORKLOAD_WITH_FOOTPRINT(name, scale, 0, __VA_ARGS__)

/* xorshift64*: a stream of pseudo-random numbers; the state must not be zero. */
static inline uint64_t random_next(uint64_t *state) {
  uint64_t x = *state;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  *state = x;
  return x * 0x2545f4914f6cdd1dull;
}

/* Folds a value into a checksum; never gives 0. */
static inline uint64_t checksum_add(uint64_t sum, uint64_t value) {
  sum = (sum ^ value) * 0x9e3779b97f4a7c15ull;
  sum ^= sum >> 29;
  return sum ? sum : 1;
}

static inline uint64_t checksum_add_double(uint64_t sum, double value) {
  union {
    double number;
    uint64_t bits;
  } both = {.number = value};
  return checksum_add(sum, both.bits);
}
