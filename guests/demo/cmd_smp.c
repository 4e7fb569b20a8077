/* smp: starts the other harts through HSM; each adds to one counter, then stops. */
#include "commands.h"
#include "console.h"
#include "csr.h"
#include "machine.h"
#include "memory.h"
#include "paging.h"
#include "sbi.h"

enum { STACK_PAGES = 2, STARTED = 0, STOPPED = 1 };

static uint64_t counter;
static unsigned arrived;
static struct hart_start starts[MAX_HARTS];
static uint64_t counted[MAX_HARTS];

/* All wait here until each is present, then count at once, so that their atomic adds meet. */
static void count_together(uint64_t hartid, void *argument) {
  uint64_t *mine = argument;
  (void)hartid;
  __atomic_add_fetch(&arrived, 1, __ATOMIC_ACQ_REL);
  while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < machine.hart_count) {
  }
  for (unsigned i = 0; i < SMP_ROUNDS; i++) __atomic_add_fetch(&counter, 1, __ATOMIC_RELAXED);
  __atomic_store_n(mine, SMP_ROUNDS, __ATOMIC_RELEASE);
}

static void secondary(uint64_t hartid, void *argument) {
  count_together(hartid, argument);
  sbi_hart_stop();
}

static bool within(uint64_t start, uint64_t seconds) { return time_now() - start < seconds * machine.timebase; }

static bool start_hart(unsigned index, bool quiet) {
  uint64_t id = machine.harts[index].id;
  char *stack = pages_take(STACK_PAGES);
  if (!stack) return false;
  starts[index] = (struct hart_start){(uint64_t)stack + STACK_PAGES * PAGE, secondary, paging_satp(), &counted[index]};
  struct sbi_result result = sbi_hart_start(id, &starts[index]);
  if (!quiet) printf("  hart %lu: %s\n", id, result.error ? "the SBI refused to start it" : "started");
  return result.error == 0;
}

static bool wait_stopped(unsigned index) {
  uint64_t start = time_now();
  while (within(start, 5))
    if (sbi_hart_status(machine.harts[index].id) == STOPPED) return true;
  return false;
}

unsigned smp_run(bool quiet, uint64_t *total) {
  uint64_t mark = pages_mark();
  unsigned good = 1, boot = 0;
  bool all_started = true;
  counter = 0;
  arrived = 0;
  memset(counted, 0, sizeof counted);
  for (unsigned i = 0; i < machine.hart_count; i++) {
    if (machine.harts[i].id == machine.boot_hart)
      boot = i;
    else
      all_started &= start_hart(i, quiet);
  }
  if (!all_started) return 0;
  count_together(machine.boot_hart, &counted[boot]);
  for (unsigned i = 0; i < machine.hart_count; i++)
    if (i != boot) good += wait_stopped(i) && counted[i] == SMP_ROUNDS;
  *total = counter;
  pages_rewind(mark);
  return good;
}

void command_smp(int argc, char **argv) {
  (void)argc, (void)argv;
  uint64_t total = 0;
  if (machine.hart_count == 1) printf("  There is one hart only; start the machine with more (--smp 4).\n");
  unsigned good = smp_run(false, &total);
  printf("  %u of %u harts counted %u times each: %lu in all, %lu wanted\n", good, machine.hart_count, SMP_ROUNDS,
         total, (uint64_t)SMP_ROUNDS * machine.hart_count);
}
