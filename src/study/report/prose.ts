/** The sentences that every form of the report has. */

import { versusQemu } from "../finish.ts";
import type { StudyResult } from "../result.ts";
import { bytes, timesWithInterval } from "./figures.ts";

/** Where and how it was measured, as pairs of a heading and a text. */
export function facts({ about, summary }: StudyResult): [string, string][] {
  const { host, noise } = about;
  const tools = Object.values(host.tools);
  return [
    [
      "Machine",
      `${host.cpu}, ${host.cores} cores${host.memoryBytes ? `, ${bytes(host.memoryBytes)}` : ""}; ${host.system}`,
    ],
    ["Engine", host.engine],
    ...(tools.length > 0 ? [["Tools", tools.join("; ")] as [string, string]] : []),
    ["wasmvisor", about.version],
    ["When", `${about.startedAt}, ${about.seconds} s${about.interrupted ? ", interrupted" : ""}`],
    ["Command", `wasmvisor study ${about.flags.join(" ")}`.trim()],
    [
      "Load average",
      noise.load.length > 0 ? noise.load.map((load) => load.toFixed(2)).join(" at first, at the end ") : "unknown",
    ],
    [
      "CPU share",
      noise.cpuShare === null ? "unknown" : `${(noise.cpuShare * 100).toFixed(0)}% of a core for single-threaded runs`,
    ],
    ["Direct execution", summary.native === "gcc" ? "the same C compiled by gcc -O2" : "the same C compiled to Wasm"],
  ];
}

/** How the figures came about. */
export function method({ about, summary }: StudyResult): string[] {
  const clock = about.host.cpuTime
    ? "CPU time, user and system, of all threads of the process, so that compiling in the background is counted"
    : "wall time, as this host does not tell CPU time";
  const native = summary.native === "gcc" ? "the same C compiled by gcc -O2" : "the same C compiled to Wasm";
  return [
    `Times are ${clock}. A slowdown is the time for a guest instruction over the time that ${native} takes for the same work, both in this run; no figure relates one run to another.`,
    "Every run is verified: by the workload's own check of its result, by equal checksums on all builds, and by equal numbers of retired instructions on all rungs at the same scale. The rung that keeps no translations is too slow for whole runs; a window of instructions from the program's beginning is run there, and checked by the hart's registers against the interpreter's.",
    "Scales differ from rung to rung, so that each run lasts long enough; figures are for each guest instruction. Steady state is the second half of a run's instructions (of a command, what it takes beyond a run at scale 1; of Wasm, runs after warming up). Warming up is what the first half took beyond that. The first result is a run at scale 1 with making the VM, or starting the program.",
    "Repetitions are interleaved: every variant of a workload once, then every variant again. Figures are medians with 95% bootstrap confidence intervals; outliers are part of them and are shown.",
    "The lines at 50x, 10x, 5x and 1.2x are the textbooks' figures for interpretation, binary translation and virtual machine monitors.",
  ];
}

/** What a reader must know before the first figure: noise, void figures, an interruption. */
export function warnings({ about, summary }: StudyResult): string[] {
  const found: string[] = [];
  if (summary.voided.length > 0) {
    found.push(
      `${summary.voided.length} figures are void, because a result was wrong or missing: ${summary.voided.join("; ")}.`,
    );
  }
  if (about.noise.noisy)
    found.push(`The machine was noisy; read the figures with care. ${about.noise.reasons.join(" ")}`);
  if (about.interrupted) found.push("The study was interrupted; what had been measured by then is shown.");
  if (about.quick) found.push("This is a quick study: few workloads and short runs. The full one is more certain.");
  return found;
}

/** `QEMU's time over ours`, with its interval. */
export function qemuText({ experiments }: StudyResult): string | undefined {
  const ladder = experiments.find(({ name }) => name === "ladder");
  const mean = ladder && versusQemu(ladder);
  return mean && timesWithInterval(mean);
}
