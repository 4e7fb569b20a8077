/** A study: experiments and sections, one after another, into one result that is complete at any time. */

import { WasmvisorError } from "../error.ts";
import { draftOf } from "./draft.ts";
import { clocks, type Environment } from "./environment.ts";
import type { Experiment, Variant } from "./experiment.ts";
import { EXPERIMENTS } from "./experiments/index.ts";
import { type Effort, ExperimentRun } from "./experiment-run.ts";
import { finishCells, summaryOf, voidedCells } from "./finish.ts";
import { Known } from "./known.ts";
import { PEERS } from "./ladder.ts";
import { VmRunner } from "./measure-vm.ts";
import { WasmRunner } from "./measure-wasm.ts";
import { missCosts, missSentences } from "./miss-cost.ts";
import { noiseOf } from "./noise.ts";
import { restSentences } from "./rest.ts";
import {
  type ExperimentResult,
  type HostInfo,
  RESULT_FORMAT,
  type Section,
  type StudyResult,
  type Summary,
  type TableSection,
} from "./result.ts";
import { type Missing, type Ready, Runners } from "./runners.ts";
import { Verifier } from "./verify.ts";
import { type Workload, workloadsNamed } from "./workloads.ts";

/** What a study is to be. */
export interface StudyOptions {
  readonly experiments: readonly Experiment[];
  readonly sections: readonly Section[];
  /** Names of variants to measure; the others are left out. */
  readonly rungs?: readonly string[];
  /** Names or kinds: of each experiment's own workloads these only, or these where it has none of them. */
  readonly workloads?: readonly string[];
  readonly quick: boolean;
  /** More emulators, beside `PEERS`. */
  readonly peers: readonly Variant[];
  /** A result to go on from. */
  readonly resume?: StudyResult;
  /** The command line, for the report. */
  readonly flags: readonly string[];
  /** Samples of each cell; by default 5, or 3 when quick. */
  readonly rounds?: number;
  /** Seconds that all experiments together should take; by default `SECONDS`. */
  readonly seconds?: number;
}

/** How far a study is. */
export interface StudyProgress {
  readonly experiment: string;
  readonly doing: string;
}

/** Seconds for the experiments of a quick study and of a full one; start, sections and reports come on top. */
const SECONDS = { quick: 75, full: 1650 };
const ROUNDS = { quick: 3, full: 5 };
/** Of CPU, at most. */
const SAMPLE_MILLISECONDS = 700;

/** One study under way. */
export class Study {
  readonly #environment: Environment;
  readonly #options: StudyOptions;
  readonly #onProgress: (progress: StudyProgress) => void;
  readonly #startedAt = new Date();
  readonly #begin = performance.now();
  readonly #runs = new Map<
    string,
    { experiment: Experiment; run: ExperimentRun; ready: readonly Ready[]; workloads: readonly Workload[] }
  >();
  readonly #tables: TableSection[] = [];
  readonly #voided: string[] = [];
  readonly #notes = new Set<string>();
  readonly #load: number[] = [];
  readonly #known = new Known();
  #about: Omit<HostInfo, "tools" | "cpuTime"> = { cpu: "unknown", cores: 1, system: "unknown", engine: "unknown" };
  #version = "unknown";
  #native: Summary["native"] = "wasm";
  #interrupted = false;
  #tools: Readonly<Record<string, string>> = {};

  constructor(environment: Environment, options: StudyOptions, onProgress: (progress: StudyProgress) => void) {
    this.#environment = environment;
    this.#options = options;
    this.#onProgress = onProgress;
  }

  /**
   * Runs to the end, or until `signal`; then `result` has what was measured until then.
   * @throws WasmvisorError for options that make no sense
   */
  async run(signal: AbortSignal): Promise<void> {
    const { experiments, sections } = this.#options;
    await this.#lookAround();
    const runners = new Runners(this.#environment);
    try {
      for (const [index, experiment] of experiments.entries()) {
        await this.#experiment(runners, experiment, this.#deadline(index), signal);
      }
      for (const section of sections) await this.#section(section, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      this.#interrupted = true;
      this.#notes.add("The study was interrupted; figures rest on fewer samples, and some are missing.");
    } finally {
      this.#tools = runners.tools;
      this.#noteLoad();
    }
  }

  /** What has been found so far. */
  result(): StudyResult {
    const measured = [...this.#runs.values()].map(({ experiment, run, ready, workloads }): ExperimentResult => {
      const cells = finishCells(run.drafts, this.#native);
      return {
        name: experiment.name,
        title: experiment.title,
        question: experiment.question,
        variants: ready.map(({ variant: { name, explains = "", value } }) => ({
          name,
          explains,
          ...(value === undefined ? {} : { value }),
        })),
        workloads: workloads.map(({ name }) => name),
        plots: experiment.plots,
        cells,
        notes: [...missSentences(missCosts(cells, this.#native)), ...restSentences(cells)],
      };
    });
    const { resume } = this.#options;
    const kept = resume?.experiments.filter(({ name }) => !this.#runs.has(name)) ?? [];
    const experiments = inOrder([...kept, ...measured]);
    const sections = [
      ...(resume?.sections.filter(({ name }) => !this.#tables.some((table) => table.name === name)) ?? []),
      ...this.#tables,
    ];
    const drafts = [...this.#runs.values()].flatMap(({ run }) => run.drafts);
    const cpuTime = this.#environment.cpu !== undefined;
    const finishedAt = new Date();
    return {
      format: RESULT_FORMAT,
      summary: summaryOf(experiments, this.#native, [...voidedCells(experiments), ...this.#voided]),
      about: {
        version: this.#version,
        startedAt: this.#startedAt.toISOString(),
        finishedAt: finishedAt.toISOString(),
        seconds: Math.round((performance.now() - this.#begin) / 1000),
        host: { ...this.#about, tools: { ...this.#tools }, cpuTime },
        flags: this.#options.flags,
        quick: this.#options.quick,
        interrupted: this.#interrupted,
        noise: noiseOf(drafts, { load: this.#load, cores: this.#about.cores, cpuTime }),
      },
      experiments,
      sections,
      notes: [...this.#notes],
    };
  }

  async #lookAround(): Promise<void> {
    this.#about = await this.#environment.host();
    this.#version = await this.#environment.version();
    const { resume } = this.#options;
    if (resume && (resume.about.host.cpu !== this.#about.cpu || resume.about.version !== this.#version)) {
      throw new WasmvisorError(
        "study-resume",
        "The study to resume was begun on another machine or with another version; ratios would mean nothing. Begin anew.",
        { cpu: resume.about.host.cpu, version: resume.about.version },
      );
    }
    if (resume) this.#notes.add(`Resumed; the first part ran at ${resume.about.startedAt}.`);
    this.#noteLoad();
  }

  #noteLoad(): void {
    const load = this.#environment.load();
    if (load !== undefined) this.#load.push(load);
  }

  /** The ladder gets as much time as all other experiments together. */
  #deadline(index: number): number {
    const { experiments, quick, seconds = quick ? SECONDS.quick : SECONDS.full } = this.#options;
    const weight = ({ name }: Experiment) => (name === "ladder" ? Math.max(1, experiments.length - 1) : 1);
    const all = experiments.reduce((sum, experiment) => sum + weight(experiment), 0);
    const until = experiments.slice(0, index + 1).reduce((sum, experiment) => sum + weight(experiment), 0);
    return this.#begin + (seconds * 1000 * until) / all;
  }

  async #experiment(runners: Runners, experiment: Experiment, deadline: number, signal: AbortSignal): Promise<void> {
    const workloads = this.#workloads(experiment);
    const ready = await this.#ready(runners, experiment);
    const before = this.#options.resume?.experiments.find(({ name }) => name === experiment.name);
    const run = new ExperimentRun(
      {
        known: this.#known,
        verifier: new Verifier(this.#known, new WasmRunner(this.#environment)),
        signal,
        reference: {
          kind: "whole",
          by: "vm",
          variant: { name: "reference", vm: {} },
          runner: new VmRunner({ engine: "tiered" }, this.#environment),
        },
        progress: ({ workload, variant, step }) =>
          this.#onProgress({ experiment: experiment.name, doing: `${workload} on ${variant}, ${step}` }),
      },
      this.#effort(deadline),
      before?.cells.map(draftOf) ?? [],
    );
    this.#runs.set(experiment.name, { experiment, run, ready, workloads });
    await run.run(experiment, workloads, ready);
  }

  #workloads(experiment: Experiment): Workload[] {
    const { workloads, quick } = this.#options;
    const own = workloadsNamed(
      quick && !workloads ? (experiment.quick ?? experiment.workloads.slice(0, 1)) : experiment.workloads,
    );
    const wanted = workloads && workloadsNamed(workloads);
    const both = own.filter((workload) => wanted?.includes(workload) ?? true);
    return both.length > 0 ? both : wanted!;
  }

  /** The variants that can be measured here; the baseline is always among them. */
  async #ready(runners: Runners, experiment: Experiment): Promise<Ready[]> {
    const { rungs, peers } = this.#options;
    const isLadder = experiment.name === "ladder";
    const others = [...(isLadder ? PEERS : []), ...peers];
    const own = experiment.variants.filter(({ name }) => rungs === undefined || rungs.includes(name));
    const added = others.filter(
      ({ name }) => rungs === undefined || rungs.includes(name) || peers.some((peer) => peer.name === name),
    );
    const baselines: readonly Variant[] = [
      { name: "wasm", explains: "the same C compiled to Wasm", run: "wasm" },
      { name: "native", explains: "the same C compiled by gcc -O2", run: "native" },
    ];
    const ready = new Map<string, Ready>();
    for (const variant of [...own, ...added]) {
      const found = await runners.ready(variant);
      if (found.kind === "missing") this.#notes.add(found.why);
      else ready.set(variant.name, found);
    }
    const native: Ready | Missing = ready.get("native") ?? (await runners.ready(baselines[1]!));
    this.#native = native.kind === "missing" ? "wasm" : "gcc";
    if (native.kind === "missing") this.#notes.add(`${native.why} Slowdowns are relative to Wasm.`);
    const baseline = native.kind === "missing" ? ((await runners.ready(baselines[0]!)) as Ready) : native;
    if (!ready.has(baseline.variant.name)) ready.set(baseline.variant.name, baseline);
    return [...ready.values()];
  }

  #effort(deadline: number): Effort {
    const { quick, rounds = quick ? ROUNDS.quick : ROUNDS.full } = this.#options;
    return { rounds, deadline, sampleMilliseconds: SAMPLE_MILLISECONDS };
  }

  async #section(section: Section, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { tables, voided = [] } = await section.produce({
      quick: this.#options.quick,
      cpuMilliseconds: () => clocks(this.#environment).cpu,
      guest: (name) => this.#environment.guest(name),
      progress: (doing) => this.#onProgress({ experiment: section.name, doing }),
      signal,
    });
    this.#tables.push(...tables);
    this.#voided.push(...voided.map((reason) => `${section.name}: ${reason}`));
  }
}

/** The bundled experiments in their own order, others behind them. */
function inOrder(experiments: readonly ExperimentResult[]): ExperimentResult[] {
  const place = ({ name }: ExperimentResult) => {
    const index = EXPERIMENTS.findIndex((bundled) => bundled.name === name);
    return index < 0 ? EXPERIMENTS.length : index;
  };
  return [...experiments].sort((a, b) => place(a) - place(b));
}
