/* trap, timer: traps raised on purpose, with what the hart recorded. */
#include "commands.h"
#include "console.h"
#include "csr.h"
#include "faults.h"
#include "machine.h"
#include "memory.h"
#include "paging.h"
#include "probe.h"
#include "sbi.h"
#include "trap.h"

extern char __user_start[];

enum stval { STVAL_ARGUMENT, STVAL_INSTRUCTION, STVAL_PC_OR_ZERO, STVAL_ZERO };

/* A trap to raise: `action` in S mode or `user` in U mode, and what must be recorded. */
struct demonstration {
  const char *name;
  const char *what;
  probe_action action;
  const char *user;
  uint64_t argument;
  uint64_t cause;
  enum stval stval;
};

static const struct demonstration demonstrations[] = {
    {"illegal", "an instruction that is none", fault_illegal, 0, 0, CAUSE_ILLEGAL, STVAL_INSTRUCTION},
    {"ebreak", "a breakpoint", fault_breakpoint, 0, 0, CAUSE_BREAKPOINT, STVAL_PC_OR_ZERO},
    {"load", "a load where nothing is mapped", fault_load, 0, UNMAPPED_VA + 0x123, CAUSE_LOAD_PAGE, STVAL_ARGUMENT},
    {"store", "a store to the demo's own code", fault_store, 0, (uint64_t)fault_load, CAUSE_STORE_PAGE, STVAL_ARGUMENT},
    {"fetch", "a jump into data", fault_fetch, 0, WINDOW_VA + 8, CAUSE_FETCH_PAGE, STVAL_ARGUMENT},
    {"user-page", "S mode reads a page of U mode", fault_load, 0, (uint64_t)__user_start, CAUSE_LOAD_PAGE,
     STVAL_ARGUMENT},
    {"hole", "a load where the machine has nothing", fault_load, 0, HOLE_VA + 0x40, CAUSE_LOAD_ACCESS, STVAL_ARGUMENT},
    {"noncanonical", "an address that Sv39 does not have", fault_load, 0, 0x123456789abcdef0, CAUSE_LOAD_PAGE,
     STVAL_ARGUMENT},
    {"misaligned", "a load-reserved across words", fault_reserve, 0, WINDOW_VA + 0x101, CAUSE_LOAD_MISALIGNED,
     STVAL_ARGUMENT},
    {"ecall", "U mode calls the kernel", 0, user_ecall, 42, CAUSE_ECALL_U, STVAL_ZERO},
    {"user-load", "U mode reads the kernel", 0, user_load, (uint64_t)commands, CAUSE_LOAD_PAGE, STVAL_ARGUMENT},
    {"privileged", "U mode reads sstatus", 0, user_privileged, 0, CAUSE_ILLEGAL, STVAL_INSTRUCTION},
};

enum { COUNT = sizeof demonstrations / sizeof *demonstrations };

/* The instruction as the hart sees it. User text is read with SUM set. */
static uint64_t instruction_at(const char *at) {
  csr_set(sstatus, 1 << 18);
  uint64_t low = *(const volatile uint16_t *)at;
  uint64_t bits = (low & 3) == 3 ? low | (uint64_t) * (const volatile uint16_t *)(at + 2) << 16 : low;
  csr_clear(sstatus, 1 << 18);
  return bits;
}

static uint64_t expected_pc(const struct demonstration *d) {
  if (d->action == fault_fetch) return d->argument;
  return d->user ? (uint64_t)d->user : (uint64_t)d->action;
}

static bool right_stval(const struct demonstration *d, uint64_t stval) {
  switch (d->stval) {
    case STVAL_ARGUMENT: return stval == d->argument;
    case STVAL_INSTRUCTION: return stval == 0 || stval == instruction_at((const char *)expected_pc(d));
    case STVAL_PC_OR_ZERO: return stval == 0 || stval == expected_pc(d);
    default: return stval == 0;
  }
}

static bool demonstrate(const struct demonstration *d, bool quiet) {
  struct trap_record r = d->user ? probe_user(d->user, d->argument) : probe(d->action, d->argument);
  bool right = r.taken && r.cause == d->cause && r.pc == expected_pc(d) && right_stval(d, r.tval);
  if (quiet && right) return true;
  printf("  %s: %s\n", d->name, d->what);
  if (r.taken)
    printf("    scause %lx (%s)  stval %lx  sepc %lx", r.cause, cause_name(r.cause), r.tval, r.pc);
  else
    printf("    no trap");
  if (right)
    printf("\n");
  else
    printf("  WRONG: expected scause %lx, sepc %lx\n", d->cause, expected_pc(d));
  return right;
}

unsigned traps_count(void) { return COUNT; }

unsigned traps_wrong(bool quiet) {
  unsigned wrong = 0;
  for (unsigned i = 0; i < COUNT; i++) wrong += !demonstrate(&demonstrations[i], quiet);
  return wrong;
}

static void show_misaligned_load(void) {
  volatile uint8_t *window = (volatile uint8_t *)WINDOW_VA;
  for (uint8_t i = 0; i < 16; i++) window[i] = i;
  struct trap_record r = probe(fault_load, WINDOW_VA + 3);
  if (r.taken)
    printf("  a misaligned load: %s\n", cause_name(r.cause));
  else
    printf("  a misaligned load is no trap on this machine: 8 bytes at offset 3 are %016lx\n", r.a0);
}

void command_trap(int argc, char **argv) {
  if (argc < 2) {
    unsigned wrong = traps_wrong(false);
    show_misaligned_load();
    if (wrong) printf("%u of these are not what the specification asks for.\n", wrong);
    return;
  }
  for (unsigned i = 0; i < COUNT; i++) {
    if (strcmp(demonstrations[i].name, argv[1]) != 0) continue;
    demonstrate(&demonstrations[i], false);
    return;
  }
  printf("There is no trap \"%s\"; these are:", argv[1]);
  for (unsigned i = 0; i < COUNT; i++) printf(" %s", demonstrations[i].name);
  printf("\n");
}

void command_timer(int argc, char **argv) {
  uint64_t ticks;
  if (!number_argument(argc, argv, 1, 5, &ticks)) return;
  uint64_t start = time_now();
  uint64_t period = machine.timebase / 10;
  for (uint64_t i = 1; i <= ticks && i <= 100; i++) {
    uint64_t due = start + i * period;
    uint64_t before = interrupt_counts.timer;
    sbi_set_timer(due);
    interrupts_off();
    while (interrupt_counts.timer == before) {
      wait_for_interrupt();
      interrupts_on();
      interrupts_off();
    }
    interrupts_on();
    printf("  tick %lu: asked for at %lu us, taken %lu us late\n", i, microseconds(i * period),
           microseconds(time_now() - due));
  }
}
