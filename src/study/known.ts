/** What is known of the workloads' right results: retired instructions and checksums by scale. */

import type { Job } from "./measure.ts";

/** Instructions and checksums seen so far. The first variant to report one sets it; all later ones must agree. */
export class Known {
  readonly #instructions = new Map<string, Map<number, number>>();
  readonly #checksums = new Map<string, string>();

  /** Takes note of a count; returns what it should have been when it differs from an earlier one. */
  instructions(job: Job, count: number): number | undefined {
    const counts = this.#counts(job);
    const before = counts.get(job.scale);
    if (before === undefined) counts.set(job.scale, count);
    return before === undefined || before === count ? undefined : before;
  }

  /** Takes note of a checksum; returns what it should have been when it differs from an earlier one. */
  checksum(job: Job, checksum: string): string | undefined {
    const key = `${keyOf(job)}/${job.scale}`;
    const before = this.#checksums.get(key);
    if (before === undefined) this.#checksums.set(key, checksum);
    return before === undefined || before === checksum ? undefined : before;
  }

  /** The checksum of a job, when it has been seen. */
  checksumOf(job: Job): string | undefined {
    return this.#checksums.get(`${keyOf(job)}/${job.scale}`);
  }

  /**
   * Guest instructions of `run(scale)`: as counted, or on the line through the lowest and highest scale counted (work is
   * proportional to scale but for what is done once). Undefined when too little is known for that.
   */
  instructionsOf(job: Job): number | undefined {
    const counts = this.#counts(job);
    const exact = counts.get(job.scale);
    if (exact !== undefined) return exact;
    const line = this.#line(job);
    return line && Math.round(line.once + line.perUnit * job.scale);
  }

  /** Guest instructions for each unit of scale: a little too high while only scale 1 is known. */
  perUnit(job: Job): number | undefined {
    return this.#line(job)?.perUnit ?? this.#counts(job).get(1);
  }

  #line(job: Job): { once: number; perUnit: number } | undefined {
    const scales = [...this.#counts(job).keys()].sort((a, b) => a - b);
    const [low, high] = [scales[0], scales.at(-1)];
    if (low === undefined || high === undefined || low === high) return undefined;
    const [less, more] = [this.#counts(job).get(low)!, this.#counts(job).get(high)!];
    const perUnit = (more - less) / (high - low);
    return { perUnit, once: less - perUnit * low };
  }

  #counts(job: Job): Map<number, number> {
    const key = keyOf(job);
    const known = this.#instructions.get(key);
    if (known !== undefined) return known;
    const fresh = new Map<number, number>();
    this.#instructions.set(key, fresh);
    return fresh;
  }
}

function keyOf({ workload, footprint }: Job): string {
  return `${workload.name}/${footprint ?? ""}`;
}
