/* A dictionary coder: greedy matches found by a hash of four bytes, packed as literal runs and (distance, length). */
#include "workload.h"

WORKLOAD("lz", 75, {1, 0xd7c2bc4dcba23a61}, {7, 0x5115c4caf0cc17cf}, {75, 0xe013c0a64363fa0f})

enum { SOURCE = 65536, PACKED = SOURCE + SOURCE / 8 + 64, HASH_BITS = 12, SHORTEST = 4, FARTHEST = 65535 };

static uint8_t source[SOURCE];
static uint8_t packed[PACKED];
static uint8_t unpacked[SOURCE];

/* Text of words drawn with a bias to the common ones, so that there is something to find. */
static void make_source(uint64_t *seed) {
  static const char *const words[16] = {"the ",     "hart ",     "takes ",   "a ",          "trap ",   "when ",
                                        "page ",    "walk ",     "fails; ",  "register ",   "memory ", "store ",
                                        "virtual ", "machine\n", "address ", "instruction "};
  int at = 0;
  while (at < SOURCE) {
    uint64_t r = random_next(seed);
    const char *word = words[(r & r >> 8 & 15) ^ (r >> 16 & 3)];
    while (*word && at < SOURCE) source[at++] = (uint8_t)*word++;
    if ((r >> 24 & 15) == 0 && at < SOURCE) source[at++] = (uint8_t)('0' + (r >> 32) % 10);
  }
}

static uint32_t load32(const uint8_t *p) {
  return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint8_t *put_length(uint8_t *out, uint32_t n) {
  for (; n >= 255; n -= 255) *out++ = 255;
  *out++ = (uint8_t)n;
  return out;
}

static uint8_t *put_literals(uint8_t *out, const uint8_t *from, uint32_t n) {
  out = put_length(out, n);
  for (uint32_t i = 0; i < n; i++) *out++ = from[i];
  return out;
}

static uint32_t compress(void) {
  static uint32_t table[1 << HASH_BITS];
  for (int i = 0; i < 1 << HASH_BITS; i++) table[i] = 0;
  uint8_t *out = packed;
  uint32_t literals = 0, at = 0;
  while (at + SHORTEST <= SOURCE) {
    uint32_t word = load32(source + at);
    uint32_t *slot = &table[(word * 2654435761u) >> (32 - HASH_BITS)];
    uint32_t candidate = *slot;
    *slot = at + 1;
    uint32_t distance = at + 1 - candidate;
    if (candidate == 0 || distance > FARTHEST || load32(source + candidate - 1) != word) {
      at++;
      continue;
    }
    uint32_t length = SHORTEST;
    while (at + length < SOURCE && source[candidate - 1 + length] == source[at + length]) length++;
    out = put_literals(out, source + literals, at - literals);
    *out++ = (uint8_t)distance;
    *out++ = (uint8_t)(distance >> 8);
    out = put_length(out, length - SHORTEST);
    at += length;
    literals = at;
  }
  out = put_literals(out, source + literals, SOURCE - literals);
  return (uint32_t)(out - packed);
}

static const uint8_t *get_length(const uint8_t *in, uint32_t *n) {
  uint32_t total = 0;
  while (*in == 255) total += *in++;
  *n = total + *in++;
  return in;
}

static uint32_t decompress(uint32_t bytes) {
  const uint8_t *in = packed, *end = packed + bytes;
  uint8_t *out = unpacked;
  for (;;) {
    uint32_t n;
    in = get_length(in, &n);
    while (n--) *out++ = *in++;
    if (in >= end) return (uint32_t)(out - unpacked);
    uint32_t distance = in[0] | (uint32_t)in[1] << 8;
    in = get_length(in + 2, &n);
    const uint8_t *from = out - distance;
    for (n += SHORTEST; n; n--) *out++ = *from++;
  }
}

uint64_t run(uint32_t scale) {
  uint64_t seed = 99;
  uint64_t sum = 1;
  for (uint32_t round = 0; round < scale; round++) {
    make_source(&seed);
    uint32_t bytes = compress();
    if (decompress(bytes) != SOURCE) return 0;
    for (int i = 0; i < SOURCE; i++)
      if (source[i] != unpacked[i]) return 0;
    sum = checksum_add(checksum_add(sum, bytes), packed[bytes / 2]);
  }
  return sum;
}
