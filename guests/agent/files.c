/* Files: read, written, listed and changed. */
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/time.h>

#include "agent.h"

/* With its header, and an empty one before it, what the driver takes at once. */
#define CHUNK (32768 - 2 * HEADER_BYTES)
#define SEEK_SET 0
/* Bytes that the host may send before it gets more room. */
#define WINDOW (1u << 19)

enum write_flag { CREATE = 1, TRUNCATE = 2, APPEND = 4, EXCLUSIVE = 8 };
enum change { MODE = 1, OWNER = 2, TIME = 4 };

struct dirent64 {
  uint64_t ino;
  int64_t off;
  uint16_t reclen;
  uint8_t type;
  char name[];
};

struct attributes {
  uint32_t mode, uid, gid, nlink;
  uint64_t size, mtime_ns;
};

static long attributes_of(long dir, const char *path, int flags, struct attributes *into) {
  struct statx found;
  long error = SYS(statx, dir, path, flags, STATX_BASIC_STATS, &found);
  if (error < 0) return error;
  *into = (struct attributes){
      found.stx_mode, found.stx_uid, found.stx_gid, found.stx_nlink, found.stx_size,
      (uint64_t)found.stx_mtime.tv_sec * 1000000000 + found.stx_mtime.tv_nsec,
  };
  return 0;
}

static void begin(enum kind kind, uint32_t id, long fd, uint32_t window, uint64_t left) {
  struct slot *slot = fd < 0 ? NULL : slot_new(kind, id);
  if (slot == NULL) {
    if (fd >= 0) SYS(close, fd);
    return send_done(id, fd < 0 ? (int)-fd : EMFILE, "", 0);
  }
  slot->fd = (int)fd;
  slot->credit[0] = window;
  slot->left = left;
  if (kind == WRITING) send_credit(id, WINDOW);
}

void file_read(uint32_t id, struct reader *from) {
  uint64_t offset = read_u64(from);
  uint64_t length = read_u64(from);
  uint32_t window = read_u32(from);
  const char *path = read_text(from);
  if (from->bad) return send_done(id, EINVAL, "", 0);
  // A pipe without a writer must not hold us up.
  long fd = SYS(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);
  struct attributes attributes;
  long error = fd < 0 ? fd : attributes_of(fd, "", AT_EMPTY_PATH, &attributes);
  if (error == 0 && (attributes.mode & S_IFMT) == S_IFDIR) error = -EISDIR;
  if (error == 0 && offset > 0) error = SYS(lseek, fd, offset, SEEK_SET);
  if (error < 0) {
    if (fd >= 0) SYS(close, fd);
    return send_done(id, (int)-error, "", 0);
  }
  begin(READING, id, fd, window, length);
}

void file_write(uint32_t id, struct reader *from) {
  uint32_t flags = read_u32(from);
  uint32_t mode = read_u32(from);
  uint64_t offset = read_u64(from);
  const char *path = read_text(from);
  if (from->bad) return send_done(id, EINVAL, "", 0);
  int how = O_WRONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  if (flags & CREATE) how |= O_CREAT;
  if (flags & TRUNCATE) how |= O_TRUNC;
  if (flags & APPEND) how |= O_APPEND;
  if (flags & EXCLUSIVE) how |= O_EXCL;
  long fd = SYS(openat, AT_FDCWD, path, how, mode & 07777);
  if (fd >= 0 && offset > 0) {
    long error = SYS(lseek, fd, offset, SEEK_SET);
    if (error < 0) {
      SYS(close, fd);
      fd = error;
    }
  }
  begin(WRITING, id, fd, 0, 0);
}

void file_list(uint32_t id, struct reader *from) {
  uint32_t window = read_u32(from);
  const char *path = read_text(from);
  if (from->bad) return send_done(id, EINVAL, "", 0);
  begin(LISTING, id, SYS(openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0), window, 0);
}

static void finish(struct slot *slot, long error) {
  send_done(slot->id, error < 0 ? (int)-error : 0, "", 0);
  slot_free(slot);
}

/* One name of a folder: attributes, the name, and where a link leads; both end with a zero. Bytes, or 0 for none. */
static size_t put_entry(int dir, const char *name, uint8_t *into, size_t room) {
  struct attributes attributes;
  if (same(name, ".") || same(name, "..")) return 0;
  size_t length = strlen(name) + 1;
  size_t used = sizeof attributes;
  if (used + length + PATH_BYTES > room) return 0;
  // It may be gone again.
  if (attributes_of(dir, name, AT_SYMLINK_NOFOLLOW, &attributes) < 0) return 0;
  memcpy(into, &attributes, used);
  memcpy(into + used, name, length);
  used += length;
  if ((attributes.mode & S_IFMT) == S_IFLNK) {
    long target = SYS(readlinkat, dir, name, into + used, PATH_BYTES - 1);
    if (target < 0) return 0;
    used += (size_t)target;
  }
  into[used++] = 0;
  return used;
}

/* As many names as one call gives. */
static void list_more(struct slot *slot) {
  static uint8_t entries[1024] __attribute__((aligned(8)));
  long count = SYS(getdents64, slot->fd, entries, sizeof entries);
  if (count <= 0) return finish(slot, count);
  uint8_t *payload = port_payload();
  size_t used = 0;
  for (long at = 0; at < count;) {
    struct dirent64 *entry = (struct dirent64 *)(entries + at);
    at += entry->reclen;
    uint8_t *into = payload + used;
    size_t bytes = put_entry(slot->fd, entry->name, into, PAYLOAD_MOST - used);
    if (bytes == 0) continue;
    used += bytes;
    // A long link in a full frame: the next one takes what is left.
    if (PAYLOAD_MOST - used >= 2 * PATH_BYTES) continue;
    port_send(slot->id, DATA, 0, used);
    slot->credit[0] -= used < slot->credit[0] ? (uint32_t)used : slot->credit[0];
    payload = port_payload();
    used = 0;
    if (!port_has_room(PAYLOAD_MOST)) break;
  }
  if (used == 0) return;
  port_send(slot->id, DATA, 0, used);
  slot->credit[0] -= used < slot->credit[0] ? (uint32_t)used : slot->credit[0];
}

/* Sends more of a file or folder, while there is room and credit. */
void file_produce(struct slot *slot) {
  if (slot->kind == LISTING) {
    if (slot->credit[0] > 0 && port_has_room(PAYLOAD_MOST)) list_more(slot);
    return;
  }
  if (slot->credit[0] == 0 || !port_has_room(CHUNK)) return;
  uint64_t most = slot->credit[0] < CHUNK ? slot->credit[0] : CHUNK;
  if (most > slot->left) most = slot->left;
  long count = most == 0 ? 0 : SYS(read, slot->fd, port_align(slot->id), most);
  if (count <= 0) return finish(slot, count);
  slot->credit[0] -= (uint32_t)count;
  slot->left -= (uint64_t)count;
  port_send(slot->id, DATA, 0, (size_t)count);
}

void file_take(struct slot *slot, const uint8_t *bytes, uint32_t length) {
  for (uint32_t done = 0; done < length;) {
    long count = SYS(write, slot->fd, bytes + done, length - done);
    if (count == -EINTR) continue;
    if (count <= 0) return finish(slot, count == 0 ? -EIO : count);
    done += (uint32_t)count;
  }
  slot->used += length;
  if (slot->used < WINDOW / 4) return;
  send_credit(slot->id, slot->used);
  slot->used = 0;
}

void file_end(struct slot *slot) { finish(slot, 0); }

static long change(struct reader *from) {
  uint32_t what = read_u32(from);
  uint32_t mode = read_u32(from);
  uint32_t uid = read_u32(from);
  uint32_t gid = read_u32(from);
  uint64_t mtime = read_u64(from);
  const char *path = read_text(from);
  if (from->bad) return -EINVAL;
  long error = 0;
  if (what & OWNER) error = SYS(fchownat, AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW);
  if (error == 0 && (what & MODE)) error = SYS(fchmodat, AT_FDCWD, path, mode & 07777);
  if (error == 0 && (what & TIME)) {
    struct __kernel_timespec times[2] = {
        {0, ((1l << 30) - 2l) /* UTIME_OMIT */},
        {(long long)(mtime / 1000000000), (long long)(mtime % 1000000000)},
    };
    error = SYS(utimensat, AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
  }
  return error;
}

static long remove(const char *path) {
  long error = SYS(unlinkat, AT_FDCWD, path, 0);
  return error == -EISDIR ? SYS(unlinkat, AT_FDCWD, path, AT_REMOVEDIR) : error;
}

/* Requests that are answered at once. */
void file_request(uint8_t type, uint32_t id, struct reader *from) {
  static uint8_t answer[PATH_BYTES];
  long result = -EINVAL;
  size_t length = 0;
  if (type == STAT) {
    uint32_t follow = read_u32(from);
    const char *path = read_text(from);
    if (!from->bad) {
      result = attributes_of(AT_FDCWD, path, follow ? 0 : AT_SYMLINK_NOFOLLOW, (struct attributes *)answer);
      if (result == 0) length = sizeof(struct attributes);
    }
  } else if (type == MKDIR) {
    uint32_t mode = read_u32(from);
    const char *path = read_text(from);
    if (!from->bad) result = SYS(mkdirat, AT_FDCWD, path, mode & 07777);
  } else if (type == SYMLINK || type == RENAME) {
    const char *first = read_text(from);
    const char *path = read_text(from);
    if (!from->bad && type == SYMLINK) result = SYS(symlinkat, first, AT_FDCWD, path);
    else if (!from->bad) result = SYS(renameat2, AT_FDCWD, first, AT_FDCWD, path, 0);
  } else if (type == READLINK) {
    const char *path = read_text(from);
    if (!from->bad) {
      result = SYS(readlinkat, AT_FDCWD, path, answer, sizeof answer);
      if (result > 0) length = (size_t)result;
    }
  } else if (type == REMOVE) {
    const char *path = read_text(from);
    if (!from->bad) result = remove(path);
  } else {
    result = change(from);
  }
  send_done(id, result < 0 ? (int)-result : 0, answer, length);
}
