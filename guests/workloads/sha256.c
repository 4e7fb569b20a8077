/* SHA-256 (FIPS 180-4) over a buffer, each round hashing the digest of the one before. */
#include "workload.h"

WORKLOAD("sha256", 400, {1, 0x15f6b0c86b3d306c}, {40, 0x7b75645945bd3ee8}, {400, 0x34742d1fb6f06a8b})

enum { BUFFER = 8192 };

static const uint32_t k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void compress(uint32_t h[8], const uint8_t *block) {
  uint32_t w[64];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
           block[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + s0 + w[i - 7] + s1;
  }
  uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], j = h[7];
  for (int i = 0; i < 64; i++) {
    uint32_t s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
    uint32_t t1 = j + s1 + ((e & f) ^ (~e & g)) + k[i] + w[i];
    uint32_t s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
    uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    j = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
  }
  h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e, h[5] += f, h[6] += g, h[7] += j;
}

static void digest(uint32_t h[8], const uint8_t *data, size_t bytes) {
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  for (int i = 0; i < 8; i++) h[i] = start[i];
  size_t done = 0;
  for (; done + 64 <= bytes; done += 64) compress(h, data + done);
  uint8_t last[128] = {0};
  size_t rest = bytes - done;
  for (size_t i = 0; i < rest; i++) last[i] = data[done + i];
  last[rest] = 0x80;
  size_t length = rest < 56 ? 64 : 128;
  for (int i = 0; i < 8; i++) last[length - 1 - (size_t)i] = (uint8_t)((uint64_t)bytes * 8 >> (8 * i));
  for (size_t at = 0; at < length; at += 64) compress(h, last + at);
}

/* The standard's example: the digest of "abc" starts with ba7816bf. */
static int known_answer(void) {
  uint32_t h[8];
  digest(h, (const uint8_t *)"abc", 3);
  return h[0] == 0xba7816bf && h[7] == 0xf20015ad;
}

uint64_t run(uint32_t scale) {
  static uint8_t buffer[BUFFER];
  uint32_t h[8] = {0};
  if (!known_answer()) return 0;
  for (int i = 0; i < BUFFER; i++) buffer[i] = (uint8_t)(i * 7);
  for (uint32_t i = 0; i < scale; i++) {
    for (int j = 0; j < 32; j++) buffer[j] = (uint8_t)(h[j >> 2] >> (j & 3) * 8);
    digest(h, buffer, BUFFER - (i & 63));
  }
  uint64_t sum = 1;
  for (int i = 0; i < 8; i++) sum = checksum_add(sum, h[i]);
  return sum;
}
