/* The prompt: reads lines, splits them into words, finds the command. */
#include "commands.h"
#include "console.h"
#include "finish.h"
#include "line.h"
#include "memory.h"
#include "sbi.h"

enum { LINE = 96, WORDS = 8 };

static void command_help(int argc, char **argv) {
  (void)argc, (void)argv;
  for (const struct command *c = commands; c->name; c++) printf("  %-10s%-14s%s\n", c->name, c->arguments, c->help);
}

static void command_poweroff(int argc, char **argv) {
  (void)argc, (void)argv;
  printf("Powering off.\n");
  finish(FINISH_OK);
}

static void command_reboot(int argc, char **argv) {
  (void)argc, (void)argv;
  printf("Rebooting.\n");
  sbi_system_reset(1);
  printf("The SBI refused to reboot.\n");
}

const struct command commands[] = {
    {"help", "", "this list", command_help},
    {"info", "", "the machine, as its device tree describes it", command_info},
    {"map", "", "the memory map: devices, RAM, and what is mapped where", command_map},
    {"walk", "VA", "a page-table walk, step by step", command_walk},
    {"mem", "VA [BYTES]", "shows memory; a fault is shown, too", command_mem},
    {"timer", "[TICKS]", "timer interrupts, ten a second", command_timer},
    {"trap", "[NAME]", "raises traps on purpose and shows what the hart recorded", command_trap},
    {"smp", "", "starts the other harts and lets them count together", command_smp},
    {"bench", "[NAME [N]]", "a few workloads, timed; each result is checked", command_bench},
    {"uptime", "", "time since start, instructions, interrupts", command_uptime},
    {"selfcheck", "", "checks all of the above", command_selfcheck},
    {"poweroff", "", "turns the machine off", command_poweroff},
    {"reboot", "", "starts over", command_reboot},
    {0},
};

bool number_argument(int argc, char **argv, int index, uint64_t otherwise, uint64_t *value) {
  *value = otherwise;
  if (index >= argc || parse_number(argv[index], value)) return true;
  printf("\"%s\" is no number: write 4096 or 0x1000.\n", argv[index]);
  return false;
}

static int split(char *line, char **words) {
  int count = 0;
  for (char *at = line; *at && count < WORDS;) {
    while (*at == ' ') *at++ = '\0';
    if (*at) words[count++] = at;
    while (*at && *at != ' ') at++;
  }
  return count;
}

static const char *complete(const char *prefix, unsigned n) {
  for (const struct command *c = commands; c->name; c++)
    if (starts_with(c->name, prefix) && n-- == 0) return c->name;
  return 0;
}

static void execute(int argc, char **argv) {
  for (const struct command *c = commands; c->name; c++) {
    if (strcmp(c->name, argv[0]) != 0) continue;
    c->run(argc, argv);
    return;
  }
  printf("There is no command \"%s\"; \"help\" lists them.\n", argv[0]);
}

_Noreturn void shell(void) {
  static char line[LINE];
  char *words[WORDS];
  for (;;) {
    line_read("demo> ", line, sizeof line, complete);
    int count = split(line, words);
    if (count > 0) execute(count, words);
  }
}
