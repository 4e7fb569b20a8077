/* Non-local jumps: jump_save returns 0, and again with the value that jump_to gives. */
#pragma once
#include <stdint.h>

/* ra, sp, s0-s11, fs0-fs11 */
typedef uint64_t jump_buffer[26];

__attribute__((returns_twice)) int jump_save(jump_buffer buffer);
_Noreturn void jump_to(jump_buffer buffer, int value);
