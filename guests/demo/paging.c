/* Builds and reads Sv39 page tables. All RAM is mapped at its own address, so tables are reached by pa. */
#include "paging.h"

#include "csr.h"
#include "machine.h"
#include "memory.h"

extern char __text_start[], __user_start[], __rodata_start[], __data_start[], __image_end[];

static uint64_t *root;
static void *window;
static uint64_t next_page;
static uint64_t last_page;

static void pages_init(void) {
  next_page = (uint64_t)__image_end;
  last_page = machine.ram + machine.ram_bytes;
  uint64_t fdt = (uint64_t)machine.fdt & ~(uint64_t)(PAGE - 1);
  if (fdt >= next_page && fdt < last_page) last_page = fdt;
}

void *pages_take(uint64_t count) {
  if (count > (last_page - next_page) / PAGE) return 0;
  void *page = (void *)next_page;
  next_page += count * PAGE;
  return memset(page, 0, count * PAGE);
}

uint64_t pages_mark(void) { return next_page; }
void pages_rewind(uint64_t mark) { next_page = mark; }
uint64_t pages_free(void) { return (last_page - next_page) / PAGE; }

static uint64_t page_bytes(int level) { return (uint64_t)PAGE << (9 * level); }

/* Maps one page of the size of `level`. A and D are set: this machine may not update them itself (Svade). */
static void map_page(uint64_t va, uint64_t pa, int level, uint64_t flags) {
  uint64_t *table = root;
  for (int at = 2; at > level; at--) {
    uint64_t *pte = &table[vpn(va, at)];
    if (!(*pte & PTE_V)) *pte = pa_to_pte((uint64_t)pages_take(1)) | PTE_V;
    table = (uint64_t *)pte_to_pa(*pte);
  }
  table[vpn(va, level)] = pa_to_pte(pa) | flags | PTE_V | PTE_A | PTE_D;
}

/* Maps a range at its own address with the largest pages that fit. */
static void map_identity(uint64_t from, uint64_t to, uint64_t flags) {
  while (from < to) {
    int level = from % MEGAPAGE == 0 && to - from >= MEGAPAGE ? 1 : 0;
    map_page(from, from, level, flags);
    from += page_bytes(level);
  }
}

static void map_devices(void) {
  map_identity(0x100000, 0x102000, PTE_R | PTE_W);
  map_identity(0x10000000, 0x10009000, PTE_R | PTE_W);
  if (machine.plic) map_identity(machine.plic, machine.plic + 3 * MEGAPAGE, PTE_R | PTE_W);
}

void paging_start(void) {
  pages_init();
  root = pages_take(1);
  window = pages_take(1);
  map_devices();
  map_identity((uint64_t)__text_start, (uint64_t)__user_start, PTE_R | PTE_X);
  map_identity((uint64_t)__user_start, (uint64_t)__rodata_start, PTE_R | PTE_X | PTE_U);
  map_identity((uint64_t)__rodata_start, (uint64_t)__data_start, PTE_R);
  map_identity((uint64_t)__data_start, machine.ram + machine.ram_bytes, PTE_R | PTE_W);
  map_page(WINDOW_VA, (uint64_t)window, 0, PTE_R | PTE_W);
  map_page(USER_STACK_VA, (uint64_t)pages_take(1), 0, PTE_R | PTE_W | PTE_U);
  map_page(HOLE_VA, HOLE_PA, 0, PTE_R | PTE_W);
  for (uint64_t pa = 0; pa < 4ul * GIGAPAGE; pa += GIGAPAGE) map_page(DIRECT_VA + pa, pa, 2, PTE_R | PTE_W | PTE_G);
  csr_write(satp, paging_satp());
  __asm__ volatile("sfence.vma" ::: "memory");
}

uint64_t paging_satp(void) { return SATP_SV39 | (uint64_t)root >> 12; }
uint64_t paging_window_pa(void) { return (uint64_t)window; }

struct walk paging_walk(uint64_t va) {
  struct walk walk = {.canonical = (int64_t)(va << 25) >> 25 == (int64_t)va};
  uint64_t *table = root;
  for (int level = 2; walk.canonical && level >= 0; level--) {
    uint64_t *pte = &table[vpn(va, level)];
    walk.step[walk.steps++] = (struct walk_step){level, (uint64_t)table, vpn(va, level), (uint64_t)pte, *pte};
    if (!(*pte & PTE_V)) break;
    if (*pte & (PTE_R | PTE_X)) {
      walk.mapped = true;
      walk.page_bytes = page_bytes(level);
      walk.pa = pte_to_pa(*pte) | (va & (walk.page_bytes - 1));
      break;
    }
    table = (uint64_t *)pte_to_pa(*pte);
  }
  return walk;
}
