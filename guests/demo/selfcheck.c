/* selfcheck: everything the demo shows, checked without anybody looking. */
#include "commands.h"
#include "console.h"
#include "csr.h"
#include "fdt.h"
#include "finish.h"
#include "machine.h"
#include "memory.h"
#include "paging.h"
#include "probe.h"
#include "sbi.h"

static unsigned failed, passed;

static void check(const char *name, bool good) {
  printf("  %-52s%s\n", name, good ? "ok" : "FAILED");
  if (good)
    passed++;
  else
    failed++;
}

static void check_machine(void) {
  bool harts = machine.hart_count >= 1;
  for (unsigned i = 0; i < machine.hart_count; i++) harts &= starts_with(machine.harts[i].isa, "rv64");
  check("the device tree lists harts of RV64", harts);
  check("the image lies in the memory that is listed",
        (uint64_t)check_machine - machine.ram < machine.ram_bytes && machine.ram_bytes >= (1 << 20));
  check("the SBI is 0.2 or later, with timers", sbi_call(SBI_BASE, 0, 0, 0, 0).value >= 2 && sbi_has(SBI_TIME));
}

static bool walks_to(uint64_t va, uint64_t pa, uint64_t page_bytes) {
  struct walk walk = paging_walk(va);
  return walk.mapped && walk.pa == pa && walk.page_bytes == page_bytes;
}

static void check_paging(void) {
  uint64_t here = (uint64_t)check_paging;
  uint64_t high = (machine.ram + machine.ram_bytes / 2) & ~(uint64_t)(MEGAPAGE - 1);
  volatile uint64_t *window = (volatile uint64_t *)WINDOW_VA;
  volatile uint64_t *direct = (volatile uint64_t *)(DIRECT_VA + paging_window_pa());
  check("translation is on (Sv39)", csr_read(satp) >> 60 == 8 && csr_read(satp) == paging_satp());
  check("walks find pages, megapages and gigapages",
        walks_to(here, here, PAGE) && walks_to(high, high, MEGAPAGE) && walks_to(DIRECT_VA + here, here, GIGAPAGE));
  check("walks of unmapped addresses fail", !paging_walk(UNMAPPED_VA).mapped && !paging_walk(1ull << 40).mapped);
  window[0] = 0x1122334455667788;
  bool same = direct[0] == 0x1122334455667788;
  direct[1] = 99;
  check("two addresses of one page show the same bytes", same && window[1] == 99);
  check("code reads the same through a gigapage",
        *(volatile uint32_t *)(DIRECT_VA + (here & ~3ull)) == *(volatile uint32_t *)(here & ~3ull));
}

static bool crosses_pages(void) {
  uint64_t mark = pages_mark();
  char *pages = pages_take(2);
  bool good = false;
  if (pages) {
    volatile uint64_t *across = (volatile uint64_t *)(pages + PAGE - 3);
    struct trap_record r = {0};
    *across = 0x0807060504030201;
    r = probe_byte((uint64_t)pages + PAGE);
    good = *across == 0x0807060504030201 && !r.taken && r.a0 == 4;
  }
  pages_rewind(mark);
  return good;
}

static void check_traps(void) {
  check("each trap records the right scause, stval and sepc", traps_wrong(true) == 0);
  check("misaligned accesses work, also across pages", crosses_pages());
}

static bool timer_fires(void) {
  uint64_t due = time_now() + machine.timebase / 1000;
  uint64_t before = interrupt_counts.timer;
  sbi_set_timer(due);
  while (interrupt_counts.timer == before && time_now() < due + machine.timebase) {
  }
  return interrupt_counts.timer == before + 1 && time_now() >= due;
}

static bool timer_wakes(void) {
  uint64_t due = time_now() + machine.timebase / 1000;
  uint64_t before = interrupt_counts.timer;
  interrupts_off();
  sbi_set_timer(due);
  wait_for_interrupt();
  bool pending = csr_read(sip) >> INTERRUPT_TIMER & 1 || time_now() < due;
  bool not_taken = interrupt_counts.timer == before;
  interrupts_on();
  while (interrupt_counts.timer == before && time_now() < due + machine.timebase) {
  }
  return pending && not_taken && interrupt_counts.timer == before + 1;
}

static bool software_interrupt(void) {
  uint64_t before = interrupt_counts.software;
  uint64_t start = time_now();
  if (sbi_send_ipi(1, machine.boot_hart).error) return false;
  while (interrupt_counts.software == before && time_now() - start < machine.timebase) {
  }
  return interrupt_counts.software == before + 1;
}

static void check_interrupts(void) {
  check("a timer interrupt comes when it is due", timer_fires());
  check("WFI wakes for an interrupt that is not taken", timer_wakes());
  check("a hart can interrupt itself through the SBI", software_interrupt());
}

static bool atomics(void) {
  static uint64_t word = 5;
  uint64_t old, fail;
  __asm__ volatile("amomaxu.d %0, %2, %1" : "=r"(old), "+A"(word) : "r"(9ull));
  bool good = old == 5 && word == 9;
  __asm__ volatile("lr.d %0, %2\n sc.d %1, %3, %2" : "=&r"(old), "=&r"(fail), "+A"(word) : "r"(7ull));
  good = good && old == 9 && (fail || word == 7);
  __asm__ volatile("sc.d %0, %2, %1" : "=&r"(fail), "+A"(word) : "r"(1ull));
  return good && fail == 1;
}

static bool floating_point(void) {
  double third;
  uint64_t flags, product;
  __asm__ volatile("fsflags zero\n fdiv.d %0, %2, %3\n frflags %1" : "=f"(third), "=r"(flags) : "f"(1.0), "f"(3.0));
  __asm__ volatile("fmul.d ft0, %1, %2\n fmv.x.d %0, ft0" : "=r"(product) : "f"(third), "f"(3.0) : "ft0");
  bool good = flags == 1 && product == 0x3ff0000000000000;
  __asm__ volatile("fsflags zero\n fdiv.d ft0, %1, %2\n frflags %0" : "=r"(flags) : "f"(1.0), "f"(0.0) : "ft0");
  return good && flags == 8;
}

static void check_instructions(void) {
  check("atomic memory operations, LR and SC", atomics());
  check("doubles are rounded right and raise their flags", floating_point());
}

static void check_workloads(void) {
  const char *name;
  bool ok;
  char text[52];
  for (unsigned i = 0; (name = bench_run(i, 1, &ok)); i++) {
    format_into(text, sizeof text, "workload %s gives its checksum", name);
    check(text, ok);
  }
}

static void check_harts(void) {
  uint64_t total = 0;
  if (machine.hart_count == 1) return;
  unsigned good = smp_run(true, &total);
  check("all harts start, count together and stop", good == machine.hart_count);
  check("no count is lost", total == (uint64_t)SMP_ROUNDS * machine.hart_count);
}

bool selfcheck(void) {
  failed = passed = 0;
  check_machine();
  check_paging();
  check_traps();
  check_interrupts();
  check_instructions();
  check_workloads();
  check_harts();
  if (failed)
    printf("selfcheck: %u of %u checks FAILED\n", failed, passed + failed);
  else
    printf("selfcheck: all %u checks passed\n", passed);
  return failed == 0;
}

void command_selfcheck(int argc, char **argv) {
  (void)argc, (void)argv;
  selfcheck();
}
