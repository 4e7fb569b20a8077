/** Workloads as programs of the host: built by gcc for it, or run by another emulator. */

import type { CommandRun, Programs } from "./environment.ts";
import { type Job, type Outcome, type Runner, VoidRun } from "./measure.ts";
import { bootArguments } from "./measure-vm.ts";
import { findWorkloadLine, type WorkloadLine } from "./workload-line.ts";

/** Makes the command line of a job. */
export type CommandLine = (job: Job) => Promise<readonly string[]>;

/** Runs workloads by a command. Its start-up is measured beside each sample and taken off. */
export class CommandRunner implements Runner {
  readonly #programs: Programs;
  readonly #commandLine: CommandLine;

  constructor(programs: Programs, commandLine: CommandLine) {
    this.#programs = programs;
    this.#commandLine = commandLine;
  }

  async first(job: Job): ReturnType<Runner["first"]> {
    const { run, line } = await this.#run(job);
    return { cpu: run.cpu, wall: run.wall, scale: job.scale, checksum: line.checksum, verdict: line.verdict };
  }

  async sample(job: Job): Promise<Outcome> {
    const start = job.scale > 1 ? (await this.#run({ ...job, scale: 1 })).run : { cpu: 0, wall: 0 };
    const { run, line } = await this.#run(job);
    return {
      cpu: run.cpu,
      wall: run.wall,
      steadyCpu: Math.max(run.cpu - start.cpu, 0),
      steadyWall: Math.max(run.wall - start.wall, 0),
      beyondFirst: job.scale > 1,
      checksum: line.checksum,
      verdict: line.verdict,
    };
  }

  async #run(job: Job): Promise<{ run: CommandRun; line: WorkloadLine }> {
    const command = await this.#commandLine(job);
    const run = await this.#programs.run(command, job.signal);
    job.signal.throwIfAborted();
    const line = findWorkloadLine(run.output, job.workload.name);
    if (line !== undefined) return { run, line };
    const said = run.output.trim().split("\n").at(-1)?.slice(0, 120);
    throw new VoidRun(`${command[0]} ended without a result (code ${run.code}${said ? `: ${said}` : ""})`);
  }
}

/** A command line from a template: words at spaces, then the places filled in, so that a path may hold spaces. */
export function templateCommand(template: string, programs: Programs): CommandLine {
  const words = template.trim().split(/\s+/);
  return async (job) => {
    const { name } = job.workload;
    const places: Record<string, string> = {
      elf: programs.elfPath(name),
      append: bootArguments(job),
      scale: String(job.scale),
      footprint: String(job.footprint ?? ""),
      ...(template.includes("{linux}") ? { linux: await programs.build(name, "linux") } : {}),
      ...(template.includes("{native}") ? { native: await programs.build(name, "native") } : {}),
    };
    return words
      .map((word) => word.replace(/\{(\w+)\}/g, (whole, place: string) => places[place] ?? whole))
      .filter((word) => word !== "");
  };
}
