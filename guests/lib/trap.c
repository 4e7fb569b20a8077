/* The C half of the trap vector: hands the trap to the guest's hook, or reports it and stops. */
#include "trap.h"

#include "console.h"
#include "finish.h"

trap_hook trap_hook_installed;

static const char *const exception_names[16] = {
    "instruction address misaligned",
    "instruction access fault",
    "illegal instruction",
    "breakpoint",
    "load address misaligned",
    "load access fault",
    "store address misaligned",
    "store access fault",
    "environment call from U mode",
    "environment call from S mode",
    0,
    "environment call from M mode",
    "instruction page fault",
    "load page fault",
    0,
    "store page fault",
};

static const char *const interrupt_names[16] = {
    [1] = "supervisor software interrupt", [3] = "machine software interrupt",    [5] = "supervisor timer interrupt",
    [7] = "machine timer interrupt",       [9] = "supervisor external interrupt", [11] = "machine external interrupt",
};

const char *cause_name(uint64_t cause) {
  const char *const *names = (cause & CAUSE_INTERRUPT) ? interrupt_names : exception_names;
  uint64_t number = cause & ~CAUSE_INTERRUPT;
  return number < 16 && names[number] ? names[number] : "unknown cause";
}

unsigned instruction_bytes(uint64_t va) { return (*(const volatile uint16_t *)va & 3) == 3 ? 4 : 2; }

void trap_handle(struct trap_frame *frame) {
  if (trap_hook_installed && trap_hook_installed(frame)) return;
  printf("\nunexpected trap: %s\n  cause %lx  pc %lx  tval %lx  sp %lx  ra %lx\n", cause_name(frame->cause),
         frame->cause, frame->pc, frame->tval, frame->x[2], frame->x[1]);
  finish(FINISH_TRAP);
}
