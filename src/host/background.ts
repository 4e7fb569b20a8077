/** A process of this command that outlives it, and what such a process needs. */

import { spawn } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";

/** What `startInBackground` hears of the process. */
export interface Started {
  /** What it has said when it was ready, or before it ended; "" when it said nothing. */
  readonly said: string;
}

/** The file descriptor at which the process says that it is ready. */
const READY = 3;

/**
 * Starts this command once more with other words, in a session of its own, with its output in a file; resolves when it has said that it is
 * ready, or has ended.
 */
export function startInBackground(
  words: readonly string[],
  { folder, log }: { folder: string; log: string },
): Promise<Started> {
  const out = openSync(log, "a", 0o600);
  try {
    const child = spawn(process.execPath, [...process.execArgv, process.argv[1]!, ...words], {
      cwd: folder,
      detached: true,
      stdio: ["ignore", out, out, "pipe"],
    });
    return new Promise((resolve, reject) => {
      let said = "";
      child.once("error", reject);
      const pipe = child.stdio[READY]!;
      pipe.on("data", (bytes: Uint8Array) => (said += String(bytes)));
      pipe.once("close", () => resolve({ said }));
      child.unref();
    });
  } finally {
    closeSync(out);
  }
}

/** Tells the process that has started this one, if it listens, that it is ready, or why it will not be. */
export function sayReady(text: string): void {
  try {
    writeSync(READY, text);
    closeSync(READY);
  } catch {
    // Nobody listens.
  }
}

/** The number of this process. */
export const processNumber = (): number => process.pid;

/** The folder that this process is in. */
export const currentFolder = (): string => process.cwd();

/** Calls `handle` when the process is asked to end; until then the terminal's signals do nothing else. */
export function onEndAsked(handle: () => void): void {
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, handle);
  // A terminal that closes is no reason to end.
  process.on("SIGHUP", () => undefined);
}

/** What nobody has caught is said, and the VMs run on. */
export function onUncaught(handle: (error: unknown) => void): void {
  process.on("uncaughtException", handle);
  process.on("unhandledRejection", handle);
}
