/* walk, mem: what an address means, and what is there. */
#include "commands.h"
#include "console.h"
#include "csr.h"
#include "memory.h"
#include "paging.h"
#include "probe.h"
#include "trap.h"

static const char *const sizes[3] = {"4 KiB page", "2 MiB megapage", "1 GiB gigapage"};

static void print_flags(uint64_t pte) {
  static const char letters[8] = {'d', 'a', 'g', 'u', 'x', 'w', 'r', 'v'};
  for (int i = 0; i < 8; i++) putchar_raw(pte >> (7 - i) & 1 ? letters[i] : '-');
}

static void print_step(const struct walk_step *step) {
  printf("  level %d    table %08lx, entry %3lu (VPN[%d]) at %08lx holds %016lx\n", step->level, step->table,
         step->index, step->level, step->pte_pa, step->pte);
  printf("             flags ");
  print_flags(step->pte);
  if (!(step->pte & PTE_V))
    printf(": not valid\n");
  else if (step->pte & (PTE_R | PTE_X))
    printf(": a leaf, this is a %s\n", sizes[step->level]);
  else
    printf(": points to the next table, at %08lx\n", step->pte >> 10 << 12);
}

static void print_result(const struct walk *walk, uint64_t va) {
  if (!walk->mapped) {
    printf("  result     any access is a page fault\n");
    return;
  }
  uint64_t pte = walk->step[walk->steps - 1].pte;
  printf("  result     pa %lx = page %lx + offset %lx; %s may%s%s%s\n", walk->pa,
         walk->pa - (va & (walk->page_bytes - 1)), va & (walk->page_bytes - 1), pte & PTE_U ? "U mode" : "S mode",
         pte & PTE_R ? " read" : "", pte & PTE_W ? " write" : "", pte & PTE_X ? " execute" : "");
}

void command_walk(int argc, char **argv) {
  uint64_t va;
  if (argc < 2) {
    printf("Which address? Try: walk %p, walk 0x%lx, walk 0x%lx, walk 0x%lx\n", (void *)command_walk, WINDOW_VA,
           UNMAPPED_VA, DIRECT_VA + (uint64_t)command_walk);
    return;
  }
  if (!number_argument(argc, argv, 1, 0, &va)) return;
  struct walk walk = paging_walk(va);
  printf("  satp       %016lx: mode %lu (Sv39), root table at %08lx\n", csr_read(satp), csr_read(satp) >> 60,
         csr_read(satp) << 20 >> 8);
  printf("  va         %016lx: VPN[2] %lu, VPN[1] %lu, VPN[0] %lu, offset %lx\n", va, va >> 30 & 511, va >> 21 & 511,
         va >> 12 & 511, va & 4095);
  if (!walk.canonical) printf("             bits 63 to 39 are not copies of bit 38\n");
  for (int i = 0; i < walk.steps; i++) print_step(&walk.step[i]);
  print_result(&walk, va);
}

static bool print_row(uint64_t va, unsigned bytes) {
  char text[17];
  printf("  %016lx ", va);
  for (unsigned i = 0; i < bytes; i++) {
    struct trap_record byte = probe_byte(va + i);
    if (byte.taken) {
      printf(" %s, stval %lx\n", cause_name(byte.cause), byte.tval);
      return false;
    }
    printf(" %02x", (unsigned)byte.a0);
    text[i] = byte.a0 >= ' ' && byte.a0 < 127 ? (char)byte.a0 : '.';
  }
  text[bytes] = '\0';
  printf("%*s%s\n", (int)(16 - bytes) * 3 + 2, "", text);
  return true;
}

void command_mem(int argc, char **argv) {
  uint64_t va, bytes;
  if (argc < 2) {
    printf("Which address? Try: mem %p\n", (void *)command_mem);
    return;
  }
  if (!number_argument(argc, argv, 1, 0, &va) || !number_argument(argc, argv, 2, 64, &bytes)) return;
  if (bytes > 4096) bytes = 4096;
  while (bytes > 0) {
    unsigned row = bytes < 16 ? (unsigned)bytes : 16;
    if (!print_row(va, row)) return;
    va += row;
    bytes -= row;
  }
}
