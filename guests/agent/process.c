/* Commands: started, fed, read, signalled. */
#include <asm/ioctls.h>
#include <asm/signal.h>
#include <asm/termios.h>
#include <linux/fcntl.h>
#include <linux/sched.h>
#include <linux/tty.h>
#include <linux/wait.h>

#include "agent.h"

enum flag { TTY = 1, INPUT = 2, CLEAN = 4 };

#define ARGUMENTS 1024
#define CHUNK 32768
/* What a pipe may hold when its process has exited; the host takes it unasked. */
#define PIPE_BYTES 65536

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

long spawn(unsigned long flags, void *stack, int *pidfd, void (*run)(void *), void *argument);

/* What a child needs to become the program. It shares our memory until then. */
struct launch {
  const char *argv[ARGUMENTS + 1], *envp[ARGUMENTS + 8];
  const char *cwd, *path;
  struct user user;
  int files[3];
  bool is_tty;
  volatile int error;
};

static struct launch launch;
static uint8_t child_stack[32768] __attribute__((aligned(16)));
static uint8_t inputs[SLOTS][INPUT_BYTES];

/* Tries the program in each folder of PATH; -errno. As execvp(3): what is not there, or is not to be executed, is looked for further on. */
static long search(struct launch *child) {
  long result = -ENOENT;
  static char program[PATH_BYTES];
  for (const char *at = child->path; *at;) {
    const char *end = at;
    while (*end && *end != ':') end++;
    size_t length = (size_t)(end - at);
    if (length + strlen(child->argv[0]) + 2 < sizeof program) {
      memcpy(program, at, length);
      program[length] = '/';
      copy_text(program + length + 1, sizeof program - length - 1, child->argv[0]);
      long error = SYS(execve, program, child->argv, child->envp);
      if (error != -ENOENT) result = error;
    }
    at = *end ? end + 1 : end;
  }
  return result;
}

static long prepare(struct launch *child) {
  SYS(setsid, 0);
  if (child->is_tty) SYS(ioctl, child->files[0], TIOCSCTTY, 0);
  for (int i = 0; i < 3; i++) {
    long error = SYS(dup3, child->files[i], i, 0);
    if (error < 0) return error;
  }
  struct user *user = &child->user;
  long error = SYS(setgroups, user->group_count, user->groups);
  if (error == 0) error = SYS(setresgid, user->gid, user->gid, user->gid);
  if (error == 0) error = SYS(setresuid, user->uid, user->uid, user->uid);
  if (error != 0) return error;
  if (child->cwd[0]) return SYS(chdir, child->cwd);
  if (SYS(chdir, user->home) < 0) SYS(chdir, "/");
  return 0;
}

static void run_child(void *argument) {
  struct launch *child = argument;
  struct {
    void (*handler)(int);
    unsigned long flags, mask;
  } usual = {0, 0, 0};
  SYS(rt_sigaction, SIGPIPE, &usual, 0, 8);
  SYS(rt_sigaction, SIGHUP, &usual, 0, 8);
  long error = prepare(child);
  bool has_slash = false;
  for (const char *at = child->argv[0]; *at; at++) has_slash |= *at == '/';
  if (error == 0 && has_slash) error = SYS(execve, child->argv[0], child->argv, child->envp);
  else if (error == 0) error = child->argv[0][0] == 0 ? -ENOENT : search(child);
  // Only who has not become another program comes here.
  child->error = (int)-error;
  for (;;) SYS(exit, 127);
}

/* A variable of the environment; NULL when it is not there. */
static const char *variable(const char *name) {
  size_t length = strlen(name);
  for (const char **at = launch.envp; *at; at++)
    if (memcmp(*at, name, length) == 0 && (*at)[length] == '=') return *at + length + 1;
  return NULL;
}

/* Adds "NAME=value" unless there is such a variable. */
static void add_variable(int *count, const char *name, const char *value, char *room, size_t bytes) {
  if (variable(name) != NULL || strlen(name) + strlen(value) + 2 > bytes) return;
  copy_text(room, bytes, name);
  size_t at = strlen(room);
  room[at] = '=';
  copy_text(room + at + 1, bytes - at - 1, value);
  launch.envp[(*count)++] = room;
  launch.envp[*count] = NULL;
}

static void set_defaults(int count, bool is_clean) {
  static char path[128], home[300], user[96], logname[96], term[32];
  if (!is_clean) {
    add_variable(&count, "PATH", DEFAULT_PATH, path, sizeof path);
    add_variable(&count, "HOME", launch.user.home, home, sizeof home);
    add_variable(&count, "USER", launch.user.name, user, sizeof user);
    add_variable(&count, "LOGNAME", launch.user.name, logname, sizeof logname);
    if (launch.is_tty) add_variable(&count, "TERM", "xterm-256color", term, sizeof term);
  }
  const char *given = variable("PATH");
  launch.path = given != NULL ? given : DEFAULT_PATH;
}

/* A pair of terminals: the first is ours. */
static long open_terminal(int pair[2], uint32_t rows, uint32_t columns) {
  long master = SYS(openat, AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK, 0);
  if (master < 0) {
    // A small system may have mounted none.
    SYS(mkdirat, AT_FDCWD, "/dev/pts", 0755);
    SYS(mount, "devpts", "/dev/pts", "devpts", 0, "mode=620,ptmxmode=666");
    master = SYS(openat, AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK, 0);
  }
  if (master < 0) return master;
  int unlocked = 0;
  SYS(ioctl, master, TIOCSPTLCK, &unlocked);
  long slave = SYS(ioctl, master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (slave < 0) {
    SYS(close, master);
    return slave;
  }
  struct winsize size = {(unsigned short)rows, (unsigned short)columns, 0, 0};
  SYS(ioctl, master, TIOCSWINSZ, &size);
  pair[0] = (int)master;
  pair[1] = (int)slave;
  return 0;
}

/* A pipe whose `own` end does not block. */
static long open_pipe(int pair[2], int own) {
  long error = SYS(pipe2, pair, O_CLOEXEC);
  if (error < 0) pair[0] = pair[1] = -1;
  else SYS(fcntl, pair[own], F_SETFL, O_NONBLOCK);
  return error;
}

/* Connects the child's three files; what it gets of them is in `launch.files`. */
static long connect_files(struct slot *slot, bool has_input, uint32_t rows, uint32_t columns) {
  int pair[2];
  long error;
  if (launch.is_tty) {
    if ((error = open_terminal(pair, rows, columns)) < 0) return error;
    slot->fd = pair[0];
    slot->output[0] = (int)SYS(fcntl, pair[0], F_DUPFD_CLOEXEC, 3);
    launch.files[0] = launch.files[1] = launch.files[2] = pair[1];
    return slot->output[0] < 0 ? slot->output[0] : 0;
  }
  if (has_input) {
    if ((error = open_pipe(pair, 1)) < 0) return error;
    launch.files[0] = pair[0];
    slot->fd = pair[1];
  } else {
    launch.files[0] = (int)SYS(openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC, 0);
    if (launch.files[0] < 0) return launch.files[0];
  }
  for (int i = 0; i < 2; i++) {
    if ((error = open_pipe(pair, 0)) < 0) return error;
    slot->output[i] = pair[0];
    launch.files[i + 1] = pair[1];
  }
  return 0;
}

static void close_files(void) {
  if (launch.is_tty) launch.files[1] = launch.files[2] = -1;
  for (int i = 0; i < 3; i++) close_fd(&launch.files[i]);
}

/* Reads what the host wants; false when it makes no sense. */
static bool read_launch(struct reader *from, uint32_t *flags, uint32_t *size, uint32_t *timeout, uint32_t *window) {
  *flags = read_u32(from);
  *size = read_u32(from);
  *timeout = read_u32(from);
  *window = read_u32(from);
  uint32_t counts = read_u32(from);
  uint32_t argc = counts & 0xffff, envc = counts >> 16;
  if (from->bad || argc == 0 || argc > ARGUMENTS || envc > ARGUMENTS) return false;
  const char *user = read_text(from);
  launch.cwd = read_text(from);
  for (uint32_t i = 0; i < argc; i++) launch.argv[i] = read_text(from);
  for (uint32_t i = 0; i < envc; i++) launch.envp[i] = read_text(from);
  launch.argv[argc] = launch.envp[envc] = NULL;
  if (from->bad) return false;
  launch.is_tty = (*flags & TTY) != 0;
  launch.error = 0;
  if (!user_find(user, &launch.user)) launch.error = ESRCH;
  else set_defaults((int)envc, (*flags & CLEAN) != 0);
  return true;
}

static int start(struct slot *slot, uint32_t flags, uint32_t size) {
  long error = connect_files(slot, (flags & INPUT) != 0, size & 0xffff, size >> 16);
  if (error == 0) {
    unsigned long how = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
    error = spawn(how, child_stack + sizeof child_stack, &slot->pidfd, run_child, &launch);
    if (error > 0) {
      slot->pid = (int)error;
      error = 0;
    } else slot->pidfd = -1;
  }
  close_files();
  return error < 0 ? (int)-error : launch.error;
}

void process_start(uint32_t id, struct reader *from) {
  uint32_t flags, size, timeout, window;
  if (!read_launch(from, &flags, &size, &timeout, &window)) return send_done(id, EINVAL, "", 0);
  if (launch.error != 0) return send_done(id, launch.error, "", 0);
  struct slot *slot = slot_new(PROCESS, id);
  if (slot == NULL) return send_done(id, EMFILE, "", 0);
  launch.files[0] = launch.files[1] = launch.files[2] = -1;
  int error = start(slot, flags, size);
  if (error != 0) {
    slot_free(slot);
    return send_done(id, error, "", 0);
  }
  slot->is_tty = launch.is_tty;
  slot->credit[0] = slot->credit[1] = window;
  slot->deadline = timeout == 0 ? 0 : now_ms() + timeout;
  slot->input = inputs[slot - slots];
  uint32_t pid = (uint32_t)slot->pid;
  memcpy(port_payload(), &pid, 4);
  port_send(id, STARTED, 0, 4);
  send_credit(id, INPUT_BYTES);
}

void process_input(struct slot *slot, const uint8_t *bytes, uint32_t length) {
  // More than it was allowed to send.
  if (length > INPUT_BYTES - slot->used) {
    process_signal(slot, SIGKILL);
    return;
  }
  uint32_t at = (slot->begin + slot->used) % INPUT_BYTES;
  uint32_t first = length < INPUT_BYTES - at ? length : INPUT_BYTES - at;
  memcpy(slot->input + at, bytes, first);
  memcpy(slot->input, bytes + first, length - first);
  slot->used += length;
  process_write_input(slot);
}

/* Gives the process what waits for it, and the host the room that this makes. */
void process_write_input(struct slot *slot) {
  uint32_t room = 0;
  while (slot->used > 0) {
    uint32_t length = INPUT_BYTES - slot->begin;
    if (length > slot->used) length = slot->used;
    long count = slot->fd < 0 ? length : SYS(write, slot->fd, slot->input + slot->begin, length);
    if (count == -EAGAIN || count == -EINTR) break;
    if (count <= 0) {
      // It reads no more: the rest goes nowhere.
      if (!slot->is_tty) close_fd(&slot->fd);
      count = length;
    }
    slot->begin = (slot->begin + (uint32_t)count) % INPUT_BYTES;
    slot->used -= (uint32_t)count;
    room += (uint32_t)count;
  }
  if (room > 0) send_credit(slot->id, room);
  if (slot->used == 0 && slot->ends) process_end_input(slot);
}

void process_end_input(struct slot *slot) {
  slot->ends = true;
  if (slot->used > 0) return;
  // What a terminal reads as the end. (termios, VEOF)
  if (slot->is_tty) SYS(write, slot->fd, "\4", 1);
  else close_fd(&slot->fd);
  slot->ends = false;
}

void process_signal(struct slot *slot, int signal) {
  if (signal <= 0 || signal > 64 || slot->has_exited) return;
  SYS(kill, -slot->pid, signal);
}

void process_resize(struct slot *slot, uint32_t rows, uint32_t columns) {
  struct winsize size = {(unsigned short)rows, (unsigned short)columns, 0, 0};
  if (slot->is_tty) SYS(ioctl, slot->fd, TIOCSWINSZ, &size);
}

static void close_output(struct slot *slot, int channel) {
  close_fd(&slot->output[channel]);
  port_send(slot->id, END, (uint8_t)channel, 0);
}

void process_read_output(struct slot *slot, int channel) {
  while (slot->output[channel] >= 0 && slot->credit[channel] > 0 && port_has_room(CHUNK)) {
    uint32_t most = slot->credit[channel] < CHUNK ? slot->credit[channel] : CHUNK;
    long count = SYS(read, slot->output[channel], port_payload(), most);
    if (count == -EINTR) continue;
    if (count == -EAGAIN && !slot->has_exited) return;
    if (count <= 0) {
      // The end; or what is open still is held by others that it has left behind.
      close_output(slot, channel);
      return;
    }
    slot->credit[channel] -= (uint32_t)count;
    port_send(slot->id, DATA, (uint8_t)channel, (size_t)count);
    // What is left in a pipe fits; others that hold it open may write for ever.
    if (slot->has_exited && slot->credit[channel] == 0) close_output(slot, channel);
  }
}

void process_exited(struct slot *slot) {
  struct {
    int signo, error, code, pad;
    int pid, uid, status;
    char more[100];
  } info;
  memset(&info, 0, sizeof info);
  if (SYS(waitid, P_PIDFD, slot->pidfd, &info, WEXITED | WNOHANG, 0) == 0 && info.pid == 0) return;
  close_fd(&slot->pidfd);
  slot->has_exited = true;
  slot->credit[0] += PIPE_BYTES;
  slot->credit[1] += PIPE_BYTES;
  if (info.code == 1 /* CLD_EXITED */) slot->status = info.status;
  else slot->exit_signal = info.status;
}

void process_finish(struct slot *slot) {
  if (!slot->has_exited || slot->output[0] >= 0 || slot->output[1] >= 0) return;
  uint32_t result[3] = {(uint32_t)slot->status, (uint32_t)slot->exit_signal, slot->late};
  send_done(slot->id, 0, result, sizeof result);
  slot_free(slot);
}
