/* What the compiler may call: memory and string primitives. */
#include "memory.h"

void *memcpy(void *restrict to, const void *restrict from, size_t bytes) {
  uint8_t *t = to;
  const uint8_t *f = from;
  if ((((uintptr_t)t | (uintptr_t)f) & 7) == 0)
    for (; bytes >= 8; bytes -= 8, t += 8, f += 8) *(uint64_t *)t = *(const uint64_t *)f;
  for (; bytes; bytes--) *t++ = *f++;
  return to;
}

void *memmove(void *to, const void *from, size_t bytes) {
  uint8_t *t = to;
  const uint8_t *f = from;
  if (t <= f) {
    for (size_t i = 0; i < bytes; i++) t[i] = f[i];
  } else {
    for (size_t i = bytes; i > 0; i--) t[i - 1] = f[i - 1];
  }
  return to;
}

void *memset(void *to, int value, size_t bytes) {
  uint8_t *t = to;
  uint64_t word = (uint8_t)value * 0x0101010101010101ull;
  for (; bytes && ((uintptr_t)t & 7); bytes--) *t++ = (uint8_t)value;
  for (; bytes >= 8; bytes -= 8, t += 8) *(uint64_t *)t = word;
  for (; bytes; bytes--) *t++ = (uint8_t)value;
  return to;
}

int memcmp(const void *a, const void *b, size_t bytes) {
  const uint8_t *p = a;
  const uint8_t *q = b;
  for (; bytes; bytes--, p++, q++)
    if (*p != *q) return *p - *q;
  return 0;
}

size_t strlen(const char *text) {
  size_t length = 0;
  while (text[length]) length++;
  return length;
}

int strcmp(const char *a, const char *b) {
  while (*a && *a == *b) a++, b++;
  return (uint8_t)*a - (uint8_t)*b;
}

bool starts_with(const char *text, const char *prefix) {
  while (*prefix)
    if (*text++ != *prefix++) return false;
  return true;
}

bool parse_number(const char *text, uint64_t *value) {
  unsigned base = 10;
  if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
    base = 16;
    text += 2;
  }
  uint64_t sum = 0;
  if (!*text) return false;
  for (; *text; text++) {
    char lower = (char)(*text | 0x20);
    unsigned digit = *text >= '0' && *text <= '9'   ? (unsigned)(*text - '0')
                     : lower >= 'a' && lower <= 'f' ? (unsigned)(lower - 'a' + 10)
                                                    : 99;
    if (digit >= base) return false;
    sum = sum * base + digit;
  }
  *value = sum;
  return true;
}

bool find_word(const char *words, const char *name, char *value, size_t bytes) {
  size_t length = strlen(name);
  for (const char *at = words; *at;) {
    while (*at == ' ') at++;
    bool match = starts_with(at, name) && (at[length] == '=' || at[length] == ' ' || at[length] == '\0');
    if (match) {
      const char *from = at + length + (at[length] == '=');
      size_t used = 0;
      while (*from && *from != ' ' && used + 1 < bytes) value[used++] = *from++;
      if (bytes) value[used] = '\0';
      return true;
    }
    while (*at && *at != ' ') at++;
  }
  return false;
}
