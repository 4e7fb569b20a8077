/** What does a request to a disk cost the host, below the device? */

import { median, progress, runOnce } from "./support/measure.ts";
import type { Bench, Report, Row } from "./support/report.ts";

const ROUNDS = 5;

const KINDS = [
  ["memory", "memory"],
  ["qcow2 in memory", "qcow2-memory"],
  ["raw file", "raw-file"],
  ["qcow2 file", "qcow2-file"],
] as const;

const REQUESTS = [
  ["4 KiB", 4096, 100_000],
  ["1 MiB", 2 ** 20, 512],
] as const;

/** What bench/support/run-disk.mjs prints. */
interface Cost {
  readonly read: number;
  readonly write: number;
}

/** All kinds in each round, so that they meet the same machine. */
function measure(): Map<string, Cost[]> {
  const costs = new Map<string, Cost[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, kind] of KINDS) {
      for (const [size, bytes, count] of REQUESTS) {
        progress(`${name}, ${size}, round ${round + 1} of ${ROUNDS}`);
        const { output } = runOnce(["node", "bench/support/run-disk.mjs", kind, String(bytes), String(count)]);
        const key = `${name}, ${size}`;
        costs.set(key, [...(costs.get(key) ?? []), JSON.parse(output.split("\n")[0]!) as Cost]);
      }
    }
  }
  progress("");
  return costs;
}

function figure(values: readonly number[]): string {
  const [least, middle, most] = [Math.min(...values), median(values), Math.max(...values)].map((value) =>
    Number(value.toPrecision(2)),
  );
  return `${middle} (${least} to ${most})`;
}

function run(): Report {
  const costs = measure();
  const rows = KINDS.map(([name]): Row => {
    const cells = REQUESTS.flatMap(([size]) => {
      const samples = costs.get(`${name}, ${size}`)!;
      return [
        [`${size} read`, figure(samples.map(({ read }) => read))],
        [`${size} write`, figure(samples.map(({ write }) => write))],
      ] as const;
    });
    return { disk: name, ...Object.fromEntries(cells) };
  });
  return {
    question: bench.question,
    rows,
    notes: [`CPU microseconds of user and system for a request, medians of ${ROUNDS} interleaved rounds, with ranges.`],
  };
}

export const bench: Bench = {
  question: "What does a request to a disk cost the host, below the device?",
  run: () => Promise.resolve(run()),
};
