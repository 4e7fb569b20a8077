/* The end of a guest: the SiFive test finisher that QEMU's virt board has at 0x100000. */
#pragma once

/* Exit codes the runtime itself uses. */
#define FINISH_OK 0
#define FINISH_FAIL 1
#define FINISH_TRAP 3

/* Powers the machine off; code 0 is a pass, anything else becomes the exit code of QEMU or wasmvisor. */
_Noreturn void finish(unsigned code);
