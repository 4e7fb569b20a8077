/* info, map, uptime: what the machine is, and what it has been doing. */
#include "commands.h"
#include "console.h"
#include "csr.h"
#include "fdt.h"
#include "machine.h"
#include "memory.h"
#include "paging.h"
#include "probe.h"
#include "sbi.h"

extern char __text_start[], __user_start[], __rodata_start[], __data_start[], __image_end[];

static void print_sbi(void) {
  static const struct {
    int id;
    const char *name;
  } extensions[] = {{SBI_TIME, "TIME"}, {SBI_IPI, "IPI"},   {SBI_RFENCE, "RFENCE"},
                    {SBI_HSM, "HSM"},   {SBI_SRST, "SRST"}, {SBI_DBCN, "DBCN"}};
  uint64_t version = (uint64_t)sbi_call(SBI_BASE, 0, 0, 0, 0).value;
  printf("  sbi        %lu.%lu, implementation %ld, extensions", version >> 24 & 0x7f, version & 0xffffff,
         sbi_call(SBI_BASE, 1, 0, 0, 0).value);
  for (unsigned i = 0; i < sizeof extensions / sizeof *extensions; i++)
    if (sbi_has(extensions[i].id)) printf(" %s", extensions[i].name);
  printf("\n");
}

/* A device is a node with a reg and a compatible string below /soc or the root. */
static bool is_device(const struct fdt_node *node, uint64_t *base, uint64_t *bytes) {
  return node->depth >= 1 && node->depth <= 2 && fdt_property(node, "compatible", 0) && fdt_reg(node, 0, base, bytes) &&
         *bytes != 0;
}

static void print_devices(void) {
  struct fdt_node node;
  uint64_t base, bytes;
  const char *title = "devices";
  fdt_root(machine.fdt, &node);
  while (fdt_next(&node)) {
    if (!is_device(&node, &base, &bytes)) continue;
    printf("  %-11s%08lx  %-26s", title, base, fdt_string(&node, "compatible", ""));
    uint64_t irq = fdt_number(&node, "interrupts", 0);
    if (irq) printf(" interrupt %lu", irq);
    printf("\n");
    title = "";
  }
}

void command_info(int argc, char **argv) {
  (void)argc, (void)argv;
  printf("  machine    %s\n", machine.model);
  for (unsigned i = 0; i < machine.hart_count; i++) {
    const struct hart_info *hart = &machine.harts[i];
    printf("  hart %lu     %s%s\n             %s\n", hart->id, hart->mmu,
           hart->id == machine.boot_hart ? ", this one" : "", hart->isa);
  }
  printf("  memory     %lu MiB at %lx, %lu pages free\n", machine.ram_bytes >> 20, machine.ram, pages_free());
  printf("  timebase   %lu ticks a second\n", machine.timebase);
  print_sbi();
  print_devices();
  printf("  fdt        %u bytes at %p\n", fdt_bytes(machine.fdt), machine.fdt);
  printf("  bootargs   \"%s\"\n", machine.bootargs);
}

static void print_range(uint64_t from, uint64_t bytes, const char *what) {
  printf("  %016lx  %016lx  %s\n", from, from + bytes - 1, what);
}

static void print_physical(void) {
  struct fdt_node node;
  uint64_t base, bytes, last = 0;
  /* In order of address: each pass prints the lowest device above the last. */
  for (;;) {
    uint64_t best = ~0ull, best_bytes = 0;
    char name[40] = "";
    fdt_root(machine.fdt, &node);
    while (fdt_next(&node)) {
      bool memory = strcmp(fdt_string(&node, "device_type", ""), "memory") == 0 && fdt_reg(&node, 0, &base, &bytes);
      if (!memory && !is_device(&node, &base, &bytes)) continue;
      if (base < last || base >= best) continue;
      best = base, best_bytes = bytes;
      format_into(name, sizeof name, "%s", memory ? "RAM" : fdt_string(&node, "compatible", ""));
    }
    if (best == ~0ull) return;
    print_range(best, best_bytes, name);
    last = best + 1;
  }
}

static void print_mapped(uint64_t from, uint64_t to, const char *what) {
  static const struct {
    uint64_t bit;
    char letter;
  } flags[] = {{PTE_R, 'r'}, {PTE_W, 'w'}, {PTE_X, 'x'}, {PTE_U, 'u'}};
  struct walk walk = paging_walk(from);
  uint64_t pte = walk.step[walk.steps - 1].pte;
  char text[64];
  char letters[5];
  for (int i = 0; i < 4; i++) letters[i] = pte & flags[i].bit ? flags[i].letter : '-';
  letters[4] = '\0';
  format_into(text, sizeof text, "%s %s", letters, what);
  print_range(from, to - from, text);
}

void command_map(int argc, char **argv) {
  (void)argc, (void)argv;
  uint64_t end = machine.ram + machine.ram_bytes;
  printf("Physical addresses\n");
  print_physical();
  printf("Virtual addresses\n");
  print_mapped(0x100000, 0x102000, "test finisher and clock");
  if (machine.plic) print_mapped(machine.plic, machine.plic + 3 * MEGAPAGE, "PLIC");
  print_mapped(0x10000000, 0x10009000, "UART and virtio");
  print_mapped(WINDOW_VA, WINDOW_VA + PAGE, "a window on one page of RAM");
  print_mapped(USER_STACK_VA, USER_STACK_VA + PAGE, "the U-mode stack");
  print_mapped(HOLE_VA, HOLE_VA + PAGE, "mapped to where the machine has nothing");
  print_mapped((uint64_t)__text_start, (uint64_t)__user_start, "the demo's code");
  print_mapped((uint64_t)__user_start, (uint64_t)__rodata_start, "its U-mode code");
  print_mapped((uint64_t)__rodata_start, (uint64_t)__data_start, "its constants");
  print_mapped((uint64_t)__data_start, (uint64_t)__image_end, "its data and stack");
  print_mapped((uint64_t)__image_end, end, "the rest of RAM");
  print_mapped(DIRECT_VA, DIRECT_VA + 4ul * GIGAPAGE, "physical memory in gigapages");
}

static bool read_clock(uint64_t *seconds) {
  if (!machine.rtc) return false;
  volatile uint32_t *rtc = (volatile uint32_t *)machine.rtc;
  uint64_t low = rtc[0]; /* reading the low half latches the high one */
  *seconds = ((uint64_t)rtc[1] << 32 | low) / 1000000000;
  return true;
}

/* Days since 1970-01-01 to a date: eras of 400 years, years that begin in March. */
static void civil_date(uint64_t days, unsigned *year, unsigned *month, unsigned *day) {
  days += 719468;
  uint64_t era = days / 146097, of_era = days % 146097;
  uint64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  uint64_t of_year = of_era - (365 * years + years / 4 - years / 100);
  uint64_t shifted = (5 * of_year + 2) / 153;
  *day = (unsigned)(of_year - (153 * shifted + 2) / 5 + 1);
  *month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
  *year = (unsigned)(years + era * 400 + (*month <= 2));
}

void command_uptime(int argc, char **argv) {
  (void)argc, (void)argv;
  uint64_t us = microseconds(time_now()), seconds;
  printf("  up %lu.%03lu s by mtime", us / 1000000, us / 1000 % 1000);
  if (can_read_instret()) printf(", %lu instructions retired", instructions_retired());
  printf("\n  interrupts taken: %lu timer, %lu software, %lu external\n", interrupt_counts.timer,
         interrupt_counts.software, interrupt_counts.external);
  if (!read_clock(&seconds)) return;
  unsigned year, month, day;
  civil_date(seconds / 86400, &year, &month, &day);
  printf("  clock: %04u-%02u-%02u %02lu:%02lu:%02lu UTC\n", year, month, day, seconds / 3600 % 24, seconds / 60 % 60,
         seconds % 60);
}
