/* The demo's commands. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

struct command {
  const char *name;
  const char *arguments;
  const char *help;
  void (*run)(int argc, char **argv);
};

/* Ends with a null name. */
extern const struct command commands[];

void command_info(int argc, char **argv);
void command_map(int argc, char **argv);
void command_walk(int argc, char **argv);
void command_mem(int argc, char **argv);
void command_timer(int argc, char **argv);
void command_trap(int argc, char **argv);
void command_bench(int argc, char **argv);
void command_smp(int argc, char **argv);
void command_uptime(int argc, char **argv);
void command_selfcheck(int argc, char **argv);

/* Runs the prompt for ever. */
_Noreturn void shell(void);

/* A number in argv, with a message when it is none. */
bool number_argument(int argc, char **argv, int index, uint64_t otherwise, uint64_t *value);

/* The checks: true when all passed. */
bool selfcheck(void);

/* For the self-check: how many harts came, counted and stopped; and whether the traps of the trap command are right. */
unsigned smp_run(bool quiet, uint64_t *total);
unsigned traps_wrong(bool quiet);
unsigned traps_count(void);
/* Runs the n-th workload at a scale: its name, or null past the end. */
const char *bench_run(unsigned index, uint32_t scale, bool *ok);
/* Whether S mode may read instret. */
bool can_read_instret(void);

enum { SMP_ROUNDS = 1000 };
