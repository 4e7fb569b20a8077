/*
 * Timer interrupts: work is interrupted again and again by a deadline that has passed, with interrupts enabled or, every other
 * time, let in only after it. Each deadline must interrupt once. Bare metal only.
 */
#include "csr.h"
#include "trap.h"
#include "workload.h"

WORKLOAD("timer", 400, {1, 0x6ac9fdc0b14efdb6}, {400, 0x3805196c49c65538})

enum { INTERRUPTS_PER_UNIT = 500, STEPS = 8, MACHINE_TIMER = 7 };
#define NEVER (~0ull)

static volatile uint64_t *const deadline = (volatile uint64_t *)0x2004000;
static volatile uint64_t taken;
static uint64_t sum;

static bool on_timer(struct trap_frame *frame) {
  if (frame->cause != (CAUSE_INTERRUPT | MACHINE_TIMER)) return false;
  *deadline = NEVER;
  taken++;
  return true;
}

static void work(uint64_t *random) {
  for (int i = 0; i < STEPS; i++) sum = checksum_add(sum, random_next(random));
}

/* False when a deadline has not interrupted just once. */
static bool interrupted_at_each(uint64_t count) {
  uint64_t random = 0x5eed;
  for (uint64_t i = 0; i < count; i++) {
    bool masked = i & 1;
    if (masked) interrupts_off();
    *deadline = 0;
    work(&random);
    if (masked && taken != i) return false;
    interrupts_on();
    work(&random);
    if (taken != i + 1) return false;
  }
  return true;
}

uint64_t run(uint32_t scale) {
  sum = 1;
  taken = 0;
  *deadline = NEVER;
  trap_hook_installed = on_timer;
  csr_set(mie, 1 << MACHINE_TIMER);
  interrupts_on();
  bool right = interrupted_at_each((uint64_t)scale * INTERRUPTS_PER_UNIT);
  interrupts_off();
  csr_write(mie, 0);
  trap_hook_installed = 0;
  return right ? checksum_add(sum, taken) : 0;
}
