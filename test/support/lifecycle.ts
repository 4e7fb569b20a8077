/** Driving a project's machines by the built command, as people do. */

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { flatGuest, PRINT, printText } from "./guest.ts";

const COMMAND = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Prints "up", and then for each byte that comes how many there have been, as a letter. */
export const COUNTER = flatGuest(`
  ${printText("up\n")}
  li s0, 0x10000000
  li s1, 64
  next:
  lbu t1, 5(s0)
  andi t1, t1, 1
  bnez t1, take
  j next
  take:
  lbu a0, 0(s0)
  addi s1, s1, 1
  mv a0, s1
  ${PRINT}
  j next
`);

/** A folder with a machine file, whose supervisor ends with it. */
export class TestProject {
  readonly folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-life-"));

  constructor(file?: object | string) {
    if (file !== undefined) this.describe(file);
  }

  describe(file: object | string): void {
    writeFileSync(this.path("wasmvisor.json"), typeof file === "string" ? file : JSON.stringify(file, null, 2));
  }

  path(...names: readonly string[]): string {
    return path.join(this.folder, ...names);
  }

  state(...names: readonly string[]): string {
    return this.path(".wasmvisor", ...names);
  }

  /** Starts the command. */
  start(...args: readonly string[]): {
    readonly child: ChildProcess;
    readonly ended: Promise<Ended>;
    output(): string;
  } {
    const child = spawn(process.execPath, [COMMAND, ...args], { cwd: this.folder, stdio: "pipe" });
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) child[name].on("data", (bytes) => (texts[name] += String(bytes)));
    const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, ...texts })));
    return { child, ended, output: () => texts.stdout };
  }

  /** Runs the command to its end, with nothing to read. */
  run(...args: readonly string[]): Promise<Ended> {
    const { child, ended } = this.start(...args);
    child.stdin!.end();
    return ended;
  }

  /** As `run`; fails when the command does. */
  async good(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(...args);
    if (code !== 0) throw new Error(`wasmvisor ${args.join(" ")}: ${code} ${stdout}${stderr}`);
    return stdout;
  }

  /** The states of all machines. */
  async states(): Promise<Record<string, string>> {
    const all = JSON.parse(await this.good("status", "--json")) as { name: string; state: string }[];
    return Object.fromEntries(all.map(({ name, state }) => [name, state]));
  }

  /** Types at a machine's console, and waits until it has printed `answer`. */
  async type(machine: string, text: string, answer: string): Promise<void> {
    const { child, ended, output } = this.start("console", "--machine", machine);
    child.stdin!.write(text);
    while (!output().endsWith(answer)) {
      if (child.exitCode !== null) throw new Error(`the console ended: ${(await ended).stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    child.kill();
    await ended;
  }

  /** The number of the supervisor's process; undefined when none runs. */
  get supervisor(): number | undefined {
    const text = existsSync(this.state("supervisor.log")) ? readFileSync(this.state("supervisor.log"), "utf8") : "";
    const last = [...text.matchAll(/supervisor (\d+) serves/g)].at(-1)?.[1];
    if (last === undefined) return undefined;
    try {
      process.kill(Number(last), 0);
      return Number(last);
    } catch {
      return undefined;
    }
  }

  /** Kills the supervisor, and waits until it is gone. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    const { supervisor } = this;
    if (supervisor === undefined) throw new Error("no supervisor runs");
    process.kill(supervisor, signal);
    while (this.supervisor !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async end(): Promise<void> {
    if (this.supervisor !== undefined) await this.kill();
    rmSync(this.folder, { recursive: true });
  }
}
