/* The line to the host over a socket device, where there is no port of ours. */
#include <linux/fcntl.h>

#include "agent.h"

#define AF_VSOCK 40
#define SOCK_STREAM 1
#define SOCK_CLOEXEC O_CLOEXEC
/* Of the host; "wv". */
#define HOST_PORT 0x7776
/* The host believes only those who may use ports below 1024. */
#define OWN_PORT_MOST 1023
#define OWN_PORT_LEAST 1000

#define CID_ANY 0xffffffffu
#define CID_HOST 2

/* (linux/vm_sockets.h, which needs a C library's headers) */
struct sockaddr_vm {
  uint16_t svm_family, svm_reserved;
  uint32_t svm_port, svm_cid;
  uint8_t svm_flags, svm_zero[3];
};

static long bind_own(long fd) {
  struct sockaddr_vm own;
  memset(&own, 0, sizeof own);
  own.svm_family = AF_VSOCK;
  own.svm_cid = CID_ANY;
  for (own.svm_port = OWN_PORT_MOST; own.svm_port >= OWN_PORT_LEAST; own.svm_port--) {
    long error = SYS(bind, fd, &own, sizeof own);
    if (error != -EADDRINUSE) return error;
  }
  return -EADDRINUSE;
}

int vsock_open(void) {
  long fd = SYS(socket, AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  struct sockaddr_vm host;
  memset(&host, 0, sizeof host);
  host.svm_family = AF_VSOCK;
  host.svm_cid = CID_HOST;
  host.svm_port = HOST_PORT;
  if (bind_own(fd) == 0 && SYS(connect, fd, &host, sizeof host) == 0 && SYS(fcntl, fd, F_SETFL, O_NONBLOCK) == 0) return (int)fd;
  SYS(close, fd);
  return -1;
}
