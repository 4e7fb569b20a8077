/** Workloads on this project's own engine, whole and verified by their own checks. */

import { Host, type Vm, type VmConfig, type VmCounters } from "../index.ts";
import { clocks, type Environment } from "./environment.ts";
import { type Job, type Outcome, type Runner, VoidRun } from "./measure.ts";
import type { TimelinePoint } from "./result.ts";
import { findWorkloadLine } from "./workload-line.ts";

/** Milliseconds between two looks at a running VM. */
const LOOK_MILLISECONDS = 10;

/** How a VM is configured for a job; `vm` is laid over it. */
export async function vmConfig(environment: Environment, job: Job, vm: Partial<VmConfig>): Promise<VmConfig> {
  return {
    memory: "128M",
    bios: "none",
    kernel: await environment.guest(job.workload.name),
    append: bootArguments(job),
    onTrapStorm: "stop",
    ...vm,
  };
}

/** The arguments that a bare-metal workload takes. */
export function bootArguments({ scale, footprint }: Job): string {
  return `scale=${scale}${footprint === undefined ? "" : ` footprint=${footprint}`}`;
}

/** Runs workloads on VMs with some options, each in a host of its own: what others have translated must not slow it down. */
export class VmRunner implements Runner {
  readonly #vm: Partial<VmConfig>;
  readonly #environment: Environment;

  constructor(vm: Partial<VmConfig>, environment: Environment) {
    this.#vm = vm;
    this.#environment = environment;
  }

  async first(job: Job): ReturnType<Runner["first"]> {
    const config = await vmConfig(this.#environment, job, this.#vm);
    using host = await Host.create();
    const begin = clocks(this.#environment);
    const run = await this.#run(host, job, config);
    return {
      cpu: run.end.cpu - begin.cpu,
      wall: run.end.wall - begin.wall,
      runCpu: run.end.cpu - run.begin.cpu,
      scale: job.scale,
      instructions: run.line.instructions,
      checksum: run.line.checksum,
      verdict: run.line.verdict,
    };
  }

  async sample(job: Job): Promise<Outcome> {
    using host = await Host.create();
    const { line, begin, end, looks, counters } = await this.#run(
      host,
      job,
      await vmConfig(this.#environment, job, this.#vm),
    );
    const middle = steadyFrom(looks, counters.instructions);
    return {
      cpu: end.cpu - begin.cpu,
      wall: end.wall - begin.wall,
      steadyCpu: end.cpu - middle.cpu,
      steadyWall: end.wall - middle.wall,
      steadyInstructions: counters.instructions - middle.instructions,
      checksum: line.checksum,
      verdict: line.verdict,
      instructions: line.instructions,
      counters: plainCounters(counters),
      timeline: timeline([...looks, { ...end, instructions: counters.instructions }], begin.wall),
    };
  }

  async #run(host: Host, job: Job, config: VmConfig) {
    const { signal } = job;
    signal.throwIfAborted();
    const vm = await host.createVm(config);
    const destroy = () => vm.destroy();
    signal.addEventListener("abort", destroy);
    try {
      const output = collectOutput(vm);
      const begin = clocks(this.#environment);
      const watch = new Watch(vm, this.#environment);
      vm.start();
      const exit = await vm.exited;
      const end = clocks(this.#environment);
      watch.stop();
      signal.throwIfAborted();
      const line = findWorkloadLine(output(), job.workload.name);
      if (line === undefined) throw new VoidRun(`it ended without a result (${exit.reason}, code ${exit.code})`);
      return { line, begin, end, looks: watch.looks, counters: vm.counters() };
    } finally {
      signal.removeEventListener("abort", destroy);
      vm.destroy();
    }
  }
}

function collectOutput(vm: Vm): () => string {
  const decoder = new TextDecoder();
  let text = "";
  vm.on("output", (bytes) => (text += decoder.decode(bytes, { stream: true })));
  return () => text;
}

/** The clocks and the progress at one moment. */
interface Look {
  readonly cpu: number;
  readonly wall: number;
  readonly instructions: number;
}

/** Looks at a VM between the turns of its run loop. */
class Watch {
  readonly looks: Look[] = [];
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(vm: Vm, environment: Environment) {
    const look = () => this.looks.push({ ...clocks(environment), instructions: vm.counters().instructions });
    look();
    this.#timer = setInterval(look, LOOK_MILLISECONDS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/**
 * Where the steady part begins: the first look at which half of the instructions was done. When a run was too short for
 * that, all of it counts.
 */
function steadyFrom(looks: readonly Look[], instructions: number): Look {
  const half = looks.find((look) => look.instructions >= instructions / 2);
  return half !== undefined && half.instructions <= instructions * 0.8 ? half : looks[0]!;
}

/** At most about `POINTS` points, evenly picked. */
function timeline(looks: readonly Look[], origin: number): TimelinePoint[] {
  const every = Math.max(1, Math.ceil(looks.length / POINTS));
  return looks
    .filter((_, index) => index % every === 0 || index === looks.length - 1)
    .map(({ wall, instructions }) => ({ at: Math.round((wall - origin) * 100) / 100, instructions }));
}

const POINTS = 60;

/** All numbers of the counters; nested ones as `group.name`. */
export function plainCounters(counters: VmCounters): Record<string, number> {
  const plain: Record<string, number> = {};
  const add = (prefix: string, group: object) => {
    for (const [name, value] of Object.entries(group) as [string, unknown][]) {
      if (typeof value === "number") plain[`${prefix}${name}`] = value;
      else if (typeof value === "object" && value !== null && !Array.isArray(value)) add(`${prefix}${name}.`, value);
    }
  };
  add("", counters);
  return plain;
}
