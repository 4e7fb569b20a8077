/** User CPU time of commands, measured so that what changes on the machine meanwhile hits all of them alike. */

import { spawnSync } from "node:child_process";

/** `--quick`: fewer rounds and smaller amounts. */
export const QUICK = process.argv.includes("--quick");

/** How many rounds are run: as WASMVISOR_BENCH_ROUNDS says, else one if it is to be quick, or `usual`. */
export function roundsOf(usual: number): number {
  return Number(process.env.WASMVISOR_BENCH_ROUNDS ?? (QUICK ? 1 : usual));
}

/** A command to be measured. */
export interface Contestant {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** What one run took, and what it printed. */
export interface Sample {
  readonly userSeconds: number;
  readonly wallSeconds: number;
  readonly output: string;
}

/** Whether a program is on the PATH. */
export function installed(program: string): boolean {
  return spawnSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" }).status === 0;
}

/**
 * Runs a command to its end. The shell's `time` measures it, because node does not tell what its children used.
 *
 * @throws when the command fails, with what it printed
 */
export function runOnce(command: readonly string[]): Sample {
  const script = 'TIMEFORMAT="time %U %R"; time "$@" </dev/null';
  const result = spawnSync("bash", ["-c", script, "bash", ...command], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
    maxBuffer: 1 << 26,
  });
  const times = /^time ([\d.]+) ([\d.]+)$/m.exec(result.stderr);
  if (result.status !== 0 || times === null) {
    throw new Error(`${command.join(" ")} failed (${result.status}): ${result.stdout}${result.stderr}`);
  }
  return { userSeconds: Number(times[1]), wallSeconds: Number(times[2]), output: result.stdout + result.stderr };
}

/** Shows what is being measured, where somebody looks on. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Runs all contestants `repetitions` times in turn (a b c a b c …) and returns their samples by name. */
export function interleaved(contestants: readonly Contestant[], repetitions: number): Map<string, Sample[]> {
  const samples = new Map<string, Sample[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round < repetitions; round++) {
    for (const { name, command } of contestants) {
      progress(`${name}, round ${round + 1} of ${repetitions}`);
      samples.get(name)!.push(runOnce(command));
    }
  }
  progress("");
  return samples;
}
