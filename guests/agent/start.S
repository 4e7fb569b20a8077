# Where the kernel enters: argc, argv and envp lie at the stack pointer. (RISC-V ELF psABI, "Process initialization" is the kernel's)
.section .text
.globl _start
_start:
  .option push
  .option norelax
  la gp, __global_pointer$
  .option pop
  mv a0, sp
  andi sp, sp, -16
  call agent_main
  li a7, 94 # exit_group
  ecall

# long syscall6(long number, long a, long b, long c, long d, long e, long f)
.globl syscall6
syscall6:
  mv a7, a0
  mv a0, a1
  mv a1, a2
  mv a2, a3
  mv a3, a4
  mv a4, a5
  mv a5, a6
  ecall
  ret

# long spawn(unsigned long flags, void *stack, int *pidfd, void (*run)(void *), void *argument)
# clone(2) onto a stack of its own, for a child that shares our memory until it executes a program. `run` must not return.
.globl spawn
spawn:
  addi a1, a1, -16
  sd a3, 0(a1)
  sd a4, 8(a1)
  li a3, 0
  li a4, 0
  li a7, 220 # clone
  ecall
  beqz a0, 1f
  ret
1:
  ld t0, 0(sp)
  ld a0, 8(sp)
  li fp, 0
  jr t0
