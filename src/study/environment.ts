/** What the study needs of the system it runs on; node and browsers offer it differently. */

import type { HostInfo } from "./result.ts";

/** One run of a program. */
export interface CommandRun {
  /** Its exit code, or null when a signal ended it. */
  readonly code: number | null;
  /** What it printed, stdout and stderr. */
  readonly output: string;
  /** Milliseconds of CPU, user and system, of the program and its children. */
  readonly cpu: number;
  /** Milliseconds. */
  readonly wall: number;
}

/** Programs of the host. */
export interface Programs {
  /** The first line of what a program says its version is; undefined when it is not installed. */
  version(program: string): Promise<string | undefined>;
  /** The path of a workload built for this machine, or as a static Linux RISC-V program; builds it when need be. */
  build(workload: string, target: "native" | "linux"): Promise<string>;
  /** The path of a bare-metal workload. */
  elfPath(workload: string): string;
  /** Runs a command to its end, or until `signal`. */
  run(command: readonly string[], signal: AbortSignal): Promise<CommandRun>;
}

/** The host as the study sees it. */
export interface Environment {
  /** Milliseconds of CPU that this process has used, all threads; undefined where the host does not tell. */
  readonly cpu: (() => number) | undefined;
  /** Undefined where no programs can be started. */
  readonly programs: Programs | undefined;
  /** What it is, without the tools. */
  host(): Promise<Omit<HostInfo, "tools" | "cpuTime">>;
  /** The one-minute load average, where there is one. */
  load(): number | undefined;
  /** A bare-metal program of `guests/bin`. */
  guest(name: string): Promise<Uint8Array>;
  /** A module of `guests/wasm`. */
  wasm(name: string): Promise<Uint8Array>;
  /** This package's version. */
  version(): Promise<string>;
}

/** Reads both clocks, in milliseconds; CPU time is wall time where the host does not tell it. */
export function clocks({ cpu }: Environment): { cpu: number; wall: number } {
  const wall = performance.now();
  return { cpu: cpu?.() ?? wall, wall };
}
