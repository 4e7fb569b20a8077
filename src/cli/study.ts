/** `wasmvisor study`: runs experiments and writes reports. */

import { WasmvisorError } from "../error.ts";
import { removeBuilt } from "../host/machine-info.ts";
import { loadModule } from "../host/load-module.ts";
import * as host from "../host/process.ts";
import type { Draw } from "../host/vega.ts";
import { checkExperiment } from "../study/check-experiment.ts";
import type { Experiment, Variant } from "../study/experiment.ts";
import { EXPERIMENTS } from "../study/experiments/index.ts";
import { PEERS } from "../study/ladder.ts";
import { textReport } from "../study/report/text.ts";
import { parseResult } from "../study/parse-result.ts";
import type { StudyResult } from "../study/result.ts";
import { resultJson } from "../study/result-json.ts";
import { SECTIONS } from "../study/sections.ts";
import { Study } from "../study/study.ts";
import { workloadsNamed } from "../study/workloads.ts";
import { readResult } from "./study-result.ts";
import { nodeEnvironment } from "./study-environment.ts";
import type { StudyRunOptions } from "./study-options.ts";
import { StudyProgressLine } from "./study-progress.ts";
import { drawFor, writeReports } from "./study-write.ts";

const VOIDED = 1;
/** Where an interrupted study goes when no --json names a file. */
const PARTIAL = "wasmvisor-study.json";

/**
 * Runs a study and returns the exit code: 1 when a figure is void.
 * @throws WasmvisorError for everything that is wrong with the options
 */
export async function runStudy(options: StudyRunOptions): Promise<number> {
  const { experiments, sections } = await chosen(options);
  checkRungs(options, experiments);
  const wanted = experiments.filter(({ variants }) => hasRung(variants, options.rungs));
  if (options.workloads) workloadsNamed(options.workloads);
  await host.expectWritable([options.json, options.md, options.html, options.svg]);
  const draw = await drawFor(options);
  const environment = nodeEnvironment();
  const abort = new AbortController();
  let code: number | undefined;
  host.onSignal((signalled) => {
    if (code !== undefined) host.exit(signalled);
    code = signalled;
    abort.abort();
  });
  const line = new StudyProgressLine();
  const { resume, ...settings } = options;
  const before = resume === undefined ? {} : { resume: await readResult(resume) };
  const study = new Study(environment, { ...settings, ...before, experiments: wanted, sections }, (progress) =>
    line.update(progress),
  );
  try {
    await study.run(abort.signal);
  } finally {
    line.end();
    await removeBuilt(await host.packageVersion());
  }
  // As it is read again, so that what is shown now and later is one thing.
  const result = parseResult(resultJson(study.result()));
  await write(options, result, draw);
  return code ?? (result.summary.voided.length > 0 ? VOIDED : 0);
}

/** What the command line names: everything, something bundled, or a file. */
async function chosen({ experiment, quick }: StudyRunOptions) {
  if (experiment === undefined) {
    return { experiments: quick ? EXPERIMENTS.slice(0, 1) : EXPERIMENTS, sections: SECTIONS };
  }
  const bundled = EXPERIMENTS.find(({ name }) => name === experiment);
  if (bundled) return { experiments: [bundled], sections: [] };
  const section = SECTIONS.find(({ name }) => name === experiment);
  if (section) return { experiments: [], sections: [section] };
  if (/[./\\]/.test(experiment)) {
    const { default: own } = await loadModule(experiment);
    return { experiments: [checkExperiment(own, experiment)], sections: [] };
  }
  const names = [...EXPERIMENTS, ...SECTIONS].map(({ name }) => name).join(", ");
  throw new WasmvisorError("experiment", `There is no experiment "${experiment}"; there are ${names}, or name a file.`);
}

/** When rungs are named, experiments without any of them have nothing to measure. */
function hasRung(variants: readonly Variant[], rungs: readonly string[] | undefined): boolean {
  return rungs === undefined || variants.some(({ name }) => rungs.includes(name));
}

function checkRungs({ rungs = [], peers }: StudyRunOptions, experiments: readonly Experiment[]): void {
  const known = [
    ...new Set([...experiments.flatMap(({ variants }) => variants), ...PEERS, ...peers].map(({ name }) => name)),
  ];
  const unknown = rungs.find((rung) => !known.includes(rung));
  if (unknown === undefined) return;
  throw new WasmvisorError("rung", `There is no rung "${unknown}"; there are ${known.join(", ")}.`, { rung: unknown });
}

async function write(options: StudyRunOptions, result: StudyResult, draw: Draw | undefined): Promise<void> {
  const json = options.json ?? (result.about.interrupted ? PARTIAL : undefined);
  if (json !== undefined) await host.writeText(json, resultJson(result));
  await writeReports(options, result, draw);
  await host.print(textReport(result));
  if (result.about.interrupted) await host.printError(`wasmvisor: go on with wasmvisor study --resume ${json}\n`);
  for (const reason of result.summary.voided) await host.printError(`wasmvisor: VOID: ${reason}\n`);
}
