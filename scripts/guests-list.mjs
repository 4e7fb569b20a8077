/** What the bundled guests consist of, and the flags that make their bytes the same everywhere. */

/** Each is `guests/workloads/NAME.c`. */
export const workloads = [
  "mix",
  "sha256",
  "aes",
  "quicksort",
  "lz",
  "bytecode",
  "chase",
  "strsearch",
  "nbody",
  "matmul",
  "fft",
  "spectral",
  "nbody-fused",
  "matmul-fused",
  "fft-fused",
  "spectral-fused",
  "stream",
  "random",
  "fib",
  "indirect",
  "switch",
  "exceptions",
];

/** Those that need privileges: for the bare machine alone. */
export const systemWorkloads = ["syscalls", "pagefault", "ctxswitch", "timer", "mmio"];

const shared = ["crt0.S", "trap_entry.S", "trap.c", "finish.c", "console.c", "format.c", "memory.c", "fdt.c", "jump.S"];
const inLibrary = (name) => `guests/lib/${name}`;

/** The runtime's sources for M or S mode. */
export function libraryFor(mode) {
  return [...shared, ...(mode === "S" ? ["sbi.c"] : ["supervisor_entry.S", "supervisor.c"])].map(inLibrary);
}

/** Flags for bare-metal code. Without contraction of a * b + c the results are the same on every target. */
export function bareFlags(mode, source) {
  return [
    "-march=rv64gc",
    "-mabi=lp64d",
    "-mcmodel=medany",
    "-O2",
    "-g0",
    "-std=gnu11",
    "-ffreestanding",
    "-fno-pic",
    "-fno-common",
    "-fno-stack-protector",
    "-fno-asynchronous-unwind-tables",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-ffunction-sections",
    "-fdata-sections",
    "-Wall",
    "-Wextra",
    "-Wno-missing-field-initializers",
    "-Werror",
    "-Iguests/lib",
    "-Iguests/workloads",
    ...(mode === "S" ? ["-DGUEST_S"] : []),
    // Else the compiler turns memcpy's loop into a call of memcpy.
    ...(source.endsWith("/memory.c") ? ["-fno-tree-loop-distribute-patterns"] : []),
  ];
}

const demoSources = [
  "main.c",
  "machine.c",
  "paging.c",
  "probe.c",
  "faults.S",
  "input.c",
  "line.c",
  "shell.c",
  "cmd_info.c",
  "cmd_walk.c",
  "cmd_trap.c",
  "cmd_smp.c",
  "cmd_bench.c",
  "selfcheck.c",
];

/** Workloads that the demo guest's `bench` command runs; cmd_bench.c lists them, too. */
const demoWorkloads = ["mix", "sha256", "lz", "bytecode", "fib", "indirect", "random", "nbody", "matmul"];

/** Sources of the nanobenchmarks. */
export const nano = ["guests/nano/main.c", "guests/nano/loops.S"];

/** Sources of the guest agent, a program for Linux. */
export const agent = ["start.S", "main.c", "port.c", "vsock.c", "process.c", "files.c", "system.c", "users.c", "text.c"]
  .map((name) => `guests/agent/${name}`)
  .concat("guests/lib/memory.c");

/** Sources of the demo guest, with extra flags and a tag for the object's name. */
export function demo() {
  const own = demoSources.map((name) => ({ source: `guests/demo/${name}`, flags: [], tag: "demo" }));
  const work = demoWorkloads.map((name) => ({
    source: `guests/workloads/${name}.c`,
    flags: [`-DWORKLOAD_PREFIX=${name}_`],
    tag: "bench",
  }));
  return [...own, ...work];
}
