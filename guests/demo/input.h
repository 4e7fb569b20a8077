/* Keys from the console, by interrupt through the PLIC. */
#pragma once

void input_start(void);
/* Takes what the UART has received; called for an external interrupt. */
void input_interrupt(void);
/* Waits for a byte, asleep. */
int input_read(void);
