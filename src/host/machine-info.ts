/** What node tells about the machine and about itself, for studies. */

import { readFile, rm } from "node:fs/promises";
import { cpus, loadavg, release, tmpdir, totalmem, type } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

/** The machine. */
export interface MachineInfo {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly engine: string;
}

/** What this process runs on. */
export function machineInfo(): MachineInfo {
  const all = cpus();
  return {
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    engine: `node ${process.versions.node} (V8 ${process.versions.v8})`,
  };
}

/** Milliseconds of CPU, user and system, that all threads of this process have used. */
export function cpuMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The one-minute load average. */
export function loadAverage(): number {
  return loadavg()[0] ?? 0;
}

/** The folder of the bundled guests: beside `src` in a checkout, and in `dist` of the package. */
const GUESTS = new URL("../../guests/", import.meta.url);

/** A file of the bundled guests, such as `"bin/mix.elf"`. */
export async function guestFile(name: string): Promise<Uint8Array> {
  return readFile(new URL(name, GUESTS));
}

/** The path of a file or folder of the bundled guests. */
export function guestPath(name: string): string {
  return fileURLToPath(new URL(name, GUESTS));
}

/** Removes what `buildWorkload` has built. */
export async function removeBuilt(version: string): Promise<void> {
  await rm(path.join(tmpdir(), `wasmvisor-${version}-${process.pid}`), { recursive: true, force: true });
}
