/* The demo's own Sv39 page tables (Privileged ISA, "Sv39: Page-Based 39-bit Virtual-Memory System"). */
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "sv39.h"

/*
 *   0x0000000000100000  test finisher, RTC, PLIC, UART, virtio: where they are, rw
 *   0x0000000040000000  WINDOW_VA: one page of RAM, rw, seen a second time at its own address
 *   0x0000000050000000  HOLE_VA: mapped to HOLE_PA, where the machine has nothing
 *   0x0000000080200000  the image: text r-x, user text r-xu, rodata r--, the rest of RAM rw-
 *   0xffffffc000000000  DIRECT_VA: physical memory once more, in gigapages, rw
 */
#define WINDOW_VA 0x40000000ul
#define HOLE_VA 0x50000000ul
#define HOLE_PA 0x00200000ul
#define UNMAPPED_VA 0x60000000ul
#define USER_STACK_VA 0x48000000ul
#define DIRECT_VA 0xffffffc000000000ul

/* Builds the tables and turns translation on. */
void paging_start(void);
uint64_t paging_satp(void);
/* The page that WINDOW_VA shows. */
uint64_t paging_window_pa(void);

/* One step of a walk. */
struct walk_step {
  int level;
  uint64_t table; /* pa */
  uint64_t index;
  uint64_t pte_pa;
  uint64_t pte;
};

struct walk {
  bool canonical;
  bool mapped;
  int steps;
  struct walk_step step[3];
  uint64_t pa;
  uint64_t page_bytes;
};

/* Walks the tables as the hardware would, without touching A or D. */
struct walk paging_walk(uint64_t va);

/* Fresh zeroed pages, contiguous; null when memory is out. pages_rewind gives back everything taken after a mark. */
void *pages_take(uint64_t count);
uint64_t pages_mark(void);
void pages_rewind(uint64_t mark);
uint64_t pages_free(void);
