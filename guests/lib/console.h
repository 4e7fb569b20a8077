/* The serial console: an NS16550A at 0x10000000, polled for output. */
#pragma once
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define UART_BASE 0x10000000

void uart_init(void);
void uart_receive_interrupt(int on);
/* The next received byte, or -1. */
int uart_read(void);

void putchar_raw(char c);
/* Writes a string as it is; line feeds become carriage return and line feed. */
void puts_raw(const char *text);

/*
 * d i u x X p s c %, with - 0 width .precision (of s) and the length l. Numbers without l are 32 bits wide.
 */
void printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Formats into a buffer, always terminated; returns the length it has there. */
size_t format_into(char *buffer, size_t bytes, const char *format, ...) __attribute__((format(printf, 3, 4)));
