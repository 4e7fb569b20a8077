/** The workloads' own C compiled to Wasm and run by the host's engine: the ceiling for emitted code. */

import { clocks, type Environment } from "./environment.ts";
import { type Job, type Outcome, type Runner, VoidRun } from "./measure.ts";

/** What a workload's module exports. */
interface Exports {
  run(scale: number): bigint;
  verdict(scale: number, checksum: bigint): number;
  setFootprint(kib: number): void;
}

const VERDICTS = ["ok", "bad", "unlisted"] as const;

/** Warm-up before the first sample: calls at scale 1, with time for the engine to compile in the background. */
const WARM_MILLISECONDS = 80;
const WARM_CALLS = 3;

/** Runs workloads as Wasm. */
export class WasmRunner implements Runner {
  readonly #environment: Environment;
  readonly #warm = new Map<string, WebAssembly.Module>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  async first(job: Job): ReturnType<Runner["first"]> {
    const bytes = await this.#environment.wasm(job.workload.name);
    const begin = clocks(this.#environment);
    const { checksum, verdict } = await call(await compile(bytes), job);
    const end = clocks(this.#environment);
    return { cpu: end.cpu - begin.cpu, wall: end.wall - begin.wall, scale: job.scale, checksum, verdict };
  }

  async sample(job: Job): Promise<Outcome> {
    job.signal.throwIfAborted();
    const module = await this.#warmModule(job);
    const begin = clocks(this.#environment);
    const { checksum, verdict } = await call(module, job);
    const end = clocks(this.#environment);
    const [cpu, wall] = [end.cpu - begin.cpu, end.wall - begin.wall];
    return { cpu, wall, steadyCpu: cpu, steadyWall: wall, checksum, verdict };
  }

  /** The engine keeps what it has optimized with the module, not with the instance. */
  async #warmModule(job: Job): Promise<WebAssembly.Module> {
    const known = this.#warm.get(job.workload.name);
    if (known !== undefined) return known;
    const module = await compile(await this.#environment.wasm(job.workload.name));
    const begin = performance.now();
    for (let calls = 0; calls < WARM_CALLS || performance.now() - begin < WARM_MILLISECONDS; calls++) {
      await call(module, { ...job, scale: 1 });
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    this.#warm.set(job.workload.name, module);
    return module;
  }
}

async function compile(bytes: Uint8Array): Promise<WebAssembly.Module> {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-assertion -- the DOM's types ask for it, node's do not
  return WebAssembly.compile(bytes as Uint8Array<ArrayBuffer>);
}

async function call(
  module: WebAssembly.Module,
  { scale, footprint }: Job,
): Promise<Pick<Outcome, "checksum" | "verdict">> {
  const exports = (await WebAssembly.instantiate(module, {})).exports as unknown as Exports;
  if (footprint !== undefined) exports.setFootprint(footprint);
  const checksum = exports.run(scale);
  const verdict = VERDICTS[exports.verdict(scale, checksum)];
  if (verdict === undefined) throw new VoidRun("its module gives no verdict");
  return { checksum: BigInt.asUintN(64, checksum).toString(16).padStart(16, "0"), verdict };
}
