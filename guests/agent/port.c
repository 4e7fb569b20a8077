/* The line to the host: a port of a virtio console device, or a stream of a socket device (vsock.c). */
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <linux/time.h>

#include "agent.h"

#define PORT_NAME "org.wasmvisor.agent"
#define OUT_BYTES (1 << 18)
#define IN_BYTES (1 << 18)
/* What is kept free for answers, which are short. */
#define RESERVE 16384
/* The driver copies what is written at once. */
#define WRITE_MOST 32768

int port_fd = -1;

static uint8_t out[OUT_BYTES] __attribute__((aligned(16)));
static size_t out_begin, out_end;
static uint8_t in[IN_BYTES] __attribute__((aligned(16)));
static size_t in_begin, in_end;
/* Nothing counts before a HELLO. */
static bool is_synced;

static const uint8_t magic[16] = "wasmvisor-agent";

struct dirent64 {
  uint64_t ino;
  int64_t off;
  uint16_t reclen;
  uint8_t type;
  char name[];
};

/* Looks for our port among those of one directory of sysfs. */
static bool find_name(char *device, size_t room) {
  static uint8_t entries[2048] __attribute__((aligned(8)));
  long fd = SYS(openat, AT_FDCWD, "/sys/class/virtio-ports", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (fd < 0) return false;
  bool found = false;
  for (long count; !found && (count = SYS(getdents64, fd, entries, sizeof entries)) > 0;) {
    for (long at = 0; !found && at < count;) {
      struct dirent64 *entry = (struct dirent64 *)(entries + at);
      at += entry->reclen;
      char path[320], name[128];
      if (entry->name[0] == '.' || strlen(entry->name) > 64) continue;
      copy_text(path, sizeof path, "/sys/class/virtio-ports/");
      copy_text(path + strlen(path), 128, entry->name);
      copy_text(path + strlen(path), 16, "/name");
      if (read_file(path, name, sizeof name) <= 0) continue;
      for (char *end = name; *end; end++)
        if (*end == '\n') *end = 0;
      if (!same(name, PORT_NAME)) continue;
      copy_text(device, room, "/dev/");
      copy_text(device + 5, room - 5, entry->name);
      found = true;
    }
  }
  SYS(close, fd);
  return found;
}

static void pause_ms(long milliseconds) {
  struct __kernel_timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  SYS(nanosleep, &time, 0);
}

/* Milliseconds for which a machine may look for its disk before we serve what there is. */
#define ROOT_PATIENCE 120000

#define LINKS_PATIENCE 10000

static bool exists(const char *path) { return SYS(faccessat, AT_FDCWD, path, 0) == 0; }

/* A system that busybox has still to make its commands for, the last of which is zcat. */
static bool awaits_links(void) { return exists("/bin/busybox") && !exists("/bin/zcat") && !exists("/usr/bin/zcat"); }

/*
 * Waits until the port is there: /sys, /dev and the driver may come after us. And until the machine has moved on to its disk, where it is
 * to do that: commands are to run there. Looks often at first, while the machine boots.
 */
void port_find(void) {
  char device[128];
  out_begin = out_end = in_begin = in_end = 0;
  is_synced = false;
  int64_t begin = now_ms();
  for (int tries = 0; port_fd < 0; tries++) {
    int64_t waited = now_ms() - begin;
    bool is_early = (awaits_root() && waited < ROOT_PATIENCE) || (awaits_links() && waited < LINKS_PATIENCE);
    if (is_early) port_fd = -1;
    else if (find_name(device, sizeof device)) port_fd = (int)SYS(openat, AT_FDCWD, device, O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
    else port_fd = vsock_open();
    if (port_fd < 0) pause_ms(tries < 500 ? 20 : 500);
  }
}

bool port_has_room(size_t payload) { return out_end + HEADER_BYTES + payload + RESERVE <= OUT_BYTES; }

uint8_t *port_payload(void) { return out + out_end + HEADER_BYTES; }

static void put_u32(uint8_t *at, uint32_t value) {
  at[0] = (uint8_t)value;
  at[1] = (uint8_t)(value >> 8);
  at[2] = (uint8_t)(value >> 16);
  at[3] = (uint8_t)(value >> 24);
}

void port_send(uint32_t id, uint8_t type, uint8_t channel, size_t length) {
  uint8_t *at = out + out_end;
  put_u32(at, (uint32_t)length);
  put_u32(at + 4, id);
  put_u32(at + 8, type | (uint32_t)channel << 8);
  out_end += HEADER_BYTES + length;
}

uint8_t *port_align(uint32_t id) {
  if ((out_end + HEADER_BYTES) % 8 != 0) port_send(id, DATA, 0, 0);
  return port_payload();
}

void send_done(uint32_t id, int error, const void *more, size_t length) {
  uint8_t *payload = port_payload();
  put_u32(payload, (uint32_t)error);
  memcpy(payload + 4, more, length);
  port_send(id, DONE, 0, 4 + length);
}

void send_credit(uint32_t id, uint32_t bytes) {
  put_u32(port_payload(), bytes);
  port_send(id, CREDIT, 0, 4);
}

bool port_wants_write(void) { return out_begin < out_end; }

bool port_flush(void) {
  while (out_begin < out_end) {
    size_t length = out_end - out_begin;
    if (length > WRITE_MOST) length = WRITE_MOST;
    long count = SYS(write, port_fd, out + out_begin, length);
    if (count == -EAGAIN || count == -EINTR) return true;
    if (count <= 0) return false;
    out_begin += (size_t)count;
  }
  out_begin = out_end = 0;
  return true;
}

void port_resync(void) { is_synced = false; }

static void answer_hello(struct reader *from) {
  uint64_t nonce = read_u64(from);
  uint32_t version = read_u32(from);
  slots_reset();
  // Answers to nobody: what has not begun to go out is dropped.
  if (out_begin == 0) out_end = 0;
  if (!port_has_room(64)) return;
  uint8_t *payload = port_payload();
  memcpy(payload, magic, sizeof magic);
  put_u32(payload + 16, (uint32_t)nonce);
  put_u32(payload + 20, (uint32_t)(nonce >> 32));
  put_u32(payload + 24, version < VERSION ? version : VERSION);
  put_u32(payload + 28, PAYLOAD_MOST);
  port_send(0, HELLO, 0, 32);
}

/* Skips to where a HELLO may begin. */
static void find_hello(void) {
  while (in_end - in_begin >= HEADER_BYTES + sizeof magic) {
    if (memcmp(in + in_begin + HEADER_BYTES, magic, sizeof magic) == 0) return;
    in_begin++;
  }
}

/* Handles the frames that are there whole. */
static void handle_frames(void (*handle)(const struct frame *)) {
  while (port_has_room(0)) {
    if (!is_synced) find_hello();
    if (in_end - in_begin < HEADER_BYTES) break;
    struct reader header = {in + in_begin, in + in_begin + HEADER_BYTES, false};
    uint32_t length = read_u32(&header);
    uint32_t id = read_u32(&header);
    uint32_t kind = read_u32(&header);
    bool is_hello = (kind & 0xff) == HELLO && id == 0 && length == 32;
    if (length > PAYLOAD_MOST || (!is_synced && !is_hello)) {
      // Not a frame of ours. What follows is looked at byte by byte.
      if (!is_synced && in_end - in_begin < HEADER_BYTES + sizeof magic) break;
      in_begin++;
      is_synced = false;
      continue;
    }
    if (in_end - in_begin < HEADER_BYTES + length) break;
    struct frame frame = {length, id, (uint8_t)kind, (uint8_t)(kind >> 8), in + in_begin + HEADER_BYTES};
    in_begin += HEADER_BYTES + length;
    if (is_hello) {
      struct reader payload = {frame.payload + sizeof magic, frame.payload + length, false};
      is_synced = memcmp(frame.payload, magic, sizeof magic) == 0;
      if (is_synced) answer_hello(&payload);
    } else handle(&frame);
  }
}

/* How much to read: no more than the frame that has begun, so that the next one lies at the buffer's start, aligned, and nothing is moved. */
static size_t wanted(void) {
  size_t room = IN_BYTES - in_end, there = in_end - in_begin;
  if (!is_synced || there < HEADER_BYTES) return room;
  struct reader header = {in + in_begin, in + in_end, false};
  size_t frame = HEADER_BYTES + (size_t)read_u32(&header);
  return there < frame && frame - there < room ? frame - there : room;
}

bool port_receive(void (*handle)(const struct frame *)) {
  handle_frames(handle);
  for (;;) {
    if (in_begin == in_end) in_begin = in_end = 0;
    if (IN_BYTES - in_end < HEADER_BYTES + PAYLOAD_MOST) {
      if (in_begin == 0) return true;
      memmove(in, in + in_begin, in_end - in_begin);
      in_end -= in_begin;
      in_begin = 0;
      if (IN_BYTES - in_end < HEADER_BYTES + PAYLOAD_MOST) return true;
    }
    long count = SYS(read, port_fd, in + in_end, wanted());
    if (count == -EAGAIN || count == -EINTR) return true;
    if (count <= 0) return false;
    in_end += (size_t)count;
    handle_frames(handle);
    if (!port_has_room(0)) return true;
  }
}
