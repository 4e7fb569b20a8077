/* The demo's trap hook: interrupts, traps that were asked for, and the way back from U mode. */
#include "probe.h"

#include "csr.h"
#include "faults.h"
#include "input.h"
#include "jump.h"
#include "paging.h"
#include "sbi.h"
#include "trap.h"

volatile struct interrupt_counts interrupt_counts;

static volatile bool armed;
static struct trap_record record;
static jump_buffer back_from_user;

/* Where S mode goes on after a trap from U mode. */
static _Noreturn void leave_user(void) { jump_to(back_from_user, 1); }

static bool on_interrupt(uint64_t number) {
  switch (number) {
    case INTERRUPT_TIMER:
      interrupt_counts.timer++;
      sbi_set_timer(~0ull);
      return true;
    case INTERRUPT_SOFTWARE:
      interrupt_counts.software++;
      csr_clear(sip, 1 << INTERRUPT_SOFTWARE);
      return true;
    case INTERRUPT_EXTERNAL:
      interrupt_counts.external++;
      input_interrupt();
      return true;
    default: return false;
  }
}

static bool is_fetch_fault(uint64_t cause) {
  return cause == CAUSE_FETCH_MISALIGNED || cause == CAUSE_FETCH_ACCESS || cause == CAUSE_FETCH_PAGE;
}

static void resume_supervisor(struct trap_frame *frame) {
  uint64_t gp, sp;
  __asm__("mv %0, gp" : "=r"(gp));
  __asm__("mv %0, sp" : "=r"(sp));
  frame->x[2] = sp;
  frame->x[3] = gp;
  frame->pc = (uint64_t)leave_user;
  frame->status |= XSTATUS_PP;
}

static bool on_trap(struct trap_frame *frame) {
  if (frame->cause & CAUSE_INTERRUPT) return on_interrupt(frame->cause & ~CAUSE_INTERRUPT);
  if (!armed) return false;
  armed = false;
  record = (struct trap_record){true, frame->cause, frame->tval, frame->pc, frame->x[10]};
  if (!(frame->status & XSTATUS_PP))
    resume_supervisor(frame);
  else if (is_fetch_fault(frame->cause))
    frame->pc = frame->x[1];
  else
    frame->pc += instruction_bytes(frame->pc);
  return true;
}

struct trap_record probe(probe_action action, uint64_t argument) {
  record = (struct trap_record){0};
  armed = true;
  uint64_t result = action(argument);
  armed = false;
  if (!record.taken) record.a0 = result;
  return record;
}

struct trap_record probe_user(const char *entry, uint64_t argument) {
  record = (struct trap_record){0};
  armed = true;
  if (!jump_save(back_from_user)) enter_user(entry, USER_STACK_VA + PAGE, argument);
  return record;
}

struct trap_record probe_byte(uint64_t va) {
  return probe(fault_load_byte, va);
}

void interrupts_start(void) {
  trap_hook_installed = on_trap;
  csr_set(sie, 1 << INTERRUPT_SOFTWARE | 1 << INTERRUPT_TIMER | 1 << INTERRUPT_EXTERNAL);
  interrupts_on();
}
