/** How much slower are the bundled workloads on each engine, full system, than the same C compiled by gcc -O2? By kind of workload. */

import { spawnSync } from "node:child_process";
import type { EngineName } from "../src/index.ts";
import { geometricMean } from "../src/study/statistics.ts";
import { type Workload, WORKLOADS } from "../src/study/workloads.ts";
import { type Contestant, installed, interleaved, median, QUICK, roundsOf, runOnce } from "./support/measure.ts";
import type { Bench, Report, Row } from "./support/report.ts";

const REPETITIONS = roundsOf(3);

/** What a native run should take at least, seconds: long against start-up, which is measured and taken off. */
const NATIVE_SECONDS = QUICK ? 0.1 : 0.4;

const KINDS = ["integer", "control", "floating-point", "fused"] as const;

/** One way to run a workload at a scale. */
interface Way {
  readonly name: string;
  /** Programs that must be installed. */
  readonly needs: string;
  readonly command: (workload: string, scale: number) => Contestant["command"];
}

const NATIVE = "native, gcc -O2";

function wasmvisor(engine: EngineName): Way {
  return {
    name: engine,
    needs: "node",
    command: (workload, scale) => [
      ...(["node", "dist/src/cli/main.js", "run", "--engine", engine, "--bios", "none", "-m", "128M"] as const),
      ...["--kernel", `guests/bin/${workload}.elf`, "--append", `scale=${scale}`],
    ],
  };
}

const ways: readonly Way[] = [
  {
    name: NATIVE,
    needs: "gcc",
    command: (workload, scale) => [`build/guests/native/${workload}`, String(scale)],
  },
  {
    name: "Wasm",
    needs: "node",
    command: (workload, scale) => ["node", "bench/support/run-wasm.mjs", `guests/wasm/${workload}.wasm`, String(scale)],
  },
  wasmvisor("tiered"),
  wasmvisor("interpreter"),
  {
    name: "qemu-system-riscv64",
    needs: "qemu-system-riscv64",
    command: (workload, scale) => [
      ...(["qemu-system-riscv64", "-M", "virt", "-m", "128M", "-display", "none", "-serial", "stdio"] as const),
      ...["-monitor", "none", "-bios", "none", "-kernel", `guests/bin/${workload}.elf`, "-append", `scale=${scale}`],
    ],
  },
  {
    name: "qemu-riscv64",
    needs: "qemu-riscv64",
    command: (workload, scale) => ["qemu-riscv64", `build/guests/linux/${workload}`, String(scale)],
  },
];

/** The first scale, of 1, 2, 4 …, at which the native program takes long enough; the same rule for every workload. */
function scaleOf(native: Way, workload: string): number {
  let scale = 1;
  while (runOnce(native.command(workload, scale)).userSeconds < NATIVE_SECONDS) scale *= 2;
  return scale;
}

/** User seconds by way, start-up taken off. */
function measure(present: readonly Way[], workload: string, scale: number): Map<string, number> {
  const contestants = present.flatMap(({ name, command }) => [
    { name, command: command(workload, scale) },
    { name: `${name}, start-up`, command: command(workload, 1) },
  ]);
  const samples = interleaved(contestants, REPETITIONS);
  const user = (name: string): number => median(samples.get(name)!.map(({ userSeconds }) => userSeconds));
  return new Map(present.map(({ name }) => [name, user(name) - user(`${name}, start-up`)]));
}

/** How many times native, by way. */
function ratiosOf(seconds: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const native = seconds.get(NATIVE)!;
  return new Map([...seconds].map(([name, value]) => [name, value / native]));
}

function rowsOf(kind: string, workloads: readonly Workload[], present: readonly Way[]): readonly Row[] {
  const native = present.find(({ name }) => name === NATIVE)!;
  const measured = workloads.map(({ name }) => {
    const scale = scaleOf(native, name);
    return { name, scale, ratios: ratiosOf(measure(present, name, scale)) };
  });
  const mean = present.map(
    ({ name }) => [name, geometricMean(measured.map(({ ratios }) => ratios.get(name)!))] as const,
  );
  return [
    ...measured.map(({ name, scale, ratios }) => ({ workload: name, scale, ...Object.fromEntries(ratios) })),
    { workload: `${kind}: geometric mean`, scale: "", ...Object.fromEntries(mean) },
  ];
}

/** Compiles what is not committed. */
function build(): void {
  for (const option of ["--native", "--linux"]) spawnSync("node", ["scripts/guests-build.mjs", option]);
}

function run(): Report {
  if (!installed("gcc")) throw new Error("There is nothing to compare with: install gcc.");
  build();
  const present = ways.filter(({ needs }) => installed(needs));
  const absent = ways.filter((way) => !present.includes(way)).map(({ name, needs }) => `${name}: no ${needs} here.`);
  const rows = KINDS.flatMap((kind) =>
    rowsOf(
      kind,
      WORKLOADS.filter((workload) => workload.kind === kind),
      present,
    ),
  );
  return {
    question: bench.question,
    rows,
    notes: [
      `Times native, user CPU time of all threads, medians of ${REPETITIONS} interleaved runs, start-up taken off; native runs of ${NATIVE_SECONDS} to ${2 * NATIVE_SECONDS} s.`,
      "Fused: products and sums are contracted where the machine can, as compilers do when they are not told otherwise.",
      ...absent,
    ],
  };
}

export const bench: Bench = {
  question: "How much slower than native are the bundled workloads on each engine, full system?",
  run: () => Promise.resolve(run()),
};
