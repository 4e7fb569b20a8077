/* An interpreter for a small register machine, running a sieve of primes: an interpreter inside the interpreted. */
#include "workload.h"

WORKLOAD("bytecode", 10, {1, 0xd490ce9a7a3fa62f}, {10, 0x399d1110441be05c})

enum { LIMIT = 50000 };

/* op a b c: a is the target; LDI takes c:b as a 16-bit constant, branches take c as a signed offset in instructions. */
enum op { HALT, LDI, MUL, ADD, SUB, ADDI, LOAD, STORE, BLT, BEQ, JUMP, XOR, SHR };

struct instruction {
  uint8_t op, a, b;
  int8_t c;
};

#define I(op, a, b, c) \
  { op, a, b, c }
#define CONSTANT(reg, value) \
  { LDI, reg, (value)&255, (int8_t)((value) >> 8) }

/* clang-format off */
/* r1 i, r2 limit, r3 j, r4 one, r5 count, r6 flag, r7 zero, r8 hash */
static const struct instruction program[] = {
    CONSTANT(1, 2),       /*  0 i = 2 */
    CONSTANT(4, 1),       /*  1 */
    CONSTANT(7, 0),       /*  2 */
    I(BLT, 1, 2, 2),      /*  3 while i < limit */
    I(HALT, 0, 0, 0),     /*  4 */
    I(LOAD, 6, 1, 0),     /*  5 flag = composite[i] */
    I(BEQ, 6, 7, 3),      /*  6 prime? */
    I(ADDI, 1, 1, 1),     /*  7 */
    I(JUMP, 0, 0, -5),    /*  8 */
    I(ADD, 5, 5, 4),      /*  9 count += 1 */
    I(XOR, 8, 8, 1),      /* 10 hash ^= i */
    I(ADD, 8, 8, 8),      /* 11 hash += hash */
    I(ADD, 8, 8, 5),      /* 12 hash += count */
    I(MUL, 3, 1, 1),      /* 13 j = i * i */
    I(BLT, 3, 2, 3),      /* 14 while j < limit */
    I(ADDI, 1, 1, 1),     /* 15 */
    I(JUMP, 0, 0, -13),   /* 16 */
    I(STORE, 4, 3, 0),    /* 17 composite[j] = 1 */
    I(ADD, 3, 3, 1),      /* 18 j += i */
    I(JUMP, 0, 0, -5),    /* 19 */
};
/* clang-format on */

static uint8_t composite[LIMIT];

static uint64_t interpret(uint64_t r[16]) {
  const struct instruction *pc = program;
  uint64_t executed = 0;
  for (;; executed++) {
    struct instruction in = *pc++;
    switch (in.op) {
      case HALT: return executed;
      case LDI: r[in.a] = (uint64_t)((int64_t)in.c * 256 + in.b); break;
      case MUL: r[in.a] = r[in.b] * r[(uint8_t)in.c]; break;
      case ADD: r[in.a] = r[in.b] + r[(uint8_t)in.c]; break;
      case SUB: r[in.a] = r[in.b] - r[(uint8_t)in.c]; break;
      case ADDI: r[in.a] = r[in.b] + (uint64_t)(int64_t)in.c; break;
      case LOAD: r[in.a] = composite[r[in.b]]; break;
      case STORE: composite[r[in.b]] = (uint8_t)r[in.a]; break;
      case BLT:
        if (r[in.a] < r[in.b]) pc += in.c - 1;
        break;
      case BEQ:
        if (r[in.a] == r[in.b]) pc += in.c - 1;
        break;
      case JUMP: pc += in.c - 1; break;
      case XOR: r[in.a] = r[in.b] ^ r[(uint8_t)in.c]; break;
      case SHR: r[in.a] = r[in.b] >> (in.c & 63); break;
      default: return 0;
    }
  }
}

uint64_t run(uint32_t scale) {
  uint64_t sum = 1;
  for (uint32_t round = 0; round < scale; round++) {
    uint64_t r[16] = {0};
    r[2] = LIMIT;
    for (int i = 0; i < LIMIT; i++) composite[i] = 0;
    uint64_t executed = interpret(r);
    if (r[5] != 5133) return 0; /* primes below 50000 */
    sum = checksum_add(checksum_add(sum, executed), r[8] + round);
  }
  return sum;
}
