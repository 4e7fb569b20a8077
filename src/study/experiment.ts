/** What an experiment is made of: options of the engine, workloads, and what is plotted. */

import type { VmConfig } from "../index.ts";

/** What all variants of an experiment have. */
interface VariantBase {
  /** Short and without spaces: names the variant on the command line and in the JSON. */
  readonly name: string;
  /** What it is, in a few words. */
  readonly explains?: string;
  /** Its place on a plot's x axis, where the variants are steps of a quantity. */
  readonly value?: number;
}

/** One set of options of the engine. */
export interface VmVariant extends VariantBase {
  /** Laid over the study's own configuration of a VM. */
  readonly vm: Partial<VmConfig>;
  /**
   * Too slow to run a workload to its end: a window of instructions is run instead, and checked by the hart's registers
   * after them.
   */
  readonly window?: boolean;
}

/** The workload built for the host: as Wasm, or by gcc as a program of the host's own. */
export interface DirectVariant extends VariantBase {
  readonly run: "wasm" | "native";
}

/** Another emulator. */
export interface CommandVariant extends VariantBase {
  /**
   * A command line: `{elf}` is the bare-metal program, `{append}` its boot arguments, `{linux}` the Linux program, `{scale}`
   * and `{footprint}` its arguments. It must print the workload's own line.
   */
  readonly command: string;
}

/** One way to run a workload. */
export type Variant = VmVariant | DirectVariant | CommandVariant;

/** What a plot shows of each cell. */
export type Quantity =
  /** Times the time of direct execution (native, or Wasm where no compiler is installed), steady state. */
  | "slowdown"
  /** Nanoseconds for each guest instruction, steady state. */
  | "nanoseconds"
  /** Milliseconds from making the VM to the workload's result at scale 1. */
  | "first-result"
  /** Milliseconds that warming up has cost. */
  | "warm-up";

/** One picture. */
export interface Plot {
  readonly title: string;
  /** Bars for each workload; or a curve for each variant over the footprint; or for each workload over the variants' values. */
  readonly kind: "bars" | "footprint-curves" | "value-curves";
  readonly quantity: Quantity;
  /** Lines at the textbooks' figures. */
  readonly textbook?: boolean;
}

/** An experiment: a file of a few lines in `src/study/experiments`, or of yours. */
export interface Experiment {
  /** Short and without spaces. */
  readonly name: string;
  readonly title: string;
  /** What it answers: one sentence. */
  readonly question: string;
  /** Names of workloads (`wasmvisor study list`), or of their kinds (`"integer"`). */
  readonly workloads: readonly string[];
  /** Fewer of them for `--quick`. Default: the first. */
  readonly quick?: readonly string[];
  readonly variants: readonly Variant[];
  /** KiB over which the work is spread, for workloads that take a footprint: each is measured. */
  readonly footprints?: readonly number[];
  readonly plots: readonly Plot[];
}

/** Checks nothing and returns its argument: for completion and type errors in an editor. */
export function defineExperiment(experiment: Experiment): Experiment {
  return experiment;
}
