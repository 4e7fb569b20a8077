/* Text, numbers and payloads. */
#include <linux/fcntl.h>

#include "agent.h"

bool same(const char *a, const char *b) { return strcmp(a, b) == 0; }

bool copy_text(char *to, size_t room, const char *from) {
  size_t length = strlen(from);
  bool fits = length < room;
  if (!fits) length = room - 1;
  memcpy(to, from, length);
  to[length] = 0;
  return fits;
}

char *put_number(char *to, uint64_t number) {
  char digits[20];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) != 0);
  while (count > 0) *to++ = digits[--count];
  *to = 0;
  return to;
}

long read_file(const char *path, char *into, size_t room) {
  long fd = SYS(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
  if (fd < 0) return fd;
  size_t used = 0;
  long count = 1;
  while (count > 0 && used + 1 < room) {
    count = SYS(read, fd, into + used, room - 1 - used);
    if (count > 0) used += (size_t)count;
  }
  SYS(close, fd);
  into[used] = 0;
  return count < 0 ? count : (long)used;
}

static const uint8_t *take(struct reader *from, size_t bytes) {
  if (from->bad || (size_t)(from->end - from->at) < bytes) {
    from->bad = true;
    return NULL;
  }
  const uint8_t *at = from->at;
  from->at += bytes;
  return at;
}

uint32_t read_u32(struct reader *from) {
  const uint8_t *at = take(from, 4);
  if (at == NULL) return 0;
  return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

uint64_t read_u64(struct reader *from) {
  uint64_t low = read_u32(from);
  return low | (uint64_t)read_u32(from) << 32;
}

const char *read_text(struct reader *from) {
  const uint8_t *start = from->at;
  const uint8_t *at = start;
  while (!from->bad && at < from->end && *at != 0) at++;
  if (from->bad || at == from->end) {
    from->bad = true;
    return "";
  }
  from->at = at + 1;
  return (const char *)start;
}
