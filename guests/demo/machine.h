/* What the FDT says about the machine the guest runs on. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

enum { MAX_HARTS = 8 };

struct hart_info {
  uint64_t id;
  const char *isa;
  const char *mmu;
};

struct machine {
  const void *fdt;
  const char *model;
  const char *bootargs;
  uint64_t boot_hart;
  uint64_t timebase; /* ticks of mtime in a second */
  uint64_t ram;
  uint64_t ram_bytes;
  unsigned hart_count;
  struct hart_info harts[MAX_HARTS];
  uint64_t plic;
  unsigned plic_context; /* of the boot hart's S mode */
  unsigned uart_irq;
  uint64_t rtc; /* 0 when there is none */
};

extern struct machine machine;

/* False when there is no usable FDT. */
bool machine_read(uint64_t boot_hart, const void *fdt);

/* Ticks of mtime as microseconds. */
uint64_t microseconds(uint64_t ticks);
