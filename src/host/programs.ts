/** Programs of the host: finding them, building the workloads for this machine, running them with their CPU time. */

import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { WasmvisorError } from "../error.ts";

const run = promisify(execFile);

/** One run of a program. Times are milliseconds. */
export interface ProgramRun {
  readonly code: number | null;
  /** stdout and stderr. */
  readonly output: string;
  /** CPU, user and system, of the program and its children. */
  readonly cpu: number;
  readonly wall: number;
}

/** More output than any of the study's programs should print. */
const MOST_OUTPUT = 2 ** 20;

/** The shell's `time` tells what its child used, which node does not. */
const TIMED = 'TIMEFORMAT="@time %U %S"; time "$@" </dev/null';
const TIMES = /^@time ([\d.]+) ([\d.]+)$/m;

/**
 * Runs a command to its end, or kills it on `signal`.
 * @throws WasmvisorError `program` when it cannot be started
 */
export function runProgram(command: readonly string[], signal: AbortSignal): Promise<ProgramRun> {
  return new Promise((resolve, reject) => {
    const begin = performance.now();
    // A group of its own: a kill reaches the program, not only the shell.
    const child = spawn("bash", ["-c", TIMED, "bash", ...command], {
      detached: true,
      env: { ...process.env, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (chunk: Buffer) => {
      if (output.length < MOST_OUTPUT) output += chunk.toString();
    };
    const kill = () => {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    };
    signal.addEventListener("abort", kill, { once: true });
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.on("error", (cause) => reject(new WasmvisorError("program", `bash cannot be started.`, {}, { cause })));
    child.on("close", (code) => {
      signal.removeEventListener("abort", kill);
      const wall = performance.now() - begin;
      const times = TIMES.exec(output);
      const cpu = times ? (Number(times[1]) + Number(times[2])) * 1000 : wall;
      resolve({ code, output: output.replace(TIMES, ""), cpu, wall });
    });
  });
}

const versions = new Map<string, Promise<string | undefined>>();

/** The first line of what a program says its version is; undefined when it is not installed. */
export function programVersion(program: string): Promise<string | undefined> {
  const known = versions.get(program);
  if (known !== undefined) return known;
  const asked = askVersion(program);
  versions.set(program, asked);
  return asked;
}

async function askVersion(program: string): Promise<string | undefined> {
  const found = await run("bash", ["-c", 'command -v -- "$1"', "bash", program]).catch(() => undefined);
  if (found === undefined) return undefined;
  const told = await run(program, ["--version"], { timeout: 5000 }).catch(() => undefined);
  const [line = ""] = told?.stdout.split("\n") ?? [];
  return line.trim() === "" ? program : line.trim();
}

/** What the compilers are given, as in `scripts/guests-build.mjs`. */
const FLAGS = ["-O2", "-std=gnu11", "-ffp-contract=off", "-fno-math-errno"];

const COMPILERS = {
  native: { compiler: "gcc", flags: [] },
  linux: { compiler: "riscv64-linux-gnu-gcc", flags: ["-static", "-march=rv64gc"] },
} as const;

/**
 * Builds a workload from its source into a folder of the system's for temporary files; returns the program's path.
 *
 * @param sources - the folder `guests/workloads`
 * @param version - goes into the folder's name, so that another version's programs are not taken for this one's
 * @throws WasmvisorError `program` when it does not compile
 */
export async function buildWorkload(
  name: string,
  target: keyof typeof COMPILERS,
  sources: string,
  version: string,
): Promise<string> {
  const { compiler, flags } = COMPILERS[target];
  const folder = path.join(tmpdir(), `wasmvisor-${version}-${process.pid}`, target);
  const program = path.join(folder, name);
  if (existsSync(program)) return program;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const files = ["main_hosted.c", `${name}.c`].map((file) => path.join(sources, file));
  try {
    await run(compiler, [...FLAGS, ...flags, ...files, "-o", `${program}.new`, "-lm"]);
  } catch (cause) {
    const said = (cause as { stderr?: string }).stderr?.split("\n")[0] ?? String(cause);
    throw new WasmvisorError("program", `${compiler} cannot build ${name}: ${said}`, { name, target }, { cause });
  }
  await rename(`${program}.new`, program);
  return program;
}
