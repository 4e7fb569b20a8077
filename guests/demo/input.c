/* The UART's receive interrupt fills a ring, the reader sleeps in WFI until there is something in it. */
#include "input.h"

#include "console.h"
#include "csr.h"
#include "machine.h"

enum { RING = 256 };

static volatile uint8_t ring[RING];
static volatile unsigned filled, taken;
static bool by_interrupt;

/* PLIC registers (RISC-V PLIC Specification, "Memory Map"). */
static volatile uint32_t *plic(uint64_t offset) { return (volatile uint32_t *)(machine.plic + offset); }
static volatile uint32_t *plic_claim(void) { return plic(0x200004 + 0x1000ull * machine.plic_context); }

static void receive(void) {
  for (int byte; (byte = uart_read()) >= 0;)
    if (filled - taken < RING) ring[filled++ % RING] = (uint8_t)byte;
}

void input_start(void) {
  if (!machine.plic || !machine.uart_irq) return;
  *plic(4ull * machine.uart_irq) = 1;
  *plic(0x2000 + 0x80ull * machine.plic_context + 4 * (machine.uart_irq / 32)) = 1u << machine.uart_irq % 32;
  *plic(0x200000 + 0x1000ull * machine.plic_context) = 0;
  uart_receive_interrupt(1);
  by_interrupt = true;
}

void input_interrupt(void) {
  uint32_t source = *plic_claim();
  if (source == machine.uart_irq) receive();
  if (source) *plic_claim() = source;
}

int input_read(void) {
  interrupts_off();
  while (filled == taken) {
    /* WFI returns for a pending interrupt even while interrupts are off, so none is lost in between. */
    if (by_interrupt)
      wait_for_interrupt();
    else
      receive();
    interrupts_on();
    interrupts_off();
  }
  int byte = ring[taken++ % RING];
  interrupts_on();
  return byte;
}
