/* Calls to the supervisor binary interface. */
#include "sbi.h"

extern char hart_entry[];

struct sbi_result sbi_call(int extension, int function, uint64_t arg0, uint64_t arg1, uint64_t arg2) {
  register uint64_t a0 __asm__("a0") = arg0;
  register uint64_t a1 __asm__("a1") = arg1;
  register uint64_t a2 __asm__("a2") = arg2;
  register uint64_t a6 __asm__("a6") = (uint64_t)function;
  register uint64_t a7 __asm__("a7") = (uint64_t)extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
  return (struct sbi_result){(int64_t)a0, (int64_t)a1};
}

bool sbi_has(int extension) { return sbi_call(SBI_BASE, 3, (uint64_t)extension, 0, 0).value != 0; }

void sbi_set_timer(uint64_t when) { sbi_call(SBI_TIME, 0, when, 0, 0); }

struct sbi_result sbi_send_ipi(uint64_t mask, uint64_t base) {
  return sbi_call(SBI_IPI, 0, mask, base, 0);
}

struct sbi_result sbi_hart_start(uint64_t hartid, const struct hart_start *start) {
  return sbi_call(SBI_HSM, 0, hartid, (uint64_t)hart_entry, (uint64_t)start);
}

_Noreturn void sbi_hart_stop(void) {
  sbi_call(SBI_HSM, 1, 0, 0, 0);
  for (;;) __asm__ volatile("wfi");
}

int64_t sbi_hart_status(uint64_t hartid) {
  struct sbi_result result = sbi_call(SBI_HSM, 2, hartid, 0, 0);
  return result.error ? result.error : result.value;
}

void sbi_system_reset(uint32_t type) { sbi_call(SBI_SRST, 0, type, 0, 0); }
