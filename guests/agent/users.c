/* Who a command runs as: /etc/passwd and /etc/group. */
#include "agent.h"

static char file[1 << 18];

/* The next field of a line, whose end becomes a zero; `at` moves behind it. */
static char *field(char **at) {
  char *start = *at;
  while (**at && **at != ':' && **at != '\n') ++*at;
  if (**at == ':') *(*at)++ = 0;
  return start;
}

static char *next_line(char *at) {
  while (*at && *at != '\n') at++;
  if (*at) *at++ = 0;
  return at;
}

static bool number(const char *text, uint32_t *value) {
  uint64_t wide = 0;
  if (*text < '0' || *text > '9' || !parse_number(text, &wide) || wide >= 0xffffffff) return false;
  *value = (uint32_t)wide;
  return true;
}

static bool read_entry(char *line, const char *wanted, bool by_number, uint32_t uid, struct user *user) {
  char *name = field(&line);
  field(&line);
  uint32_t entry_uid, entry_gid;
  if (!number(field(&line), &entry_uid) || !number(field(&line), &entry_gid)) return false;
  if (by_number ? entry_uid != uid : !same(name, wanted)) return false;
  field(&line);
  char *home = field(&line);
  user->uid = entry_uid;
  user->gid = entry_gid;
  copy_text(user->name, sizeof user->name, name);
  copy_text(user->home, sizeof user->home, home);
  return true;
}

/* Whether a list such as "a,b,c" has a name. */
static bool has_name(const char *list, const char *name) {
  size_t length = strlen(name);
  while (*list) {
    const char *end = list;
    while (*end && *end != ',' && *end != '\n') end++;
    if ((size_t)(end - list) == length && memcmp(list, name, length) == 0) return true;
    if (*end != ',') return false;
    list = end + 1;
  }
  return false;
}

static void find_groups(struct user *user) {
  user->group_count = 0;
  if (read_file("/etc/group", file, sizeof file) <= 0) return;
  for (char *line = file; *line;) {
    char *next = next_line(line);
    field(&line);
    field(&line);
    uint32_t gid;
    bool is_valid = number(field(&line), &gid);
    if (is_valid && has_name(line, user->name) && user->group_count < 64) user->groups[user->group_count++] = gid;
    line = next;
  }
}

bool user_find(const char *name, struct user *user) {
  uint32_t uid = 0;
  bool by_number = *name == 0 || number(name, &uid);
  memset(user, 0, sizeof *user);
  bool found = false;
  if (read_file("/etc/passwd", file, sizeof file) > 0) {
    for (char *line = file; *line && !found;) {
      char *next = next_line(line);
      found = read_entry(line, name, by_number, uid, user);
      line = next;
    }
  }
  if (found) {
    find_groups(user);
    return true;
  }
  if (!by_number) return false;
  user->uid = user->gid = uid;
  copy_text(user->name, sizeof user->name, uid == 0 ? "root" : name);
  copy_text(user->home, sizeof user->home, uid == 0 ? "/root" : "/");
  return true;
}
