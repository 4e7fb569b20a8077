/* The whole machine: its end, its clock, its file systems, its root directory. */
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/fs.h>
#include <linux/reboot.h>
#include <linux/stat.h>
#include <linux/time.h>

#include "agent.h"

bool is_frozen;

enum how { POWEROFF, REBOOT, HALT };

static char mounts[1 << 16];

/* Whether process 1 handles a signal: else it ignores it. */
static bool first_process_handles(int signal) {
  static char status[4096];
  if (read_file("/proc/1/status", status, sizeof status) <= 0) return false;
  for (const char *at = status; *at; at++) {
    if (memcmp(at, "SigCgt:\t", 8) != 0) continue;
    uint64_t caught = 0;
    for (at += 8; (*at >= '0' && *at <= '9') || (*at >= 'a' && *at <= 'f'); at++)
      caught = caught << 4 | (uint64_t)(*at <= '9' ? *at - '0' : *at - 'a' + 10);
    return (caught >> (signal - 1) & 1) != 0;
  }
  return false;
}

/* Asks process 1, in its own words; else, or when told to, does it without anybody's help. */
static long end_machine(uint32_t how, bool by_force) {
  if (how > HALT) return -EINVAL;
  bool is_systemd = SYS(faccessat, AT_FDCWD, "/run/systemd/system", 0) == 0;
  static const int systemd[] = {34 + 4, 34 + 5, 34 + 3}, others[] = {SIGUSR2, SIGTERM, SIGUSR1};
  int signal = is_systemd ? systemd[how] : others[how];
  if (!by_force && first_process_handles(signal)) return SYS(kill, 1, signal);
  static const unsigned command[] = {LINUX_REBOOT_CMD_POWER_OFF, LINUX_REBOOT_CMD_RESTART, LINUX_REBOOT_CMD_HALT};
  SYS(sync, 0);
  return SYS(reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, command[how], 0);
}

static long set_clock(uint64_t nanoseconds) {
  struct __kernel_timespec time = {(long long)(nanoseconds / 1000000000), (long long)(nanoseconds % 1000000000)};
  return SYS(clock_settime, 0 /* CLOCK_REALTIME */, &time);
}

/* A word of a line of /proc/self/mounts, with its escapes (\040 is a space) undone, and a zero after it. */
static char *word(char **at) {
  char *start = *at;
  char *to = start;
  while (**at && **at != ' ' && **at != '\n') {
    if ((*at)[0] == '\\' && (*at)[1] && (*at)[2] && (*at)[3]) {
      *to++ = (char)(((*at)[1] - '0') << 6 | ((*at)[2] - '0') << 3 | ((*at)[3] - '0'));
      *at += 4;
    } else *to++ = *(*at)++;
  }
  if (**at == ' ') ++*at;
  *to = 0;
  return start;
}

/* Freezes, or thaws, what is mounted from a disk, the latest mount first or last. How many that were, or -errno. */
static long each_disk(unsigned long request) {
  static char *points[256];
  int count = 0;
  long done = 0;
  if (read_file("/proc/self/mounts", mounts, sizeof mounts) < 0) return -ENOENT;
  for (char *at = mounts; *at && count < 256;) {
    char *end = at;
    while (*end && *end != '\n') end++;
    bool is_last = *end == 0;
    *end = 0;
    bool is_disk = starts_with(at, "/dev/");
    word(&at);
    char *point = word(&at);
    if (is_disk) points[count++] = point;
    at = is_last ? end : end + 1;
  }
  for (int i = 0; i < count; i++) {
    const char *point = points[request == FIFREEZE ? count - 1 - i : i];
    long fd = SYS(openat, AT_FDCWD, point, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (fd < 0) continue;
    long error = SYS(ioctl, fd, request, 0);
    SYS(close, fd);
    if (error == 0) done++;
    // Mounted twice, or nothing that can be frozen.
    else if (request == FIFREEZE && error != -EBUSY && error != -EOPNOTSUPP) return error;
  }
  return done;
}

void system_thaw(void) {
  if (is_frozen) each_disk(FITHAW);
  is_frozen = false;
}

void system_request(uint8_t type, uint32_t id, struct reader *from) {
  long result = -EINVAL;
  if (type == SHUTDOWN) {
    uint32_t how = read_u32(from);
    uint32_t force = read_u32(from);
    if (!from->bad) {
      send_done(id, 0, "", 0);
      port_flush();
      result = end_machine(how, force != 0);
      if (result < 0) send_done(id, (int)-result, "", 0);
      return;
    }
  } else if (type == CLOCK) {
    uint64_t nanoseconds = read_u64(from);
    if (!from->bad) result = set_clock(nanoseconds);
  } else if (type == FREEZE) {
    is_frozen = true;
    result = each_disk(FIFREEZE);
    if (result < 0) system_thaw();
  } else {
    result = is_frozen ? each_disk(FITHAW) : 0;
    is_frozen = false;
  }
  uint32_t count = result < 0 ? 0 : (uint32_t)result;
  send_done(id, result < 0 ? (int)-result : 0, &count, sizeof count);
}

static bool has_moved;

/* Whether the word "root=" of the command line names a disk that the machine has still to move on to. */
bool awaits_root(void) {
  static char words[4096];
  if (has_moved) return false;
  follow_root();
  if (has_moved || read_file("/proc/cmdline", words, sizeof words) <= 0) return !has_moved;
  for (const char *at = words; *at; at++)
    if ((at == words || at[-1] == ' ') && starts_with(at, "root=")) return true;
  return false;
}

/*
 * Where an initramfs has moved on to a disk, our root directory has been mounted over: ".." leads onto what lies on it.
 * (Documentation/filesystems/ramfs-rootfs-initramfs; fs/namei.c follow_dotdot)
 */
void follow_root(void) {
  for (int depth = 0; depth < 4; depth++) {
    struct statx own, above;
    if (SYS(statx, AT_FDCWD, "/", 0, STATX_BASIC_STATS, &own) < 0) return;
    if (SYS(statx, AT_FDCWD, "/..", 0, STATX_BASIC_STATS, &above) < 0) return;
    bool is_same = own.stx_ino == above.stx_ino && own.stx_dev_major == above.stx_dev_major &&
                   own.stx_dev_minor == above.stx_dev_minor;
    if (is_same || SYS(chroot, "/..") < 0) return;
    SYS(chdir, "/");
    has_moved = true;
  }
}
