/* Into S mode and back. */
#include "supervisor.h"

#include "csr.h"
#include "jump.h"
#include "trap.h"

enum { MSTATUS_MPP = 0x1800, MPP_S = 0x800, PMP_ALL = 0x1f, ALL_COUNTERS = 7 };
#define PAGE_FAULTS (1 << CAUSE_FETCH_PAGE | 1 << CAUSE_LOAD_PAGE | 1 << CAUSE_STORE_PAGE)

/* In supervisor_entry.S. */
void supervisor_vector(void);
void supervisor_return(void);

fault_handler supervisor_fault;
static jump_buffer caller;
static uint64_t result;

/* Where the call from S mode goes on, in M mode. */
static void leave(void) { jump_to(caller, 1); }

static bool on_return(struct trap_frame *frame) {
  if (frame->cause != CAUSE_ECALL_S) return false;
  result = frame->x[10];
  frame->pc = (uint64_t)leave;
  frame->status |= MSTATUS_MPP;
  return true;
}

static void enter(uint64_t (*body)(uint64_t), uint64_t argument) {
  csr_clear(mstatus, MSTATUS_MPP);
  csr_set(mstatus, MPP_S);
  csr_write(mepc, body);
  register uint64_t a0 __asm__("a0") = argument;
  __asm__ volatile("la ra, supervisor_return\nmret" : "+r"(a0)::"ra", "memory");
}

uint64_t supervisor_call(uint64_t (*body)(uint64_t), uint64_t argument, uint64_t satp, fault_handler handler) {
  trap_hook before = trap_hook_installed;
  trap_hook_installed = on_return;
  supervisor_fault = handler;
  csr_write(pmpaddr0, -1ull);
  csr_write(pmpcfg0, PMP_ALL);
  csr_write(mcounteren, ALL_COUNTERS);
  csr_write(medeleg, PAGE_FAULTS);
  csr_write(stvec, supervisor_vector);
  csr_write(satp, satp);
  __asm__ volatile("sfence.vma" ::: "memory");
  if (!jump_save(caller)) enter(body, argument);
  csr_write(satp, 0);
  csr_write(medeleg, 0);
  trap_hook_installed = before;
  return result;
}
