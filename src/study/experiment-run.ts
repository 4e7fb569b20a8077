/** Runs one experiment: for each workload a first result, a try to find the scale, and interleaved rounds of samples. */

import { WasmvisorError } from "../error.ts";
import type { Draft } from "./draft.ts";
import type { Experiment } from "./experiment.ts";
import type { Known } from "./known.ts";
import { type Job, VoidRun } from "./measure.ts";
import { isAtRest, REST_MILLISECONDS, translates as runsEmittedCode } from "./rest.ts";
import { type Measured, restedScale } from "./rested-scale.ts";
import type { Sample } from "./result.ts";
import { GUESSED_NANOSECONDS, type Ready } from "./runners.ts";
import { scaleFor } from "./scale.ts";
import type { Verifier } from "./verify.ts";
import type { Workload } from "./workloads.ts";

/** How much measuring there is to be. */
export interface Effort {
  /** Samples of each cell. */
  readonly rounds: number;
  /** Milliseconds of CPU that a sample on a VM is to take at most, time permitting; others take half of it. */
  readonly sampleMilliseconds: number;
  /** When all of the experiment should be done, in milliseconds of `performance.now()`. Rounds beyond the first are left out for it. */
  readonly deadline: number;
}

/** What an experiment's run stands on. */
export interface ExperimentContext {
  readonly known: Known;
  readonly verifier: Verifier;
  readonly signal: AbortSignal;
  /** Counts a workload's instructions at a scale, on an engine known to be right. */
  readonly reference: Ready & { kind: "whole" };
  progress(doing: { workload: string; variant: string; step: string }): void;
}

const FEWEST_ROUNDS = 2;
/** The shortest sample worth taking, in milliseconds of CPU, before its weight: clocks are coarse, and half of a VM's run is warm-up. */
const SHORTEST = 100;
/** Tries, as parts of a sample: the first, what it may grow to, and from where on a try tells enough. */
const TRY = 0.2;
const NEXT_TRY = 0.7;
const LONG_ENOUGH = 0.5;
const STEADY_ENOUGH = 0.4;
const GROWTH = 8;
/** Of the time for an instruction in the try before: below it, the engine is still warming up. */
const SETTLED = 0.7;
/** The try, as a part of a sample, after which no larger one is made. */
const FAR_TOO_LONG = 4;
const MOST_TRIES = 6;
/** What finding the scale takes: tries, and what one of them is of a sample. */
const USUAL_TRIES = 4;
const TRY_COSTS = 0.5;
/** What a run that translates takes beside its sample until it is at rest, in milliseconds: it goes on for longer while it is slow. */
const REST_COSTS = REST_MILLISECONDS + 200;
/** No run may take longer than this, in milliseconds: something hangs. */
const LONGEST = 120_000;
/** Instructions of the reference at most; more are computed from fewer. */
const REFERENCE_INSTRUCTIONS = 4e8;

/** One experiment under way. */
export class ExperimentRun {
  readonly #context: ExperimentContext;
  readonly #effort: Effort;
  /** The cells so far. */
  readonly drafts: Draft[];

  constructor(context: ExperimentContext, effort: Effort, drafts: readonly Draft[] = []) {
    this.#context = context;
    this.#effort = effort;
    this.drafts = [...drafts];
  }

  /** Measures every workload (at every footprint) on every variant. */
  async run(experiment: Experiment, workloads: readonly Workload[], variants: readonly Ready[]): Promise<void> {
    const places = workloads.flatMap((workload) =>
      footprintsOf(experiment, workload).map((footprint) => ({ workload, footprint })),
    );
    for (const [index, { workload, footprint }] of places.entries()) {
      const left = this.#effort.deadline - performance.now();
      const until = performance.now() + left / (places.length - index);
      await this.#measure({ workload, scale: 1, ...(footprint === undefined ? {} : { footprint }) }, variants, until);
    }
  }

  async #measure(place: Omit<Job, "signal">, variants: readonly Ready[], until: number): Promise<void> {
    const cells = variants
      .filter((ready) => canRun(ready, place))
      .map((ready) => ({ ready, draft: this.#draft(place, ready) }));
    const { rounds } = this.#effort;
    const open = () => cells.filter(({ draft }) => draft.voided === undefined && draft.samples.length < rounds);
    for (const cell of open())
      await this.#attempt(cell.ready, cell.draft, "first result", () => this.#first(cell, place));
    const milliseconds = this.#sampleMilliseconds(open(), until);
    for (const cell of open()) {
      const own = Math.max(SHORTEST, milliseconds) * weight(cell.ready);
      await this.#attempt(cell.ready, cell.draft, "scale", () => this.#findScale(cell, place, own));
    }
    for (let round = 0; round < rounds; round++) {
      const late = performance.now() > (round >= FEWEST_ROUNDS ? until : this.#effort.deadline);
      if (round > 0 && late) return;
      for (const cell of open().filter(({ draft }) => draft.samples.length <= round)) {
        const step = `sample ${round + 1} of ${rounds}`;
        await this.#attempt(cell.ready, cell.draft, step, () => this.#sample(cell, place));
      }
    }
  }

  #draft({ workload, footprint }: Omit<Job, "signal">, { variant, kind }: Ready): Draft {
    const same = (draft: Draft) =>
      draft.workload === workload.name && draft.variant === variant.name && draft.footprint === footprint;
    const before = this.drafts.find(same);
    if (before !== undefined) return before;
    const draft: Draft = {
      workload: workload.name,
      variant: variant.name,
      ...(footprint === undefined ? {} : { footprint }),
      check: kind === "window" ? "registers" : "self-check",
      instructions: 0,
      samples: [],
    };
    this.drafts.push(draft);
    return draft;
  }

  /** Does a step for a cell; a wrong result, or none, voids it. */
  async #attempt({ variant }: Ready, draft: Draft, step: string, act: () => Promise<void>): Promise<void> {
    this.#context.signal.throwIfAborted();
    this.#context.progress({ workload: draft.workload, variant: variant.name, step });
    try {
      await act();
    } catch (error) {
      this.#context.signal.throwIfAborted();
      draft.voided = reasonOf(error);
    }
  }

  #job(place: Omit<Job, "signal">, scale = 1): Job {
    return { ...place, scale, signal: AbortSignal.any([this.#context.signal, AbortSignal.timeout(LONGEST)]) };
  }

  async #first({ ready, draft }: Doing, place: Omit<Job, "signal">): Promise<void> {
    if (ready.kind === "window" || draft.first !== undefined) return;
    const job = this.#job(place);
    const { verdict, ...first } = await ready.runner.first(job);
    await this.#context.verifier.check(job, { ...first, verdict }, "run" in ready.variant);
    draft.first = first;
  }

  /**
   * Milliseconds of CPU for a sample beside what it takes to translate and to come to rest: what is left until `until`, given the share
   * of the CPU that we get, by cells and rounds.
   */
  #sampleMilliseconds(cells: readonly Doing[], until: number): number {
    const { rounds, sampleMilliseconds } = this.#effort;
    const firsts = cells.flatMap(({ draft }) => draft.first ?? []);
    const [cpu, wall] = [sum(firsts.map((first) => first.cpu)), sum(firsts.map((first) => first.wall))];
    const share = wall > 0 ? Math.min(1, cpu / wall) : 1;
    const warmUp = sum(cells.map(({ draft }) => warmUpOf(draft))) * (rounds + USUAL_TRIES);
    const runs = rounds + USUAL_TRIES * TRY_COSTS;
    const rest = cells.filter(({ ready }) => translates(ready)).length * REST_COSTS * runs;
    const left = (until - performance.now()) * share - warmUp - rest;
    const parts = sum(cells.map(({ ready }) => weight(ready))) * runs;
    return Math.min(sampleMilliseconds, left / parts);
  }

  /**
   * Tries larger and larger scales until a run is long enough, and on a VM until it is not much faster than the try before.
   * `milliseconds` are for a run without what it takes to translate.
   */
  async #findScale({ ready, draft }: Doing, place: Omit<Job, "signal">, milliseconds: number): Promise<void> {
    if (ready.kind === "window") return this.#findWindow(ready, draft, place, milliseconds);
    if (draft.scale !== undefined) return;
    await this.#instructions(place, 1);
    const { known } = this.#context;
    if (translates(ready)) return this.#findRestedScale(ready, draft, place, milliseconds);
    // A command's start-up is taken off by a run at scale 1, so that its own scale must be another.
    const lowest = ready.by === "command" ? 2 : 1;
    const scale = (wanted: number, nanoseconds: number) =>
      Math.max(lowest, scaleFor(wanted, known.perUnit(this.#job(place)) ?? 1, nanoseconds));
    let before = ready.by === "vm" ? nanosecondsOfFirst(draft) : guessFor(ready);
    let next = scale(milliseconds * TRY, before);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const tried = await this.#outcome(ready, this.#job(place, next));
      const nanoseconds = (tried.steadyCpu * 1e6) / tried.steadyInstructions;
      const wanted = Math.min(next * GROWTH, scale(milliseconds, nanoseconds));
      draft.scale = Math.max(wanted, next);
      if (tried.cpu > milliseconds * FAR_TOO_LONG) return;
      const settled = ready.by !== "vm" || nanoseconds > before * SETTLED;
      if (settled && tried.cpu >= milliseconds * LONG_ENOUGH && tried.steadyCpu >= milliseconds * STEADY_ENOUGH) {
        draft.scale = wanted;
        return;
      }
      before = nanoseconds;
      next = Math.min(next * GROWTH, Math.max(next * 2, scale(milliseconds * NEXT_TRY, nanoseconds)));
    }
  }

  async #findRestedScale(
    ready: Ready & { kind: "whole" },
    draft: Draft,
    place: Omit<Job, "signal">,
    milliseconds: number,
  ): Promise<void> {
    const likely = this.#scaleOfAnother(draft);
    const perUnit = this.#context.known.perUnit(this.#job(place)) ?? 1;
    const guess = scaleFor(REST_MILLISECONDS * TRY, perUnit, nanosecondsOfFirst(draft));
    const search = {
      first: likely ?? guess * (isMostlyTranslating(draft) ? GROWTH : 1),
      // Of another variant it is known that this scale was steady.
      before: likely === undefined ? nanosecondsOfFirst(draft) : 0,
      perUnit,
      steady: milliseconds * STEADY_ENOUGH,
      translating: warmUpOf(draft),
    };
    draft.scale = await restedScale(search, (scale) => this.#outcome(ready, this.#job(place, scale)));
  }

  /** The last scale found for the place of `draft` with a variant that had to translate, too: what translates better needs no smaller one. */
  #scaleOfAnother({ workload, footprint }: Draft): number | undefined {
    return this.drafts.findLast(
      (draft) =>
        draft.workload === workload &&
        draft.footprint === footprint &&
        draft.scale !== undefined &&
        isMostlyTranslating(draft),
    )?.scale;
  }

  async #findWindow(
    ready: Ready & { kind: "window" },
    draft: Draft,
    place: Omit<Job, "signal">,
    milliseconds: number,
  ): Promise<void> {
    if (draft.instructions > 0) return;
    const tried = await ready.runner.run(this.#job(place), Infinity, milliseconds * TRY);
    const wanted = (tried.instructions * milliseconds) / tried.cpu;
    draft.instructions = Math.max(FEWEST_IN_WINDOW, Math.min(MOST_IN_WINDOW, Math.round(wanted / 1000) * 1000));
  }

  async #sample({ ready, draft }: Doing, place: Omit<Job, "signal">): Promise<void> {
    if (ready.kind === "window") return this.#sampleWindow(ready, draft, place);
    const job = this.#job(place, draft.scale);
    let outcome = await this.#outcome(ready, job);
    // A command's run at scale 1, which is taken off, may have been disturbed.
    if (outcome.steadyCpu <= 0) outcome = await this.#outcome(ready, job);
    if (outcome.steadyCpu <= 0) throw new VoidRun(`at scale ${job.scale} it took no longer than at scale 1`);
    draft.instructions = await this.#instructions(place, job.scale);
    const restless = translates(ready) && !isAtRest(outcome);
    draft.samples = [...draft.samples, { ...sampleOf(outcome), ...(restless ? { restless } : {}) }];
    if (outcome.counters) draft.counters = outcome.counters;
    if (outcome.timeline) draft.timeline = outcome.timeline;
  }

  async #sampleWindow(ready: Ready & { kind: "window" }, draft: Draft, place: Omit<Job, "signal">): Promise<void> {
    const job = this.#job(place);
    const run = await ready.runner.run(job, draft.instructions, LONGEST_WINDOW);
    if (draft.samples.length === 0 && (await ready.runner.expected(job, run.steps)) !== run.registers) {
      throw new VoidRun(`its registers are wrong after ${run.steps} steps`);
    }
    const { cpu, wall, instructions, counters } = run;
    const sample = { cpu, wall, steadyCpu: cpu, steadyWall: wall, steadyInstructions: instructions, warmUp: 0 };
    draft.samples = [...draft.samples, sample];
    draft.counters = counters;
  }

  /** Runs a job, checks it, and completes it with the instructions of its steady part. */
  async #outcome(ready: Ready & { kind: "whole" }, job: Job): Promise<Measured> {
    const outcome = await ready.runner.sample(job);
    await this.#context.verifier.check(job, outcome, "run" in ready.variant);
    if (outcome.steadyInstructions !== undefined) return { ...outcome, steadyInstructions: outcome.steadyInstructions };
    const all = await this.#instructions(job, job.scale);
    const first = outcome.beyondFirst ? await this.#instructions(job, 1) : 0;
    return { ...outcome, steadyInstructions: Math.max(1, all - first) };
  }

  /** Guest instructions of `run(scale)`, counted by the reference when no variant has counted enough. */
  async #instructions(place: Omit<Job, "signal">, scale: number): Promise<number> {
    const { known, reference, verifier } = this.#context;
    const job = this.#job(place, scale);
    for (const missing of [1, scale]) {
      if (known.instructionsOf(job) !== undefined) break;
      const most = scaleFor(REFERENCE_INSTRUCTIONS / 1e6, known.perUnit(job) ?? 1, 1);
      const counted = { ...job, scale: Math.min(missing, most) };
      await verifier.check(counted, await reference.runner.sample(counted));
    }
    return known.instructionsOf(job)!;
  }
}

/** A cell and the way to measure it. */
interface Doing {
  readonly ready: Ready;
  readonly draft: Draft;
}

/** Steps of a window: fewer would be over before the clock ticks. */
const FEWEST_IN_WINDOW = 4000;
const MOST_IN_WINDOW = 1e8;
/** Milliseconds after which a window ends early: an engine that has thrown much away may have become slow. */
const LONGEST_WINDOW = 1500;

/** A VM needs longer samples, because the first half is left to warm up; another emulator too, for its start-up is taken off. */
function weight(ready: Ready): number {
  return ready.kind === "whole" && (ready.by === "vm" || "command" in ready.variant) ? 1 : 0.5;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Milliseconds that a run has to translate before anything is steady. */
function warmUpOf({ first }: Pick<Draft, "first">): number {
  return first?.translating ?? 0;
}

/** Whether whole runs of emitted code are measured. */
function translates({ kind, variant }: Ready): boolean {
  return kind === "whole" && "vm" in variant && runsEmittedCode(variant.vm);
}

/** Whether the first result was waiting for the translator more than anything else. */
function isMostlyTranslating({ first }: Pick<Draft, "first">): boolean {
  return first !== undefined && warmUpOf({ first }) > (first.runCpu ?? first.cpu) / 2;
}

/** What an instruction took in the first result, translating aside: too much still, as the engine had to warm up. */
function nanosecondsOfFirst({ first }: Pick<Draft, "first">): number {
  if (!first?.instructions) return 1;
  const cpu = first.runCpu ?? first.cpu;
  return (Math.max(cpu - warmUpOf({ first }), cpu / GROWTH) * 1e6) / first.instructions;
}

function footprintsOf({ footprints }: Experiment, workload: Workload): readonly (number | undefined)[] {
  return footprints !== undefined && workload.footprint ? footprints : [undefined];
}

/** Programs for the bare machine alone have no other build. */
function canRun({ variant }: Ready, { workload }: Omit<Job, "signal">): boolean {
  if (!workload.bare || "vm" in variant) return true;
  return "command" in variant && !variant.command.includes("{linux}") && !variant.command.includes("{native}");
}

function guessFor({ variant }: Ready): number {
  return GUESSED_NANOSECONDS["run" in variant ? variant.run : "command"];
}

function sampleOf(outcome: Measured): Sample {
  const { cpu, wall, steadyCpu, steadyWall, steadyInstructions, steadyPageWalks, counters } = outcome;
  const all = counters?.instructions;
  const warmUp = all === undefined ? 0 : cpu - (steadyCpu / steadyInstructions) * all;
  return {
    cpu,
    wall,
    steadyCpu,
    steadyWall,
    steadyInstructions,
    ...(steadyPageWalks === undefined ? {} : { steadyPageWalks }),
    warmUp: Math.max(0, warmUp),
  };
}

function reasonOf(error: unknown): string {
  if (error instanceof VoidRun || error instanceof WasmvisorError) return error.message;
  if (error instanceof Error && error.name === "TimeoutError") return `it did not end within ${LONGEST / 1000} s`;
  return `it failed: ${error instanceof Error ? error.message : String(error)}`;
}
