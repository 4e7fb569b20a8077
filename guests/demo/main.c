/* The demo guest: S mode, its own Sv39 page tables, a shell. With the boot argument "selfcheck" it only checks. */
#include "commands.h"
#include "console.h"
#include "finish.h"
#include "input.h"
#include "machine.h"
#include "memory.h"
#include "paging.h"
#include "probe.h"
#include "sbi.h"

static const char banner[] =
    "\n"
    "                                       _\n"
    "  __      ____ _ ___ _ __ _____   __ (_) ___  ___  _ __\n"
    "  \\ \\ /\\ / / _` / __| '_ ` _ \\ \\ / / | |/ __|/ _ \\| '__|\n"
    "   \\ V  V / (_| \\__ \\ | | | | \\ V /  | |\\__ \\ (_) | |\n"
    "    \\_/\\_/ \\__,_|___/_| |_| |_|\\_/   |_||___/\\___/|_|\n"
    "\n";

static void greet(void) {
  struct sbi_result version = sbi_call(SBI_BASE, 0, 0, 0, 0);
  puts_raw(banner);
  printf("  %u hart%s of %s\n", machine.hart_count, machine.hart_count == 1 ? "" : "s", machine.model);
  printf("  %lu MiB of memory, Sv39 page tables, SBI %lu.%lu\n\n", machine.ram_bytes >> 20,
         (uint64_t)version.value >> 24 & 0x7f, (uint64_t)version.value & 0xffffff);
}

void guest_start(uint64_t hartid, const void *fdt) {
  uart_init();
  if (!machine_read(hartid, fdt)) {
    printf("The machine gave no usable device tree (a1 = %p).\n", fdt);
    finish(FINISH_FAIL);
  }
  paging_start();
  interrupts_start();
  input_start();
  greet();
  if (find_word(machine.bootargs, "selfcheck", 0, 0)) finish(selfcheck() ? FINISH_OK : FINISH_FAIL);
  printf("  Type \"help\" to see what it can do, \"poweroff\" to leave.\n\n");
  shell();
}
