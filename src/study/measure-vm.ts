/** Workloads on this project's own engine, whole and verified by their own checks. */

import { Host, type Vm, type VmConfig, type VmCounters } from "../index.ts";
import { clocks, type Environment } from "./environment.ts";
import { type Job, type Outcome, type Runner, VoidRun } from "./measure.ts";
import { REST_MILLISECONDS, translates } from "./rest.ts";
import type { TimelinePoint } from "./result.ts";
import { findWorkloadLine } from "./workload-line.ts";

/** Milliseconds between two looks at a running VM. */
const LOOK_MILLISECONDS = 5;

/** How a VM is configured for a job; `vm` is laid over it, but that its boot arguments come after the job's. */
export async function vmConfig(environment: Environment, job: Job, vm: Partial<VmConfig>): Promise<VmConfig> {
  return {
    memory: "128M",
    bios: "none",
    kernel: await environment.guest(job.workload.name),
    onTrapStorm: "stop",
    ...vm,
    append: [bootArguments(job), vm.append ?? ""].join(" ").trim(),
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
      translating: run.counters.translator.translateMilliseconds,
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
    const last = { ...end, ...progressOf(counters) };
    const steady = steadyPart(looks, last, translates(this.#vm) ? REST_MILLISECONDS : 0);
    return {
      cpu: end.cpu - begin.cpu,
      wall: end.wall - begin.wall,
      steadyCpu: steady.end.cpu - steady.begin.cpu,
      steadyWall: steady.end.wall - steady.begin.wall,
      steadyInstructions: steady.end.instructions - steady.begin.instructions,
      steadyPageWalks: steady.end.pageWalks - steady.begin.pageWalks,
      steadyTranslating: steady.end.translating - steady.begin.translating,
      steadyAfter: untranslated(steady.begin, looks[0]),
      steadyQuickened: quickened(looks, steady),
      checksum: line.checksum,
      verdict: line.verdict,
      instructions: line.instructions,
      counters: plainCounters(counters),
      timeline: timeline([...looks, last], begin.wall),
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
export interface Look {
  readonly cpu: number;
  readonly wall: number;
  readonly instructions: number;
  readonly pageWalks: number;
  /** Milliseconds spent in translating so far. */
  readonly translating: number;
}

function progressOf({ instructions, pageWalks, translator }: VmCounters): Omit<Look, "cpu" | "wall"> {
  return { instructions, pageWalks, translating: translator.translateMilliseconds };
}

/** Looks at a VM between the tasks of its run loop. */
class Watch {
  readonly looks: Look[] = [];
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(vm: Vm, environment: Environment) {
    const look = () => this.looks.push({ ...clocks(environment), ...progressOf(vm.counters()) });
    look();
    this.#timer = setInterval(look, LOOK_MILLISECONDS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

/** A part of a run, from one look to another. */
interface Steady {
  readonly begin: Look;
  readonly end: Look;
}

/** Where the steady part lies, as parts of all instructions: it begins between the first two, and ends before the third if it can. */
const STEADY = { begin: 0.5, latest: 0.8, end: 0.98, least: 0.1 };

/**
 * The steady part of a run: the second half, or what of it comes after `rest` milliseconds beside translating if enough does; without the
 * last instructions, which print the result: an engine that translates all that it meets has much to do with them. When a run was too short
 * for that, all of it counts.
 */
export function steadyPart(looks: readonly Look[], last: Look, rest = 0): Steady {
  const part = ({ instructions }: Look) => instructions / last.instructions;
  const half = looks.findIndex((look) => part(look) >= STEADY.begin);
  const rested = looks.slice(Math.max(half, 0)).find((look) => untranslated(look, looks[0]) >= rest);
  const begin = half >= 0 && rested !== undefined && part(rested) <= STEADY.latest ? rested : looks[half];
  if (begin === undefined || part(begin) > STEADY.latest) return { begin: looks[0] ?? last, end: last };
  const end = looks.findLast((look) => part(look) <= STEADY.end && part(look) >= part(begin) + STEADY.least);
  return { begin, end: end ?? last };
}

/** Milliseconds of wall time from the first look to another, beside those in which the guest waited for the translator. */
function untranslated(look: Look, first: Look = look): number {
  return look.wall - first.wall - (look.translating - first.translating);
}

/** What an instruction took in the first half of the steady part's time over what it took in the second. */
export function quickened(looks: readonly Look[], { begin, end }: Steady): number {
  const middle = looks.findLast(({ wall }) => wall <= (begin.wall + end.wall) / 2) ?? begin;
  const first = (middle.cpu - begin.cpu) / (middle.instructions - begin.instructions);
  const second = (end.cpu - middle.cpu) / (end.instructions - middle.instructions);
  return first > 0 && second > 0 ? first / second : 1;
}

/** At most about `POINTS` points, evenly picked; where the guest runs as fast before one as after it, that one is left out. */
export function timeline(looks: readonly Look[], origin: number): TimelinePoint[] {
  const every = Math.max(1, Math.ceil(looks.length / POINTS));
  return bends(
    looks
      .filter((_, index) => index % every === 0 || index === looks.length - 1)
      .map(({ wall, instructions }) => ({ at: Math.round((wall - origin) * 100) / 100, instructions })),
  );
}

/** The ends of a line, and the points at which it gets steeper or flatter by a tenth. */
function bends(points: readonly TimelinePoint[]): TimelinePoint[] {
  const kept: TimelinePoint[] = [];
  for (const [index, point] of points.entries()) {
    const [before, after] = [kept.at(-1), points[index + 1]];
    const [slope, next] = [speed(before, point), speed(point, after)];
    if (!(Math.abs(next - slope) <= slope * STRAIGHT)) kept.push(point);
  }
  return kept;
}

/** Instructions a millisecond between two points; NaN without either, or without time between them. */
function speed(from: TimelinePoint | undefined, to: TimelinePoint | undefined): number {
  if (from === undefined || to === undefined || to.at <= from.at) return NaN;
  return (to.instructions - from.instructions) / (to.at - from.at);
}

/** Part of a speed by which it may change where a line counts as straight. */
const STRAIGHT = 0.1;

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
