/*
 * Page faults: a program in S mode reads and writes more pages than may be mapped at a time; the fault handler maps what is
 * missing, read-only until the first write, and unmaps what was mapped longest ago. Bare metal only.
 */
#include "csr.h"
#include "supervisor.h"
#include "sv39.h"
#include "trap.h"
#include "workload.h"

WORKLOAD("pagefault", 400, {1, 0x73a70d7733466d97}, {400, 0x06af4bcb39428729})

enum { ACCESSES_PER_UNIT = 2000, PAGES = 64, RESIDENT = 24 };
#define DATA_VA 0x1000000000ull
#define KERNEL_VA 0x80000000ull
#define ALIGNED __attribute__((aligned(PAGE)))

static ALIGNED uint64_t root[ENTRIES], middle[ENTRIES], last[ENTRIES];
static ALIGNED uint64_t frames[PAGES][PAGE / sizeof(uint64_t)];
/* The mapped pages, in the order in which they were mapped; a ring. */
static uint32_t mapped[RESIDENT], next;
static uint64_t read_faults, write_faults;

static void fence(uint64_t va) { __asm__ volatile("sfence.vma %0" ::"r"(va) : "memory"); }
static uint64_t va_of(uint32_t page) { return DATA_VA + (uint64_t)page * PAGE; }

static void make_tables(void) {
  for (int i = 0; i < ENTRIES; i++) last[i] = 0;
  root[vpn(KERNEL_VA, 2)] = pa_to_pte(KERNEL_VA) | PTE_V | PTE_R | PTE_W | PTE_X | PTE_G | PTE_A | PTE_D;
  root[vpn(DATA_VA, 2)] = pa_to_pte((uint64_t)middle) | PTE_V;
  middle[vpn(DATA_VA, 1)] = pa_to_pte((uint64_t)last) | PTE_V;
  for (uint32_t i = 0; i < RESIDENT; i++) mapped[i] = PAGES;
  next = 0;
}

static void on_fault(uint64_t cause, uint64_t va) {
  uint32_t page = (uint32_t)((va - DATA_VA) / PAGE);
  if (last[page] & PTE_V) {
    write_faults++;
    last[page] |= PTE_W;
    fence(va);
    return;
  }
  read_faults++;
  if (mapped[next] < PAGES) {
    last[mapped[next]] = 0;
    fence(va_of(mapped[next]));
  }
  mapped[next] = page;
  next = (next + 1) % RESIDENT;
  last[page] = pa_to_pte((uint64_t)frames[page]) | PTE_V | PTE_R | PTE_A | PTE_D;
  if (cause == CAUSE_STORE_PAGE) last[page] |= PTE_W;
  fence(va);
}

/* In S mode. Returns the exclusive or of all that was written. */
static uint64_t program(uint64_t accesses) {
  uint64_t random = 0x5eed, written = 0;
  for (uint64_t i = 0; i < accesses; i++) {
    uint64_t value = random_next(&random);
    volatile uint64_t *cell = (volatile uint64_t *)va_of(value >> 32 & (PAGES - 1)) + (value >> 48 & 511);
    uint64_t before = *cell;
    if (value >> 63) continue;
    *cell = before ^ value;
    written ^= value;
  }
  return written;
}

uint64_t run(uint32_t scale) {
  for (int i = 0; i < PAGES; i++)
    for (int j = 0; j < PAGE / 8; j++) frames[i][j] = 0;
  read_faults = write_faults = 0;
  make_tables();
  uint64_t satp = SATP_SV39 | (uint64_t)root / PAGE;
  uint64_t written = supervisor_call(program, (uint64_t)scale * ACCESSES_PER_UNIT, satp, on_fault);
  uint64_t kept = 0;
  for (int i = 0; i < PAGES; i++)
    for (int j = 0; j < PAGE / 8; j++) kept ^= frames[i][j];
  if (kept != written) return 0;
  return checksum_add(checksum_add(checksum_add(1, kept), read_faults), write_faults);
}
