/* Reads the FDT into `machine`. */
#include "machine.h"

#include "csr.h"
#include "fdt.h"
#include "memory.h"

struct machine machine;

uint64_t microseconds(uint64_t ticks) { return ticks * 1000000 / machine.timebase; }

static void read_harts(void) {
  struct fdt_node node;
  if (!fdt_find(machine.fdt, "/cpus", &node)) return;
  machine.timebase = fdt_number(&node, "timebase-frequency", machine.timebase);
  int depth = node.depth + 1;
  while (fdt_next(&node) && node.depth >= depth && machine.hart_count < MAX_HARTS) {
    uint64_t id, size;
    if (node.depth != depth || strcmp(fdt_string(&node, "device_type", ""), "cpu") != 0) continue;
    if (!fdt_reg(&node, 0, &id, &size)) continue;
    machine.harts[machine.hart_count++] =
        (struct hart_info){id, fdt_string(&node, "riscv,isa", "unknown"), fdt_string(&node, "mmu-type", "none")};
  }
}

/* The phandle of the boot hart's interrupt controller, which the PLIC's list of contexts names. */
static uint64_t boot_hart_controller(void) {
  struct fdt_node node;
  uint64_t id = ~0ull, size;
  if (!fdt_find(machine.fdt, "/cpus", &node)) return 0;
  int depth = node.depth + 1;
  while (fdt_next(&node) && node.depth >= depth) {
    if (node.depth == depth && !fdt_reg(&node, 0, &id, &size)) id = ~0ull;
    if (node.depth > depth && id == machine.boot_hart && fdt_property(&node, "interrupt-controller", 0))
      return fdt_number(&node, "phandle", 0);
  }
  return 0;
}

static void read_plic(void) {
  struct fdt_node node;
  uint64_t size;
  uint32_t bytes;
  fdt_root(machine.fdt, &node);
  if (!fdt_next_compatible(&node, "riscv,plic0") || !fdt_reg(&node, 0, &machine.plic, &size)) return;
  uint64_t controller = boot_hart_controller();
  const uint8_t *contexts = fdt_property(&node, "interrupts-extended", &bytes);
  for (uint32_t i = 0; contexts && i + 8 <= bytes; i += 8)
    if (fdt_cell(contexts + i) == controller && fdt_cell(contexts + i + 4) == INTERRUPT_EXTERNAL)
      machine.plic_context = i / 8;
}

static void read_devices(void) {
  struct fdt_node node;
  uint64_t size;
  fdt_root(machine.fdt, &node);
  if (fdt_next_compatible(&node, "ns16550a")) machine.uart_irq = (unsigned)fdt_number(&node, "interrupts", 0);
  fdt_root(machine.fdt, &node);
  if (fdt_next_compatible(&node, "google,goldfish-rtc")) fdt_reg(&node, 0, &machine.rtc, &size);
}

bool machine_read(uint64_t boot_hart, const void *fdt) {
  struct fdt_node node;
  machine = (struct machine){.fdt = fdt, .boot_hart = boot_hart, .timebase = 10000000, .bootargs = ""};
  if (!fdt_root(fdt, &node)) return false;
  machine.model = fdt_string(&node, "model", "unknown");
  if (fdt_find(fdt, "/memory", &node)) fdt_reg(&node, 0, &machine.ram, &machine.ram_bytes);
  if (fdt_find(fdt, "/chosen", &node)) machine.bootargs = fdt_string(&node, "bootargs", "");
  read_harts();
  read_plic();
  read_devices();
  return machine.ram_bytes != 0 && machine.hart_count != 0;
}
