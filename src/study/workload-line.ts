/** The line that every workload prints: `name verdict checksum ticks instructions`. */

/** What it says. */
export interface WorkloadLine {
  readonly name: string;
  /** `"unlisted"`: its own checks passed, and no checksum is on record for that scale. */
  readonly verdict: "ok" | "bad" | "unlisted";
  /** 16 hexadecimal digits. */
  readonly checksum: string;
  /** Guest instructions retired by `run(scale)`; 0 where the program could not count them. */
  readonly instructions: number;
}

/** Finds the line of workload `name` in what was printed. */
export function findWorkloadLine(output: string, name: string): WorkloadLine | undefined {
  for (const line of output.split(/\r?\n/)) {
    const match = /^(\S+) (ok|bad|unlisted) ([0-9a-f]{16}) \d+ (\d+)$/.exec(line.trim());
    if (match?.[1] === name) {
      return {
        name,
        verdict: match[2] as WorkloadLine["verdict"],
        checksum: match[3]!,
        instructions: Number(match[4]),
      };
    }
  }
  return undefined;
}
