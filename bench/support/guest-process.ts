/** A guest in a process of its own (QEMU's or ours), driven over its console, and the CPU time that it takes. */

import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/** Of `/proc/PID/stat`: hundredths of a second. */
const TICKS_IN_A_SECOND = 100;

/** Longest time in which a guest prints what is waited for. */
const PATIENCE_MILLISECONDS = 900_000;

/** CPU seconds (user and system, all threads) and seconds by the clock. */
export interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

/** What a program takes until it prints `pattern`, and is ended. @throws as `waitFor` does */
export async function costUntil(command: readonly [string, ...string[]], pattern: RegExp): Promise<Cost> {
  const begun = performance.now();
  const guest = new GuestProcess(command);
  try {
    await guest.waitFor(pattern);
    return { cpu: guest.seconds(), wall: (performance.now() - begun) / 1000 };
  } finally {
    await guest.end();
  }
}

export class GuestProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  #text = "";
  #look: () => void = () => undefined;

  constructor(command: readonly [string, ...string[]]) {
    const [program, ...args] = command;
    this.#child = spawn(program, args);
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.#text += text;
      this.#look();
    });
    this.#child.stderr.resume();
    this.#child.on("exit", () => this.#look());
  }

  /**
   * Waits until the guest prints `pattern`, and forgets what came before it.
   * @throws Error when the guest ends or is silent for too long
   */
  async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE_MILLISECONDS);
    try {
      for (;;) {
        const found = pattern.exec(this.#text);
        if (found !== null) {
          this.#text = this.#text.slice(found.index + found[0].length);
          return found;
        }
        if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
          throw new Error(`the guest has ended before it printed ${String(pattern)}: …${this.#text.slice(-500)}`);
        }
        await new Promise<void>((resolve) => (this.#look = resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Has the guest's shell run a command; what it printed, and the CPU seconds (user and system) of the process meanwhile. */
  async run(command: string): Promise<{ seconds: number; text: string }> {
    const before = this.seconds();
    this.#child.stdin.write(`${command}; echo "status:$?"\n`);
    const found = await this.waitFor(/([^]*?)status:(\d+)/);
    if (found[2] !== "0") throw new Error(`${command} failed in the guest: ${found[1]}`);
    return { seconds: this.seconds() - before, text: found[1]! };
  }

  /** CPU seconds of the process and its threads since it began. */
  seconds(): number {
    const fields = readFileSync(`/proc/${this.#child.pid}/stat`, "latin1")
      .replace(/^.*\) /, "")
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) / TICKS_IN_A_SECOND;
  }

  /** Bytes of the process that are in memory. */
  memory(): number {
    const pages = readFileSync(`/proc/${this.#child.pid}/statm`, "latin1").split(" ")[1];
    return 4096 * Number(pages);
  }

  /** Types into the guest's console. */
  write(text: string): void {
    this.#child.stdin.write(text);
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await exit;
  }
}
