/*
 * Runs one workload on the bare machine (M mode) and powers off. Boot arguments: scale=N, footprint=KIB, and paged=1 for S mode
 * and page tables.
 * Prints "name ok|bad|unlisted checksum ticks instret".
 */
#include "console.h"
#include "csr.h"
#include "fdt.h"
#include "finish.h"
#include "memory.h"
#include "paged.h"
#include "verdict.h"

extern char __image_end[];
static char *free_memory = __image_end;
static char *memory_end = __image_end;
static uint64_t memory_base;
static uint64_t instructions;

void *workload_memory(size_t bytes) {
  bytes = (bytes + 63) & ~(size_t)63;
  if (bytes > (size_t)(memory_end - free_memory)) return NULL;
  void *block = free_memory;
  free_memory += bytes;
  return memset(block, 0, bytes);
}

/* RAM ends where /memory says, or at the FDT when that lies above us (QEMU puts it at the top). */
static void find_memory(const void *fdt) {
  struct fdt_node node;
  uint64_t base, size;
  if (!fdt_find(fdt, "/memory", &node) || !fdt_reg(&node, 0, &base, &size)) return;
  memory_base = base;
  memory_end = (char *)(base + size);
  if ((const char *)fdt > __image_end && (const char *)fdt < memory_end) memory_end = (char *)fdt;
}

static uint64_t argument(const char *words, const char *name, uint64_t otherwise) {
  char text[24];
  uint64_t value;
  return find_word(words, name, text, sizeof text) && parse_number(text, &value) ? value : otherwise;
}

/* The same code in M and S mode, so that the count of instructions is the same. */
static uint64_t counted_run(uint64_t scale) {
  uint64_t before = instructions_retired();
  uint64_t checksum = run((uint32_t)scale);
  instructions = instructions_retired() - before;
  return checksum;
}

void guest_start(uint64_t hartid, const void *fdt) {
  (void)hartid;
  uart_init();
  find_memory(fdt);
  struct fdt_node chosen;
  const char *words = fdt_find(fdt, "/chosen", &chosen) ? fdt_string(&chosen, "bootargs", "") : "";
  uint32_t scale = (uint32_t)argument(words, "scale", workload_scale);
  workload_footprint = (uint32_t)argument(words, "footprint", workload_footprint);

  uint64_t ticks = time_now();
  uint64_t checksum =
      argument(words, "paged", 0) ? paged_call(counted_run, scale, memory_base, &memory_end) : counted_run(scale);
  ticks = time_now() - ticks;

  enum verdict verdict = judge(scale, checksum);
  printf("%s %s %016lx %lu %lu\n", workload_name, verdict_names[verdict], checksum, ticks, instructions);
  finish(verdict == BAD ? FINISH_FAIL : FINISH_OK);
}
