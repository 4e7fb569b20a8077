/* Entries of Sv39 page tables. (Privileged ISA, "Sv39: Page-Based 39-bit Virtual-Memory System") */
#pragma once
#include <stdint.h>

enum { PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_X = 8, PTE_U = 16, PTE_G = 32, PTE_A = 64, PTE_D = 128 };
enum { PAGE = 4096, MEGAPAGE = 1 << 21, GIGAPAGE = 1 << 30 };
/* Entries of a table. */
enum { ENTRIES = 512 };

#define SATP_SV39 (8ull << 60)
#define SATP_ASID_SHIFT 44

static inline uint64_t pte_to_pa(uint64_t pte) { return (pte >> 10 & 0xfffffffffffull) << 12; }
static inline uint64_t pa_to_pte(uint64_t pa) { return pa >> 12 << 10; }
/* Index of va's entry in the table of a level, 2 being the root's. */
static inline uint64_t vpn(uint64_t va, int level) { return va >> (12 + 9 * level) & (ENTRIES - 1); }
