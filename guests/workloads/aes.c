/* AES-128 (FIPS 197) in cipher block chaining, with the usual four-byte tables, both directions. */
#include "workload.h"

WORKLOAD("aes", 450, {1, 0xa304a1ca2da1d1db}, {45, 0xb61946ac0513b310}, {450, 0x09c8335b6a47aebb})

enum { ROUNDS = 10, BLOCKS = 256 };

static uint8_t sbox[256];
static uint8_t inverse_sbox[256];
static uint32_t forward[4][256];
static uint32_t backward[4][256];

static uint32_t rotate_left(uint32_t x, int n) { return n ? x << n | x >> (32 - n) : x; }
static uint8_t times2(uint8_t x) { return (uint8_t)(x << 1 ^ (x & 0x80 ? 0x1b : 0)); }

static uint8_t multiply(uint8_t a, uint8_t b) {
  uint8_t sum = 0;
  for (; b; b >>= 1, a = times2(a))
    if (b & 1) sum ^= a;
  return sum;
}

/* Walks p through all powers of 3 and q through their inverses; the S-box is an affine map of the inverse. */
static void make_sbox(void) {
  uint8_t p = 1, q = 1;
  do {
    p ^= times2(p);
    q ^= (uint8_t)(q << 1);
    q ^= (uint8_t)(q << 2);
    q ^= (uint8_t)(q << 4);
    if (q & 0x80) q ^= 0x09;
    uint8_t x = q;
    for (int i = 1; i <= 4; i++) x ^= (uint8_t)(q << i | q >> (8 - i));
    sbox[p] = x ^ 0x63;
  } while (p != 1);
  sbox[0] = 0x63;
  for (int i = 0; i < 256; i++) inverse_sbox[sbox[i]] = (uint8_t)i;
}

static void make_tables(void) {
  make_sbox();
  for (int i = 0; i < 256; i++) {
    uint8_t s = sbox[i], v = inverse_sbox[i];
    uint32_t f = (uint32_t)times2(s) << 24 | (uint32_t)s << 16 | (uint32_t)s << 8 | (uint32_t)(times2(s) ^ s);
    uint32_t b = (uint32_t)multiply(v, 14) << 24 | (uint32_t)multiply(v, 9) << 16 | (uint32_t)multiply(v, 13) << 8 |
                 multiply(v, 11);
    for (int t = 0; t < 4; t++) {
      forward[t][i] = rotate_left(f, (32 - 8 * t) & 31);
      backward[t][i] = rotate_left(b, (32 - 8 * t) & 31);
    }
  }
}

static uint32_t substitute(uint32_t w) {
  return (uint32_t)sbox[w >> 24] << 24 | (uint32_t)sbox[w >> 16 & 255] << 16 | (uint32_t)sbox[w >> 8 & 255] << 8 |
         sbox[w & 255];
}

static void expand(const uint32_t key[4], uint32_t schedule[44], uint32_t inverse[44]) {
  uint8_t constant = 1;
  for (int i = 0; i < 4; i++) schedule[i] = key[i];
  for (int i = 4; i < 44; i++) {
    uint32_t word = schedule[i - 1];
    if (i % 4 == 0) {
      word = substitute(rotate_left(word, 8)) ^ (uint32_t)constant << 24;
      constant = times2(constant);
    }
    schedule[i] = schedule[i - 4] ^ word;
  }
  for (int i = 0; i < 44; i++) {
    uint32_t w = schedule[(ROUNDS - i / 4) * 4 + i % 4];
    int middle = i >= 4 && i < 40;
    inverse[i] = middle ? backward[0][sbox[w >> 24]] ^ backward[1][sbox[w >> 16 & 255]] ^
                              backward[2][sbox[w >> 8 & 255]] ^ backward[3][sbox[w & 255]]
                        : w;
  }
}

static uint32_t column(uint32_t t[4][256], uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return t[0][a >> 24] ^ t[1][b >> 16 & 255] ^ t[2][c >> 8 & 255] ^ t[3][d & 255];
}

static uint32_t last_column(const uint8_t *s, uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return (uint32_t)s[a >> 24] << 24 | (uint32_t)s[b >> 16 & 255] << 16 | (uint32_t)s[c >> 8 & 255] << 8 | s[d & 255];
}

static void encrypt(const uint32_t *key, uint32_t s[4]) {
  uint32_t a = s[0] ^ key[0], b = s[1] ^ key[1], c = s[2] ^ key[2], d = s[3] ^ key[3];
  for (int round = 1; round < ROUNDS; round++) {
    const uint32_t *r = key + 4 * round;
    uint32_t e = column(forward, a, b, c, d) ^ r[0], f = column(forward, b, c, d, a) ^ r[1];
    uint32_t g = column(forward, c, d, a, b) ^ r[2], h = column(forward, d, a, b, c) ^ r[3];
    a = e, b = f, c = g, d = h;
  }
  const uint32_t *r = key + 4 * ROUNDS;
  s[0] = last_column(sbox, a, b, c, d) ^ r[0];
  s[1] = last_column(sbox, b, c, d, a) ^ r[1];
  s[2] = last_column(sbox, c, d, a, b) ^ r[2];
  s[3] = last_column(sbox, d, a, b, c) ^ r[3];
}

static void decrypt(const uint32_t *key, uint32_t s[4]) {
  uint32_t a = s[0] ^ key[0], b = s[1] ^ key[1], c = s[2] ^ key[2], d = s[3] ^ key[3];
  for (int round = 1; round < ROUNDS; round++) {
    const uint32_t *r = key + 4 * round;
    uint32_t e = column(backward, a, d, c, b) ^ r[0], f = column(backward, b, a, d, c) ^ r[1];
    uint32_t g = column(backward, c, b, a, d) ^ r[2], h = column(backward, d, c, b, a) ^ r[3];
    a = e, b = f, c = g, d = h;
  }
  const uint32_t *r = key + 4 * ROUNDS;
  s[0] = last_column(inverse_sbox, a, d, c, b) ^ r[0];
  s[1] = last_column(inverse_sbox, b, a, d, c) ^ r[1];
  s[2] = last_column(inverse_sbox, c, b, a, d) ^ r[2];
  s[3] = last_column(inverse_sbox, d, c, b, a) ^ r[3];
}

/* The standard's example vector (appendix C.1). */
static int known_answer(uint32_t *schedule, uint32_t *inverse) {
  static const uint32_t key[4] = {0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f};
  uint32_t block[4] = {0x00112233, 0x44556677, 0x8899aabb, 0xccddeeff};
  expand(key, schedule, inverse);
  encrypt(schedule, block);
  if (block[0] != 0x69c4e0d8 || block[3] != 0x70b4c55a) return 0;
  decrypt(inverse, block);
  return block[0] == 0x00112233 && block[3] == 0xccddeeff;
}

uint64_t run(uint32_t scale) {
  static uint32_t data[BLOCKS][4];
  uint32_t schedule[44], inverse[44];
  make_tables();
  if (!known_answer(schedule, inverse)) return 0;
  uint64_t seed = 77;
  for (int i = 0; i < BLOCKS; i++)
    for (int j = 0; j < 4; j++) data[i][j] = (uint32_t)random_next(&seed);
  uint64_t sum = 1;
  for (uint32_t round = 0; round < scale; round++) {
    uint32_t chain[4] = {round, 1, 2, 3};
    for (int i = 0; i < BLOCKS; i++) {
      for (int j = 0; j < 4; j++) chain[j] ^= data[i][j];
      encrypt(schedule, chain);
      for (int j = 0; j < 4; j++) data[i][j] = chain[j];
    }
    sum = checksum_add(sum, chain[0]);
    if (round % 4 != 3) continue;
    for (int i = BLOCKS - 1; i >= 0; i--) decrypt(inverse, data[i]);
    sum = checksum_add(sum, data[0][0] ^ data[BLOCKS - 1][3]);
  }
  return sum;
}
