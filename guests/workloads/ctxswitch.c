/*
 * Context switches: two threads in S mode, each in an address space of its own, take turns after a little work on memory that
 * both see at the same address. Half of the switches name the space (ASID) and fence nothing, half flush what is cached.
 * Bare metal only.
 */
#include <stdbool.h>

#include "csr.h"
#include "jump.h"
#include "supervisor.h"
#include "sv39.h"
#include "workload.h"

WORKLOAD("ctxswitch", 400, {1, 0x1e2f7e1b205bad9b}, {400, 0xd9e78151a5e21ac5})

enum { SWITCHES_PER_UNIT = 1000, SPACES = 2, PAGES = 16, TOUCHED = 8, WORDS = PAGE / 8, STACK_BYTES = 4096 };
#define DATA_VA 0x1000000000ull
#define KERNEL_VA 0x80000000ull
#define ALIGNED __attribute__((aligned(PAGE)))

struct space {
  uint64_t root[ENTRIES], middle[ENTRIES], last[ENTRIES];
  uint64_t frames[PAGES][WORDS];
};

static ALIGNED struct space spaces[SPACES];
static struct thread {
  jump_buffer at;
  uint64_t sum;
} threads[SPACES];
static char stack[STACK_BYTES] __attribute__((aligned(16)));
static uint64_t switches, switches_wanted;

static void make_space(struct space *space, uint64_t seed) {
  space->root[vpn(KERNEL_VA, 2)] = pa_to_pte(KERNEL_VA) | PTE_V | PTE_R | PTE_W | PTE_X | PTE_G | PTE_A | PTE_D;
  space->root[vpn(DATA_VA, 2)] = pa_to_pte((uint64_t)space->middle) | PTE_V;
  space->middle[vpn(DATA_VA, 1)] = pa_to_pte((uint64_t)space->last) | PTE_V;
  for (int i = 0; i < PAGES; i++) {
    space->last[i] = pa_to_pte((uint64_t)space->frames[i]) | PTE_V | PTE_R | PTE_W | PTE_A | PTE_D;
    for (int j = 0; j < WORDS; j++) space->frames[i][j] = random_next(&seed);
  }
}

static uint64_t satp_of(int space, int asid) {
  return SATP_SV39 | (uint64_t)asid << SATP_ASID_SHIFT | (uint64_t)&spaces[space] / PAGE;
}

/* Two switches, there and back, name the space; the next two flush. */
static void switch_to(int space) {
  bool named = switches & 2;
  csr_write(satp, satp_of(space, named ? space + 1 : 0));
  if (!named) __asm__ volatile("sfence.vma" ::: "memory");
}

static void yield(int from) {
  int to = !from;
  switches++;
  if (jump_save(threads[from].at)) return;
  switch_to(to);
  jump_to(threads[to].at, 1);
}

/* What a thread does in each of its turns. */
static void turn(struct thread *thread, uint32_t number) {
  for (uint32_t i = 0; i < TOUCHED; i++) {
    volatile uint64_t *cell = (volatile uint64_t *)DATA_VA + (number + i * 5) % PAGES * WORDS + number % WORDS;
    thread->sum = checksum_add(thread->sum, *cell);
    *cell = thread->sum;
  }
}

static void work(int self) {
  for (uint32_t number = 0; switches < switches_wanted; number++) {
    turn(&threads[self], number);
    yield(self);
  }
}

static void second_thread(void) {
  work(1);
  yield(1);
}

/* In S mode, as the first thread. */
static uint64_t program(uint64_t wanted) {
  switches_wanted = wanted;
  work(0);
  return threads[0].sum;
}

static bool holds(const struct space *space, uint64_t value) {
  for (int page = 0; page < PAGES; page++)
    for (int j = 0; j < WORDS; j++)
      if (space->frames[page][j] == value) return true;
  return false;
}

/* What a thread wrote last is in its own space, and only there. */
static bool apart(int space) {
  return holds(&spaces[space], threads[space].sum) && !holds(&spaces[!space], threads[space].sum);
}

uint64_t run(uint32_t scale) {
  for (int i = 0; i < SPACES; i++) {
    make_space(&spaces[i], 0x5eed + (uint64_t)i);
    threads[i].sum = (uint64_t)i + 1;
  }
  switches = 0;
  threads[1].at[0] = (uint64_t)second_thread;
  threads[1].at[1] = (uint64_t)(stack + STACK_BYTES);
  uint64_t first = supervisor_call(program, (uint64_t)scale * SWITCHES_PER_UNIT, satp_of(0, 1), 0);
  if (first != threads[0].sum || !apart(0) || !apart(1)) return 0;
  return checksum_add(checksum_add(1, first), threads[1].sum);
}
