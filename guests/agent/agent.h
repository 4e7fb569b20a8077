/* The guest agent: what its files share. The protocol is in docs/design/agent.md and src/vmm/agent/protocol.ts. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../lib/memory.h"
#include "syscall.h"

#define VERSION 1
#define PAYLOAD_MOST 65536
#define HEADER_BYTES 12
#define PATH_BYTES 4096

/* What a frame is. */
enum type {
  HELLO = 1,
  EXEC = 2,
  DATA = 3,
  END = 4,
  CREDIT = 5,
  SIGNAL = 6,
  RESIZE = 7,
  CANCEL = 8,
  READ = 16,
  WRITE = 17,
  LIST = 18,
  STAT = 19,
  MKDIR = 20,
  SYMLINK = 21,
  READLINK = 22,
  REMOVE = 23,
  CHANGE = 24,
  RENAME = 25,
  SHUTDOWN = 32,
  CLOCK = 33,
  FREEZE = 34,
  THAW = 35,
  STARTED = 64,
  DONE = 65,
};

struct frame {
  uint32_t length, id;
  uint8_t type, channel;
  const uint8_t *payload;
};

/* Reads a payload piece by piece; `bad` once there was less than was wanted. */
struct reader {
  const uint8_t *at, *end;
  bool bad;
};

uint32_t read_u32(struct reader *from);
uint64_t read_u64(struct reader *from);
/* A string that ends with a zero byte within the payload; "" when there is none. */
const char *read_text(struct reader *from);

/* port.c: the line to the host. */
extern int port_fd;
/* vsock.c: a stream to the host; -1: there is none yet. */
int vsock_open(void);
void port_find(void);
/* Room for this many more bytes of payload, in a frame of its own. */
bool port_has_room(size_t payload);
/* Where the payload of the next frame goes; `port_send` sends it. */
uint8_t *port_payload(void);
/* The same at a multiple of eight, where the kernel's copies take a quarter of the instructions; after an empty frame where it must be. */
uint8_t *port_align(uint32_t id);
void port_send(uint32_t id, uint8_t type, uint8_t channel, size_t length);
bool port_wants_write(void);
/* Writes what waits; false when the line is gone. */
bool port_flush(void);
/* Reads what is there and calls `handle` for each frame; false when the line is gone. */
bool port_receive(void (*handle)(const struct frame *));
/* Frees what waits, and takes nothing before the next HELLO. */
void port_resync(void);

void send_done(uint32_t id, int error, const void *more, size_t length);
void send_credit(uint32_t id, uint32_t bytes);

/* A request that goes on: a process, or a file that is read or written. */
enum kind { FREE, PROCESS, READING, WRITING, LISTING };

#define INPUT_BYTES 65536

struct slot {
  enum kind kind;
  uint32_t id;
  int fd;            /* the file; of a process its input, or its terminal */
  int output[2];     /* of a process: stdout and stderr */
  int pidfd, pid;
  uint32_t credit[2]; /* bytes that the host takes */
  bool is_tty, ends, has_exited, late;
  int64_t deadline;  /* milliseconds of the monotonic clock; 0: none */
  uint64_t left;     /* READING: bytes still to be read */
  uint32_t begin, used; /* input that waits for the process; WRITING: `used` bytes that the host has not been told of */
  int status, exit_signal;
  uint8_t *input;
};

#define SLOTS 64
extern struct slot slots[SLOTS];

struct slot *slot_new(enum kind kind, uint32_t id);
struct slot *slot_find(uint32_t id);
void slot_free(struct slot *slot);
void slots_reset(void);
int64_t now_ms(void);
void close_fd(int *fd);

/* process.c */
void process_start(uint32_t id, struct reader *from);
void process_input(struct slot *slot, const uint8_t *bytes, uint32_t length);
void process_end_input(struct slot *slot);
void process_signal(struct slot *slot, int signal);
void process_resize(struct slot *slot, uint32_t rows, uint32_t columns);
void process_write_input(struct slot *slot);
void process_read_output(struct slot *slot, int channel);
void process_exited(struct slot *slot);
/* Sends what is left once it has exited. */
void process_finish(struct slot *slot);

/* files.c */
void file_read(uint32_t id, struct reader *from);
void file_write(uint32_t id, struct reader *from);
void file_list(uint32_t id, struct reader *from);
void file_produce(struct slot *slot);
void file_take(struct slot *slot, const uint8_t *bytes, uint32_t length);
void file_end(struct slot *slot);
void file_request(uint8_t type, uint32_t id, struct reader *from);

/* users.c */
struct user {
  uint32_t uid, gid, groups[64];
  int group_count;
  char name[64], home[256];
};
/* By name or number; false when /etc/passwd has no such name. "" is root. */
bool user_find(const char *name, struct user *user);

/* system.c */
extern bool is_frozen;
void system_request(uint8_t type, uint32_t id, struct reader *from);
void system_thaw(void);
/* The root directory is that of process 1, which may have moved on to a disk. */
void follow_root(void);
bool awaits_root(void);

/* text.c */
bool same(const char *a, const char *b);
/* Copies text, as much as fits; false when not all of it does. */
bool copy_text(char *to, size_t room, const char *from);
/* Appends a number in decimal. */
char *put_number(char *to, uint64_t number);
/* Reads all of a small file, and puts a zero after it; bytes read, or -errno. */
long read_file(const char *path, char *into, size_t room);
