/* Calls to the supervisor binary interface (RISC-V SBI Specification 2.0). */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct sbi_result {
  int64_t error; /* 0, or a negative SBI_ERR_ value */
  int64_t value;
};

enum sbi_extension {
  SBI_BASE = 0x10,
  SBI_TIME = 0x54494d45,
  SBI_IPI = 0x735049,
  SBI_RFENCE = 0x52464e43,
  SBI_HSM = 0x48534d,
  SBI_SRST = 0x53525354,
  SBI_DBCN = 0x4442434e,
};

/* What a secondary hart is started with; hart_entry in crt0.S reads it, so the order is fixed. */
struct hart_start {
  uint64_t stack;
  void (*entry)(uint64_t hartid, void *argument);
  uint64_t satp;
  void *argument;
};

struct sbi_result sbi_call(int extension, int function, uint64_t a0, uint64_t a1, uint64_t a2);
bool sbi_has(int extension);
void sbi_set_timer(uint64_t when);
struct sbi_result sbi_send_ipi(uint64_t mask, uint64_t base);
/* Starts a hart in hart_entry; `start` must stay until it runs. */
struct sbi_result sbi_hart_start(uint64_t hartid, const struct hart_start *start);
_Noreturn void sbi_hart_stop(void);
/* 0 started, 1 stopped, 2 start pending, 3 stop pending, 4 suspended; negative when there is no such hart. */
int64_t sbi_hart_status(uint64_t hartid);
/* type: 0 shutdown, 1 cold reboot, 2 warm reboot. Returns only when refused. */
void sbi_system_reset(uint32_t type);
