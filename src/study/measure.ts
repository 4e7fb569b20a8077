/** What the three ways of running a workload have in common. */

import type { FirstResult, TimelinePoint } from "./result.ts";
import type { Workload } from "./workloads.ts";

/** What is to be run. */
export interface Job {
  readonly workload: Workload;
  readonly scale: number;
  /** KiB. */
  readonly footprint?: number;
  /** Ends the run early; what is running then throws its reason. */
  readonly signal: AbortSignal;
}

/** What came of it, good or not. */
export interface Outcome {
  /** Milliseconds for the whole run. */
  readonly cpu: number;
  readonly wall: number;
  /** The steady part. */
  readonly steadyCpu: number;
  readonly steadyWall: number;
  /** Guest instructions in the steady part, where they are counted. */
  readonly steadyInstructions?: number;
  /** Milliseconds in the steady part in which the guest waited for the translator, where they are known. */
  readonly steadyTranslating?: number;
  /** Milliseconds of wall time from the VM's start to the steady part, beside those in which the guest waited for the translator; for VMs. */
  readonly steadyAfter?: number;
  /** What an instruction took in the first half of the steady part over what it took in the second; for VMs. */
  readonly steadyQuickened?: number;
  /** Page walks in the steady part, where they are counted. */
  readonly steadyPageWalks?: number;
  /** True when the steady part is what the run took beyond one at scale 1. */
  readonly beyondFirst?: boolean;
  readonly checksum: string;
  readonly verdict: "ok" | "bad" | "unlisted";
  /** Guest instructions retired by `run(scale)`, where they are counted. */
  readonly instructions?: number;
  readonly counters?: Readonly<Record<string, number>>;
  readonly timeline?: readonly TimelinePoint[];
}

/** One way to run workloads: a variant that this host can run. */
export interface Runner {
  /** From nothing to the result at scale 1. */
  first(job: Job): Promise<FirstResult & Pick<Outcome, "verdict">>;
  /** A run at a scale, after `first`. */
  sample(job: Job): Promise<Outcome>;
}

/** A run that gave no figure; the message says why, in a few words. */
export class VoidRun extends Error {
  override readonly name = "VoidRun";
}
