/* Linux's system calls, as far as the agent needs them. Each returns what the kernel does: an error is -errno. */
#pragma once
#include <asm/unistd.h>
#include <linux/errno.h>
#include <stddef.h>
#include <stdint.h>

long syscall6(long number, long a, long b, long c, long d, long e, long f);

#define SYS(name, ...) SYS_PICK(__VA_ARGS__, 6, 5, 4, 3, 2, 1, 0)(name, __VA_ARGS__)
#define SYS_PICK(a, b, c, d, e, f, n, ...) SYS_##n
#define SYS_1(name, a) syscall6(__NR_##name, (long)(a), 0, 0, 0, 0, 0)
#define SYS_2(name, a, b) syscall6(__NR_##name, (long)(a), (long)(b), 0, 0, 0, 0)
#define SYS_3(name, a, b, c) syscall6(__NR_##name, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define SYS_4(name, a, b, c, d) syscall6(__NR_##name, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define SYS_5(name, a, b, c, d, e) syscall6(__NR_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0)
#define SYS_6(name, a, b, c, d, e, f) \
  syscall6(__NR_##name, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
