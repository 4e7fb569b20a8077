/* Searches text: byte by byte, by Horspool's skips, and with a wildcard matcher; the first two must agree. */
#include "workload.h"

WORKLOAD("strsearch", 35, {1, 0xbc5028e9dd992074}, {3, 0x770a782277ed267c}, {35, 0x6d7b5e813469001f})

enum { TEXT = 32768, PATTERNS = 6 };

static char text[TEXT + 1];
static const char *const patterns[PATTERNS] = {"needle", "abcabd", "zz", "the quick", "aabaa", "qxqxq"};
static const char *const globs[PATTERNS] = {"*need?e*",      "*ab*abd*zz*", "*[a-c]q?x*",
                                            "*zz*zz*zz*zz*", "a*b*c*d*e*",  "*0*"};

static size_t length_of(const char *s) {
  size_t n = 0;
  while (s[n]) n++;
  return n;
}

static void make_text(uint64_t *seed) {
  static const char letters[] = "aaaabbbccdeeefqxz ";
  for (int at = 0; at < TEXT;) {
    uint64_t r = random_next(seed);
    if ((r & 63) == 0) {
      for (const char *p = patterns[(r >> 8) % PATTERNS]; *p && at < TEXT; p++) text[at++] = *p;
    } else {
      text[at++] = letters[(r >> 16) % (sizeof letters - 1)];
    }
  }
  text[TEXT] = '\0';
}

static uint32_t count_plain(const char *pattern) {
  uint32_t hits = 0;
  for (const char *at = text; *at; at++) {
    const char *a = at, *p = pattern;
    while (*p && *a == *p) a++, p++;
    if (!*p) hits++;
  }
  return hits;
}

static uint32_t count_skipping(const char *pattern) {
  size_t skip[256];
  size_t n = length_of(pattern);
  uint32_t hits = 0;
  for (int i = 0; i < 256; i++) skip[i] = n;
  for (size_t i = 0; i + 1 < n; i++) skip[(uint8_t)pattern[i]] = n - 1 - i;
  for (size_t at = 0; at + n <= TEXT; at += skip[(uint8_t)text[at + n - 1]]) {
    size_t i = n;
    while (i > 0 && text[at + i - 1] == pattern[i - 1]) i--;
    if (i == 0) hits++;
  }
  return hits;
}

static int one_matches(const char **glob, char c) {
  const char *g = *glob;
  if (*g == '?') {
    *glob = g + 1;
    return 1;
  }
  if (*g == '[') {
    int hit = c >= g[1] && c <= g[3];
    *glob = g + 5;
    return hit;
  }
  *glob = g + 1;
  return *g == c;
}

/* Steps back to the last star when a match fails. Returns 1 + the bytes compared when the text matches, else bytes. */
static uint64_t match(const char *glob) {
  const char *at = text, *star = NULL, *resume = NULL;
  uint64_t compared = 0;
  while (*at) {
    if (*glob == '*') {
      star = ++glob;
      resume = at;
      continue;
    }
    compared++;
    const char *next = glob;
    if (*glob && one_matches(&next, *at)) {
      glob = next;
      at++;
    } else if (star) {
      glob = star;
      at = ++resume;
    } else {
      return compared * 2;
    }
  }
  while (*glob == '*') glob++;
  return compared * 2 + !*glob;
}

uint64_t run(uint32_t scale) {
  uint64_t seed = 3;
  uint64_t sum = 1;
  for (uint32_t round = 0; round < scale; round++) {
    make_text(&seed);
    for (int i = 0; i < PATTERNS; i++) {
      uint32_t hits = count_plain(patterns[i]);
      if (hits != count_skipping(patterns[i])) return 0;
      sum = checksum_add(checksum_add(sum, hits), match(globs[i]));
    }
  }
  return sum;
}
