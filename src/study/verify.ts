/** Whether a run's result is right: the workload's own check, equal checksums and equal instruction counts. */

import type { Known } from "./known.ts";
import { type Job, type Runner, VoidRun } from "./measure.ts";

/** What a run says about its result. */
export interface Claim {
  readonly verdict: "ok" | "bad" | "unlisted";
  readonly checksum: string;
  readonly instructions?: number;
}

/**
 * Checks claims. Where a workload has no checksum on record for a scale, the one of another build decides: `reference`
 * (the Wasm build), or else the first variant that ran at that scale.
 */
export class Verifier {
  readonly #known: Known;
  readonly #reference: Runner;

  constructor(known: Known, reference: Runner) {
    this.#known = known;
    this.#reference = reference;
  }

  /**
   * @param isDirect - whether the host's own machine or engine has run it
   * @throws VoidRun when the result is wrong
   */
  async check(job: Job, claim: Claim, isDirect = false): Promise<void> {
    if (claim.verdict === "bad") throw new VoidRun(`its self-check failed at scale ${job.scale}: ${claim.checksum}`);
    if (claim.verdict === "unlisted") await this.#refer(job);
    const right = this.#known.checksum(isDirect && job.workload.contracted ? onHost(job) : job, claim.checksum);
    if (right !== undefined) {
      throw new VoidRun(`its checksum at scale ${job.scale} is ${claim.checksum}, and ${right} was found before`);
    }
    if (claim.instructions === undefined) return;
    const expected = this.#known.instructions(job, claim.instructions);
    if (expected !== undefined) {
      throw new VoidRun(`it retired ${claim.instructions} instructions at scale ${job.scale}, others ${expected}`);
    }
  }

  async #refer(job: Job): Promise<void> {
    if (job.workload.bare || job.workload.contracted || this.#known.checksumOf(job) !== undefined) return;
    const { checksum, verdict } = await this.#reference.sample(job);
    if (verdict !== "bad") this.#known.checksum(job, checksum);
  }
}

/** The same job, as something of its own. */
function onHost(job: Job): Job {
  return { ...job, workload: { ...job.workload, name: `${job.workload.name} on the host` } };
}
