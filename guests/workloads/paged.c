/* Sv39 tables without superpages. */
#include "paged.h"

#include "memory.h"
#include "supervisor.h"
#include "sv39.h"

extern char __image_end[];

static char *take_table(char **end) {
  *end = (char *)(((uint64_t)*end & ~(uint64_t)(PAGE - 1)) - PAGE);
  return *end > __image_end ? memset(*end, 0, PAGE) : 0;
}

/* The table of the next level that va's entry points to, made if need be; null when memory is out. */
static uint64_t *table_below(uint64_t *table, uint64_t va, int level, char **end) {
  uint64_t *pte = &table[vpn(va, level)];
  if (!*pte) {
    char *below = take_table(end);
    if (!below) return 0;
    *pte = pa_to_pte((uint64_t)below) | PTE_V;
  }
  return (uint64_t *)pte_to_pa(*pte);
}

uint64_t paged_call(uint64_t (*body)(uint64_t), uint64_t argument, uint64_t base, char **end) {
  uint64_t last = (uint64_t)*end;
  uint64_t *root = (uint64_t *)take_table(end);
  if (!root) return 0;
  for (uint64_t at = base; at < last; at += PAGE) {
    uint64_t *middle = table_below(root, at, 2, end);
    uint64_t *table = middle ? table_below(middle, at, 1, end) : 0;
    if (!table) return 0;
    table[vpn(at, 0)] = pa_to_pte(at) | PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D;
  }
  return supervisor_call(body, argument, SATP_SV39 | (uint64_t)root / PAGE, 0);
}
