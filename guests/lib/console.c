/* The NS16550A, polled (8 data bits, no parity, FIFOs on). */
#include "console.h"

enum { RBR = 0, THR = 0, IER = 1, FCR = 2, LCR = 3, MCR = 4, LSR = 5 };
enum { LSR_DATA_READY = 0x01, LSR_THR_EMPTY = 0x20 };

static volatile uint8_t *const uart = (volatile uint8_t *)UART_BASE;

void uart_init(void) {
  uart[IER] = 0;
  uart[LCR] = 3;
  uart[FCR] = 1;
}

void uart_receive_interrupt(int on) {
  uart[MCR] = 8; /* OUT2 gates the interrupt line on a PC; harmless elsewhere */
  uart[IER] = on ? 1 : 0;
}

int uart_read(void) { return uart[LSR] & LSR_DATA_READY ? uart[RBR] : -1; }

void putchar_raw(char c) {
  while (!(uart[LSR] & LSR_THR_EMPTY)) {
  }
  uart[THR] = (uint8_t)c;
}

void puts_raw(const char *text) {
  for (; *text; text++) {
    if (*text == '\n') putchar_raw('\r');
    putchar_raw(*text);
  }
}
