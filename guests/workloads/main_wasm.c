/* Exports one workload from a Wasm module: `run(scale) -> i64`, and what is known about it. */
#include "verdict.h"

#define EXPORT(name) __attribute__((export_name(name)))

enum { PAGE = 65536 };

extern unsigned char __heap_base;
static uintptr_t free_memory;

void *workload_memory(size_t bytes) {
  if (!free_memory) free_memory = (uintptr_t)&__heap_base;
  uintptr_t block = (free_memory + 63) & ~(uintptr_t)63;
  size_t pages = __builtin_wasm_memory_size(0);
  size_t needed = (block + bytes + PAGE - 1) / PAGE;
  if (needed > pages && __builtin_wasm_memory_grow(0, needed - pages) == (size_t)-1) return NULL;
  free_memory = block + bytes;
  return (void *)block;
}

EXPORT("run") uint64_t workload_run(uint32_t scale) { return run(scale); }
/* 0 ok, 1 bad, 2 unlisted */
EXPORT("verdict") uint32_t workload_verdict(uint32_t scale, uint64_t checksum) { return judge(scale, checksum); }
EXPORT("defaultScale") uint32_t workload_default_scale(void) { return workload_scale; }
EXPORT("setFootprint") void workload_set_footprint(uint32_t kib) { workload_footprint = kib; }
