/** What a study finds: plain data, written to JSON as it is. */

import type { Plot } from "./experiment.ts";

/** The format of the JSON; the number goes up when a program that reads it would have to change. */
export const RESULT_FORMAT = "wasmvisor-study-1";

/** Everything one run of `wasmvisor study` has found. */
export interface StudyResult {
  readonly format: typeof RESULT_FORMAT;
  readonly summary: Summary;
  readonly about: About;
  readonly experiments: readonly ExperimentResult[];
  readonly sections: readonly TableSection[];
  /** What was left out and why: a missing peer or compiler, an interruption. */
  readonly notes: readonly string[];
}

/** The figures that other programs watch. */
export interface Summary {
  /** What the slowdowns are relative to: the same source built by gcc -O2, or as Wasm where no compiler is installed. */
  readonly native: "gcc" | "wasm";
  /** By rung of the ladder: geometric mean over the workloads of its time over native's, steady state. */
  readonly slowdown: Readonly<Record<string, number>>;
  /** Geometric mean of QEMU's time over that of the ladder's last translating rung; null where QEMU was not measured. */
  readonly versusQemu: number | null;
  /** Cells without a valid figure, as `experiment/workload/variant: reason`. */
  readonly voided: readonly string[];
}

/** Where, when, with what and how. */
export interface About {
  /** This package's. */
  readonly version: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly seconds: number;
  readonly host: HostInfo;
  /** The command line's arguments. */
  readonly flags: readonly string[];
  readonly quick: boolean;
  readonly interrupted: boolean;
  readonly noise: Noise;
}

/** The machine. */
export interface HostInfo {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes?: number;
  readonly system: string;
  /** The JavaScript engine and its version, such as `"node 20.20.2 (V8 11.3.244.8)"`. */
  readonly engine: string;
  /** Compiler and emulators that took part, as they name themselves. */
  readonly tools: Readonly<Record<string, string>>;
  /** True where CPU time can be told from wall time. */
  readonly cpuTime: boolean;
}

/** How quiet the machine was. */
export interface Noise {
  readonly noisy: boolean;
  /** Sentences, for people. */
  readonly reasons: readonly string[];
  /** One-minute load averages at the beginning and the end. */
  readonly load: readonly number[];
  /** Median of CPU time over wall time of single-threaded runs: 1 on an idle machine. Null without CPU time. */
  readonly cpuShare: number | null;
  /** Median over the cells of (third quartile - first quartile) / median. */
  readonly spread: number;
}

/** What an experiment has found. */
export interface ExperimentResult {
  readonly name: string;
  readonly title: string;
  readonly question: string;
  readonly variants: readonly { readonly name: string; readonly explains: string; readonly value?: number }[];
  readonly workloads: readonly string[];
  readonly plots: readonly Plot[];
  readonly cells: readonly Cell[];
  /** Sentences that its figures say together, such as what a TLB miss costs. */
  readonly notes: readonly string[];
}

/** One workload on one variant (at one footprint). */
export interface Cell {
  readonly workload: string;
  readonly variant: string;
  /** KiB. */
  readonly footprint?: number;
  /** The workload's scale in the samples; absent where a window of instructions was run. */
  readonly scale?: number;
  /** How its figures were verified. */
  readonly check: "self-check" | "registers";
  /** Guest instructions that one sample stands for, as `run(scale)` retires them. */
  readonly instructions: number;
  readonly first?: FirstResult;
  readonly samples: readonly Sample[];
  /** Steady state, over the samples: see `statistics.ts`. */
  readonly nanoseconds?: Estimate;
  /** Times native's in the same run. */
  readonly slowdown?: Estimate;
  /** What the engine counted in one sample; they explain the figure. */
  readonly counters?: Readonly<Record<string, number>>;
  /** Guest instructions over time, of one sample. */
  readonly timeline?: readonly TimelinePoint[];
  /** Why there is no valid figure. */
  readonly voided?: string;
}

/** From nothing to the workload's result at scale 1, which is what a user waits for. */
export interface FirstResult {
  readonly cpu: number;
  readonly wall: number;
  /** The part of `cpu` from the VM's start, without making it; for VMs. */
  readonly runCpu?: number;
  /** The part of `runCpu` in which the guest waited for the translator; for VMs. */
  readonly translating?: number;
  readonly scale: number;
  /** Guest instructions retired by `run(scale)`, where the variant counts them. */
  readonly instructions?: number;
  readonly checksum: string;
}

/** One run. Times are milliseconds; `cpu` is user and system time of all the process's threads, or wall time without it. */
export interface Sample {
  readonly cpu: number;
  readonly wall: number;
  /** The part of the run taken as steady: its time, and guest instructions in it. */
  readonly steadyCpu: number;
  readonly steadyWall: number;
  readonly steadyInstructions: number;
  /** Page walks in it, on a VM. */
  readonly steadyPageWalks?: number;
  /** True when the JavaScript engine was still at work on a VM's emitted code, so that the figure may be too high. */
  readonly restless?: true;
  /** What warming up has cost: CPU time beyond that of the same instructions in steady state. */
  readonly warmUp: number;
}

/** A median with its 95% bootstrap confidence interval. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Values far from the others; they are part of the median. */
  readonly outliers: readonly number[];
}

/** How far a run had come. */
export interface TimelinePoint {
  /** Milliseconds since the VM was started. */
  readonly at: number;
  /** Guest instructions. */
  readonly instructions: number;
}

/** A table of the report that is not an experiment over workloads. */
export interface TableSection {
  /** Short and without spaces. */
  readonly name: string;
  readonly title: string;
  /** Paragraphs before the table. */
  readonly intro: readonly string[];
  readonly columns: readonly Column[];
  readonly rows: readonly TableRow[];
  /** Lines below the table. */
  readonly notes: readonly string[];
}

/** A column; the unit goes into its heading. */
export interface Column {
  readonly key: string;
  readonly title: string;
  readonly unit?: string;
}

/** By column key. Numbers are shown with three significant digits, or as bars where a page can. */
export type TableRow = Readonly<Record<string, string | number | null>>;

/** What a section may use to find its rows. */
export interface SectionContext {
  readonly quick: boolean;
  /** CPU time where the host knows it, else wall time, in milliseconds since some moment. */
  cpuMilliseconds(): number;
  /** A guest program by its name in `guests/bin`. */
  guest(name: string): Promise<Uint8Array>;
  /** Says what is being done, in a few words. */
  progress(doing: string): void;
  /** Aborted when the user has had enough: return, or throw its reason. */
  readonly signal: AbortSignal;
}

/** Something that makes tables. Voided figures go into `voided`, as sentences. */
export interface Section {
  readonly name: string;
  readonly title: string;
  produce(context: SectionContext): Promise<{ tables: readonly TableSection[]; voided?: readonly string[] }>;
}
