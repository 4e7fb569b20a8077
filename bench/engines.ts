/** How much slower is an integer program on each engine, full system, than the same C compiled by gcc -O2? */

import { spawnSync } from "node:child_process";
import type { EngineName } from "../src/index.ts";
import { type Contestant, installed, interleaved, median } from "./support/measure.ts";
import type { Bench, Report, Row } from "./support/report.ts";

const WORKLOAD = "mix";
/** About a billion guest instructions: long against start-up, which is measured and taken off. */
const SCALE = 3000;
const REPETITIONS = 5;

/** One way to run the workload at a scale. */
interface Way {
  readonly name: string;
  /** Programs that must be installed. */
  readonly needs: string;
  readonly command: (scale: number) => Contestant["command"];
}

const elf = `guests/bin/${WORKLOAD}.elf`;
const qemu = "qemu-system-riscv64";

function wasmvisor(engine: EngineName): Way {
  return {
    name: `wasmvisor, ${engine}`,
    needs: "node",
    command: (scale) => [
      ...(["node", "dist/src/cli/main.js", "run", "--engine", engine, "--bios", "none", "-m", "128M"] as const),
      ...["--kernel", elf, "--append", `scale=${scale}`],
    ],
  };
}

const ways: readonly Way[] = [
  {
    name: "native, gcc -O2",
    needs: "gcc",
    command: (scale) => [`build/guests/native/${WORKLOAD}`, String(scale)],
  },
  {
    name: "Wasm in node",
    needs: "node",
    command: (scale) => ["node", "bench/support/run-wasm.mjs", `guests/wasm/${WORKLOAD}.wasm`, String(scale)],
  },
  wasmvisor("interpreter"),
  wasmvisor("tiered"),
  {
    name: qemu,
    needs: qemu,
    command: (scale) => [
      ...([qemu, "-M", "virt", "-m", "128M", "-display", "none", "-serial", "stdio", "-monitor", "none"] as const),
      ...["-bios", "none", "-kernel", elf, "-append", `scale=${scale}`],
    ],
  },
];

function rowOf(name: string, seconds: number, startup: number, native: number | undefined): Row {
  const row = { "how it runs": name, "user s": seconds, "start-up s": startup };
  return native === undefined ? row : { ...row, "times native": seconds / native };
}

function measure(present: readonly Way[]): readonly Row[] {
  const contestants = present.flatMap(({ name, command }) => [
    { name, command: command(SCALE) },
    { name: `${name}, start-up`, command: command(1) },
  ]);
  const samples = interleaved(contestants, REPETITIONS);
  const user = (name: string): number => median(samples.get(name)!.map(({ userSeconds }) => userSeconds));
  const timed = present.map(({ name }) => {
    const startup = user(`${name}, start-up`);
    return { name, startup, seconds: user(name) - startup };
  });
  const native = timed.find(({ name }) => name.startsWith("native"))?.seconds;
  return timed.map(({ name, seconds, startup }) => rowOf(name, seconds, startup, native));
}

function run(): Report {
  const present = ways.filter(({ needs }) => installed(needs));
  const absent = ways.filter((way) => !present.includes(way)).map(({ name, needs }) => `${name}: no ${needs} here.`);
  if (installed("gcc")) spawnSync("node", ["scripts/guests-build.mjs", "--native"], { stdio: "ignore" });
  return {
    question: bench.question,
    rows: measure(present),
    notes: [
      `Workload ${WORKLOAD}, scale ${SCALE}; user CPU time of all threads, median of ${REPETITIONS} interleaved runs, start-up taken off.`,
      ...absent,
    ],
  };
}

export const bench: Bench = {
  question: "How much slower than native is an integer program on each engine, full system?",
  run: () => Promise.resolve(run()),
};
