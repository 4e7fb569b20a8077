/**
 * The study as a library: experiments, the engine that runs them, and reports.
 *
 * ```ts
 * import { EXPERIMENTS, Study, textReport } from "wasmvisor/study";
 *
 * const study = new Study(environment, { experiments: EXPERIMENTS.slice(0, 1), sections: [], quick: true, peers: [], flags: [] });
 * await study.run(AbortSignal.timeout(60_000));
 * console.log(textReport(study.result()));
 * ```
 *
 * @packageDocumentation
 */

export { type Change, compareStudies, type Comparison } from "./compare.ts";
export type { CommandRun, Environment, Programs } from "./environment.ts";
export type { CommandVariant, DirectVariant, Experiment, Plot, Quantity, Variant, VmVariant } from "./experiment.ts";
export { defineExperiment } from "./experiment.ts";
export { EXPERIMENTS } from "./experiments/index.ts";
export { LADDER, PEERS } from "./ladder.ts";
export { parseResult } from "./parse-result.ts";
export { type DrawPlot, htmlReport } from "./report/html.ts";
export { markdownReport } from "./report/markdown.ts";
export { textReport } from "./report/text.ts";
export type * from "./result.ts";
export { SECTIONS } from "./sections.ts";
export { Study, type StudyOptions, type StudyProgress } from "./study.ts";
export { webEnvironment } from "./web-environment.ts";
export { WORKLOADS, type Workload, type WorkloadKind, workloadsNamed } from "./workloads.ts";
