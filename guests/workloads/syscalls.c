/*
 * System calls: a program in U mode asks its kernel, in M mode, for small services. Bare metal only.
 */
#include "csr.h"
#include "jump.h"
#include "trap.h"
#include "workload.h"

WORKLOAD("syscalls", 400, {1, 0x27aaed6c30259b14}, {400, 0x5dec77f567f2edc5})

enum service { ADD, MIX, REMEMBER, RECALL, LEAVE };
enum { CALLS_PER_UNIT = 2000, CELLS = 16, STACK_BYTES = 4096, MSTATUS_MPP = 0x1800 };

static uint64_t cells[CELLS];
static uint64_t seed, result;
static uint32_t calls;
static jump_buffer kernel;
static char user_stack[STACK_BYTES] __attribute__((aligned(16)));

static uint64_t ask(enum service service, uint64_t argument) {
  register uint64_t a0 __asm__("a0") = argument;
  register uint64_t a7 __asm__("a7") = service;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7) : "memory");
  return a0;
}

/* In U mode. */
static void program(void) {
  uint64_t random = seed, sum = 1;
  for (uint32_t i = 0; i < calls; i++) {
    uint64_t value = random_next(&random);
    sum = checksum_add(sum, ask((enum service)(value >> 62), value));
  }
  ask(LEAVE, sum);
}

/* Where the program's last call goes on, in M mode on the program's stack. */
static void leave(void) { jump_to(kernel, 1); }

static bool serve(struct trap_frame *frame) {
  if (frame->cause != CAUSE_ECALL_U) return false;
  uint64_t value = frame->x[10];
  frame->pc += 4;
  switch (frame->x[17]) {
    case ADD:
      frame->x[10] = value + seed;
      break;
    case MIX:
      frame->x[10] = checksum_add(seed, value);
      break;
    case REMEMBER:
      cells[value % CELLS] ^= value;
      break;
    case RECALL:
      frame->x[10] = cells[value % CELLS];
      break;
    default:
      result = value;
      frame->pc = (uint64_t)leave;
      frame->status |= MSTATUS_MPP;
  }
  return true;
}

static void enter(void) {
  csr_write(pmpaddr0, -1ull);
  csr_write(pmpcfg0, 0x1f);
  csr_clear(mstatus, MSTATUS_MPP);
  __asm__ volatile(
      "csrw mscratch, sp\n"
      "csrw mepc, %0\n"
      "mv sp, %1\n"
      "mret" ::"r"(program),
      "r"(user_stack + STACK_BYTES)
      : "memory");
}

uint64_t run(uint32_t scale) {
  seed = 0x5eed;
  calls = scale * CALLS_PER_UNIT;
  for (int i = 0; i < CELLS; i++) cells[i] = 0;
  trap_hook_installed = serve;
  if (!jump_save(kernel)) enter();
  trap_hook_installed = 0;
  return result;
}
