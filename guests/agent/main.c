/*
 * The guest agent: does what a host asks for over a port. (docs/design/agent.md)
 *
 * As process 1 it becomes the real one (the words of /.wasmvisor/init, or /init), after it has left a child behind that is the agent.
 */
#include <asm/signal.h>
#include <linux/fcntl.h>
#include <linux/poll.h>
#include <linux/time.h>
#include <linux/wait.h>

#include "agent.h"

struct slot slots[SLOTS];

int64_t now_ms(void) {
  struct __kernel_timespec time = {0, 0};
  SYS(clock_gettime, 1 /* CLOCK_MONOTONIC */, &time);
  return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void close_fd(int *fd) {
  if (*fd >= 0) SYS(close, *fd);
  *fd = -1;
}

struct slot *slot_find(uint32_t id) {
  for (struct slot *slot = slots; slot < slots + SLOTS; slot++)
    if (slot->kind != FREE && slot->id == id) return slot;
  return NULL;
}

struct slot *slot_new(enum kind kind, uint32_t id) {
  for (struct slot *slot = slots; slot < slots + SLOTS; slot++) {
    if (slot->kind != FREE) continue;
    memset(slot, 0, sizeof *slot);
    slot->kind = kind;
    slot->id = id;
    slot->fd = slot->output[0] = slot->output[1] = slot->pidfd = -1;
    return slot;
  }
  return NULL;
}

void slot_free(struct slot *slot) {
  close_fd(&slot->fd);
  close_fd(&slot->output[0]);
  close_fd(&slot->output[1]);
  close_fd(&slot->pidfd);
  slot->kind = FREE;
}

/* A new host: what the last one has begun is dropped. Its processes go on, without anybody who reads or feeds them. */
void slots_reset(void) {
  for (struct slot *slot = slots; slot < slots + SLOTS; slot++)
    if (slot->kind != FREE) slot_free(slot);
  system_thaw();
}

/* Processes that nobody waits for any more are reaped when there is something to do. */
static void reap_strays(void) {
  for (;;) {
    struct {
      int signo, error, code, pad;
      int pid, uid, status;
      char more[100];
    } info;
    memset(&info, 0, sizeof info);
    if (SYS(waitid, P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT, 0) < 0 || info.pid == 0) return;
    for (struct slot *slot = slots; slot < slots + SLOTS; slot++)
      if (slot->kind == PROCESS && !slot->has_exited && slot->pid == info.pid) return;
    SYS(waitid, P_PID, info.pid, 0, WEXITED | WNOHANG, 0);
  }
}

static void handle_running(struct slot *slot, const struct frame *frame, struct reader *payload) {
  bool is_process = slot->kind == PROCESS;
  switch (frame->type) {
    case DATA:
      if (is_process) process_input(slot, frame->payload, frame->length);
      else if (slot->kind == WRITING) file_take(slot, frame->payload, frame->length);
      return;
    case END:
      if (is_process) process_end_input(slot);
      else if (slot->kind == WRITING) file_end(slot);
      return;
    case CREDIT: {
      uint32_t *credit = &slot->credit[frame->channel & 1];
      uint32_t more = read_u32(payload);
      *credit = more > 0xffffffff - *credit ? 0xffffffff : *credit + more;
      return;
    }
    case SIGNAL:
      if (is_process) process_signal(slot, (int)read_u32(payload));
      return;
    case RESIZE: {
      uint32_t size = read_u32(payload);
      if (is_process) process_resize(slot, size & 0xffff, size >> 16);
      return;
    }
    default:
      if (is_process) process_signal(slot, SIGKILL);
      slot_free(slot);
  }
}

/* What would wait for a disk that is frozen, and with it for us. */
static bool must_wait(uint8_t type) {
  return is_frozen && (type == EXEC || type == WRITE || (type >= MKDIR && type <= RENAME && type != READLINK));
}

static void handle(const struct frame *frame) {
  struct reader payload = {frame->payload, frame->payload + frame->length, false};
  uint32_t id = frame->id;
  struct slot *slot = slot_find(id);
  if (frame->type >= DATA && frame->type <= CANCEL) {
    // Of a request that has ended meanwhile.
    if (slot != NULL) handle_running(slot, frame, &payload);
    return;
  }
  if (slot != NULL || id == 0) return;
  if (must_wait(frame->type)) return send_done(id, EBUSY, "", 0);
  follow_root();
  switch (frame->type) {
    case EXEC:
      return process_start(id, &payload);
    case READ:
      return file_read(id, &payload);
    case WRITE:
      return file_write(id, &payload);
    case LIST:
      return file_list(id, &payload);
    case STAT:
    case MKDIR:
    case SYMLINK:
    case READLINK:
    case REMOVE:
    case CHANGE:
    case RENAME:
      return file_request(frame->type, id, &payload);
    case SHUTDOWN:
    case CLOCK:
    case FREEZE:
    case THAW:
      return system_request(frame->type, id, &payload);
    default:
      return send_done(id, ENOSYS, "", 0);
  }
}

#define FILES (1 + 4 * SLOTS)
static struct pollfd polled[FILES];
static int polled_count;

static void watch(int fd, short events) {
  if (fd >= 0) polled[polled_count++] = (struct pollfd){fd, events, 0};
}

/* Lists what is waited for. The longest wait in milliseconds; -1: as long as it takes. */
static int64_t list_files(void) {
  int64_t wait = -1;
  polled_count = 0;
  watch(port_fd, (short)(POLLIN | (port_wants_write() ? POLLOUT : 0)));
  bool has_room = port_has_room(PAYLOAD_MOST);
  for (struct slot *slot = slots; slot < slots + SLOTS; slot++) {
    if (slot->kind == FREE || slot->kind == WRITING) continue;
    if (slot->kind != PROCESS) {
      if (has_room && slot->credit[0] > 0) wait = 0;
      continue;
    }
    watch(slot->pidfd, POLLIN);
    if (slot->used > 0) watch(slot->fd, POLLOUT);
    for (int channel = 0; channel < 2; channel++)
      if (has_room && slot->credit[channel] > 0) watch(slot->output[channel], POLLIN);
    if (slot->deadline == 0 || slot->has_exited) continue;
    int64_t left = slot->deadline - now_ms();
    if (left < 0) left = 0;
    if (wait < 0 || left < wait) wait = left;
  }
  return wait;
}

static void serve_slots(void) {
  for (struct slot *slot = slots; slot < slots + SLOTS; slot++) {
    if (slot->kind == READING || slot->kind == LISTING) file_produce(slot);
    if (slot->kind != PROCESS) continue;
    if (slot->pidfd >= 0) process_exited(slot);
    if (slot->deadline != 0 && !slot->has_exited && !slot->late && now_ms() >= slot->deadline) {
      slot->late = true;
      slot->deadline = 0;
      process_signal(slot, SIGKILL);
    }
    if (slot->used > 0 && port_has_room(0)) process_write_input(slot);
    process_read_output(slot, 0);
    process_read_output(slot, 1);
    if (port_has_room(0)) process_finish(slot);
  }
}

/* Serves one line until it is gone. */
static void serve(void) {
  for (;;) {
    if (!port_receive(handle)) return;
    serve_slots();
    if (!port_flush()) return;
    int64_t wait = list_files();
    struct __kernel_timespec time = {wait / 1000, wait % 1000 * 1000000};
    SYS(ppoll, polled, polled_count, wait < 0 ? NULL : &time, NULL, 8);
    reap_strays();
  }
}

static void ignore_signal(int signal) {
  struct {
    void (*handler)(int);
    unsigned long flags, mask;
  } ignored = {(void (*)(int))1, 0, 0};
  SYS(rt_sigaction, signal, &ignored, 0, 8);
}

static _Noreturn void run_agent(void) {
  SYS(setsid, 0);
  SYS(chdir, "/");
  SYS(umask, 022);
  ignore_signal(SIGPIPE);
  ignore_signal(SIGHUP);
  for (;;) {
    port_find();
    serve();
    slots_reset();
    close_fd(&port_fd);
    struct __kernel_timespec pause = {0, 100000000};
    SYS(nanosleep, &pause, 0);
  }
}

/* Becomes the program that process 1 was meant to be. */
static void become_init(char **argv, char **envp) {
  static char path[PATH_BYTES];
  if (read_file("/.wasmvisor/init", path, sizeof path) > 0) {
    for (char *at = path; *at; at++)
      if (*at == '\n') *at = 0;
    argv[0] = path;
    SYS(execve, path, argv, envp);
  }
  argv[0] = "/init";
  SYS(execve, "/init", argv, envp);
  argv[0] = "/sbin/init";
  SYS(execve, "/sbin/init", argv, envp);
}

int agent_main(long *stack) {
  char **argv = (char **)(stack + 1);
  char **envp = argv + stack[0] + 1;
  bool is_first = SYS(getpid, 0) == 1;
  // In the background: who has started us goes on.
  long child = SYS(clone, SIGCHLD, 0, 0, 0, 0);
  if (child == 0) run_agent();
  if (is_first) become_init(argv, envp);
  return child < 0 || is_first ? 1 : 0;
}
