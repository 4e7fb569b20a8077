/** Results made up for tests. */

import type { About, Cell, ExperimentResult, StudyResult } from "../../src/study/result.ts";
import { RESULT_FORMAT } from "../../src/study/result.ts";
import { finishCells, summaryOf, voidedCells } from "../../src/study/finish.ts";

/** A cell whose samples took `nanoseconds` for each instruction. */
export function cell(
  workload: string,
  variant: string,
  nanoseconds: readonly number[],
  more: Partial<Cell> = {},
): Cell {
  return {
    workload,
    variant,
    scale: 10,
    check: "self-check",
    instructions: 1e6,
    first: { cpu: 5, wall: 6, scale: 1, instructions: 1e5, checksum: "0123456789abcdef" },
    samples: nanoseconds.map((value) => ({
      cpu: value * 2,
      wall: value * 2.5,
      steadyCpu: value,
      steadyWall: value,
      steadyInstructions: 1e6,
      warmUp: value / 10,
    })),
    ...more,
  };
}

export const ABOUT: About = {
  version: "1.2.3",
  startedAt: "2026-01-02T03:04:05.000Z",
  finishedAt: "2026-01-02T03:05:05.000Z",
  seconds: 60,
  host: { cpu: "Some CPU", cores: 2, system: "Linux 6", engine: "node 20", tools: { gcc: "gcc 12" }, cpuTime: true },
  flags: ["--quick"],
  quick: true,
  interrupted: false,
  noise: { noisy: false, reasons: [], load: [0.1, 0.9], cpuShare: 0.99, spread: 0.01 },
};

/** An experiment over some cells. */
export function experiment(
  name: string,
  cells: readonly Cell[],
  more: Partial<ExperimentResult> = {},
): ExperimentResult {
  const names = (key: "workload" | "variant") => [...new Set(cells.map((each) => each[key]))];
  return {
    name,
    title: `The ${name}`,
    question: "What is it worth?",
    variants: names("variant").map((variant) => ({ name: variant, explains: `about ${variant}` })),
    workloads: names("workload"),
    plots: [{ title: "Slowdown", kind: "bars", quantity: "slowdown", textbook: true }],
    cells: finishCells(cells, "gcc"),
    notes: [],
    ...more,
  };
}

/** A study of some experiments. */
export function study(experiments: readonly ExperimentResult[], more: Partial<StudyResult> = {}): StudyResult {
  return {
    format: RESULT_FORMAT,
    summary: summaryOf(experiments, "gcc", voidedCells(experiments)),
    about: ABOUT,
    experiments,
    sections: [],
    notes: [],
    ...more,
  };
}

/** A ladder of two workloads. */
export function ladder(): ExperimentResult {
  return experiment("ladder", [
    cell("mix", "predecode", [30, 31, 32]),
    cell("mix", "tiered", [4, 4.1, 4.2], {
      counters: { instructions: 1e6, traps: 3 },
      timeline: [
        { at: 0, instructions: 0 },
        { at: 10, instructions: 1e6 },
        { at: 20, instructions: 9e6 },
        { at: 30, instructions: 19e6 },
        { at: 40, instructions: 29e6 },
      ],
    }),
    cell("mix", "native", [1, 1, 1]),
    cell("mix", "qemu-system-riscv64", [8, 8.2, 8.4]),
    cell("fib", "predecode", [60, 62, 64]),
    cell("fib", "tiered", [16, 16.4, 16.8]),
    cell("fib", "native", [2, 2, 2]),
    cell("fib", "qemu-system-riscv64", [32, 32.8, 33.6]),
  ]);
}
