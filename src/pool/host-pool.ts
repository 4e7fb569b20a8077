/** A pool of hosts in workers: VMs are made where there is room and time for them, and are moved while they run. */

import { WasmvisorError } from "../error.ts";
import { type VmConfig, parseMemorySize } from "../vmm/config.ts";
import { coreModule } from "../vmm/core-module.ts";
import { Host } from "../vmm/host.ts";
import type { ImageSource } from "../vmm/image-source.ts";
import { checkMigrate, type MigrateOptions, type MigrationStatistics } from "../vmm/migrate/options.ts";
import type { CpuSettings } from "../vmm/scheduler/settings.ts";
import type { RestoreOptions } from "../vmm/snapshot/restore.ts";
import type { WorkerHost } from "../worker/worker-host.ts";
import type { WorkerVm } from "../worker/worker-vm.ts";
import { Loads, type MeasuredVm } from "./load.ts";
import { moveVm } from "./move.ts";
import {
  checkPool,
  type HostPoolOptions,
  type HostPoolStatistics,
  MEMORY_MOST,
  type PoolChoice,
  type PoolMove,
} from "./options.ts";
import { type HostLoad, loadOf, placeFor, planMoves } from "./plan.ts";
import { closed, Place } from "./place.ts";

/** VMs that one `balance` moves unless told otherwise. */
const MOVES_USUAL = 4;
const MOVES_MOST = 1000;

/** Where a VM is made. */
export interface PlaceOptions {
  /** The number of the host. Default: the one with room for it that has the least to do. */
  readonly host?: number;
}

/**
 * Hosts in workers, and the VMs that live in them. A VM is made in the host that has room for it and the least to do, and may be moved to another
 * one while it runs: it stays the same `WorkerVm`, whose console, events and calls go on. A worker that dies takes only its own VMs with it, which
 * end with the reason `"failure"`, and is replaced. In node the pool keeps the process alive until `close`.
 *
 * ```ts
 * const pool = await HostPool.create({ hosts: 4, balanceEvery: 5000 });
 * const vm = await pool.createVm({ memory: "128M", kernel: DEMO_GUEST });
 * await vm.start();
 * await pool.move(vm, 2);
 * ```
 */
export class HostPool {
  readonly #places: readonly Place[];
  readonly #choice: PoolChoice;
  readonly #loads = new Loads();
  readonly #moving = new Set<WorkerVm>();
  readonly #groups = new Map<string, CpuSettings>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #balancing: Promise<PoolMove[]> | undefined;
  #moves = 0;
  #failedMoves = 0;
  #isClosed = false;

  private constructor(choice: PoolChoice, module: WebAssembly.Module) {
    this.#choice = choice;
    const { signal: _signal, ...host } = choice.host;
    const make = async (number: number): Promise<WorkerHost> => {
      const made = await Host.create({ ...ownPageFile(host, number), wasm: module, worker: choice.worker() });
      for (const [name, settings] of this.#groups) await made.setCpuGroup(name, settings);
      return made;
    };
    this.#places = Array.from({ length: choice.hosts }, (_, number) => new Place(() => make(number)));
  }

  /**
   * Makes a pool, and starts its workers.
   * @throws WasmvisorError as `Host.create` does; the signal's reason
   */
  static async create(options: HostPoolOptions = {}): Promise<HostPool> {
    const choice = checkPool(options);
    const { signal } = choice.host;
    const pool = new HostPool(choice, await coreModule(choice.host.wasm, signal));
    try {
      for (const made of await Promise.allSettled(pool.#places.map((place) => place.open())))
        if (made.status === "rejected") throw made.reason;
      signal?.throwIfAborted();
    } catch (error) {
      await pool.close();
      throw error;
    }
    if (choice.balanceEvery !== undefined)
      pool.#timer = setInterval(() => void pool.balance().catch(() => undefined), choice.balanceEvery);
    return pool;
  }

  /** Its hosts by number; undefined where a worker has died and is being replaced. VMs that are made in them are the pool's. */
  get hosts(): readonly (WorkerHost | undefined)[] {
    return this.#places.map(({ host }) => host);
  }

  /** The VMs that have not been destroyed. */
  get vms(): ReadonlySet<WorkerVm> {
    return new Set(this.hosts.flatMap((host) => [...(host?.vms ?? [])]));
  }

  /** The number of the host in which a VM is; undefined when it is in none. */
  hostOf(vm: WorkerVm): number | undefined {
    const number = this.hosts.findIndex((host) => host?.vms.has(vm) === true);
    return number === -1 ? undefined : number;
  }

  /**
   * As `Host.createVm`, in one of its hosts; files and addresses are read in the worker.
   * @throws WasmvisorError as `WorkerHost.createVm` does, and `worker` when no worker runs, `option`
   */
  async createVm(config: VmConfig, { host }: PlaceOptions = {}): Promise<WorkerVm> {
    return this.#within(host, parseMemorySize(config.memory ?? "256M"), (made) => made.createVm(config));
  }

  /**
   * As `Host.restore`, in one of its hosts.
   * @throws WasmvisorError as `WorkerHost.restore` does, and `worker` when no worker runs, `option`
   */
  async restore(source: ImageSource, options: RestoreOptions = {}, { host }: PlaceOptions = {}): Promise<WorkerVm> {
    return this.#within(host, 0, (made) => made.restore(source, options));
  }

  /**
   * Moves a VM to another host while it runs. It stays the same object: what it prints goes on, what is typed arrives once, commands of the agent
   * that are under way go on. What only its owner has is given again as it was to `createVm`; a kernel that was a stream is not known any more.
   *
   * ```ts
   * const { downtime } = await pool.move(vm, 1);
   * ```
   *
   * @returns what was done; undefined when it was there already, or where it was cannot say any more what was done
   * @throws WasmvisorError as `Vm.migrateTo` and `Host.receive` do, `option` when it is no VM or number of this pool; then it runs on where it was
   */
  async move(vm: WorkerVm, host: number, options: MigrateOptions = {}): Promise<MigrationStatistics | undefined> {
    checkMigrate(options);
    const from = this.hostOf(vm);
    if (from === undefined) throw notHere("The VM is in none of this pool's hosts; move one of pool.vms.");
    const to = this.#hostAt(host);
    if (from === host) return undefined;
    if (this.#moving.has(vm)) throw new WasmvisorError("vm-state", "The VM is being moved already; wait for that.");
    this.#moving.add(vm);
    const { size } = vm.memory;
    this.#places[host]!.expect(size, 0);
    try {
      const statistics = await moveVm(vm, to, options);
      this.#moves++;
      this.#loads.moved(vm);
      return statistics;
    } catch (error) {
      this.#failedMoves++;
      throw error;
    } finally {
      this.#places[host]!.expect(-size, 0);
      this.#moving.delete(vm);
    }
  }

  /**
   * Looks which VMs wait for each other in one host while another one has time, and moves some of them, one after another, `most` at most. VMs that
   * have been moved within ten seconds stay. One that is called while another one is under way gets that one's result.
   * @throws WasmvisorError `option`, `host-closed`
   */
  balance({ most = MOVES_USUAL }: { readonly most?: number } = {}): Promise<PoolMove[]> {
    if (!Number.isInteger(most) || most < 1 || most > MOVES_MOST) {
      const sentence = `most is a number of VMs from 1 to ${MOVES_MOST}, not ${String(most)}.`;
      return Promise.reject(new WasmvisorError("option", sentence, { key: "most", value: most }));
    }
    this.#balancing ??= this.#balance(most).finally(() => (this.#balancing = undefined));
    return this.#balancing;
  }

  /** As `Host.setCpuGroup`, in all of its hosts; shares of a group count within each of them. @throws WasmvisorError as that does */
  async setCpuGroup(name: string, settings: CpuSettings): Promise<void> {
    for (const host of this.hosts) await host?.setCpuGroup(name, settings);
    this.#groups.set(name, { ...this.#groups.get(name), ...settings });
  }

  /** What its hosts do, and what it has done. */
  async statistics(): Promise<HostPoolStatistics> {
    const loads = await this.#measure();
    const { maxMemory = MEMORY_MOST } = this.#choice.host;
    return {
      hosts: this.#places.map(({ host, failures }, index) => {
        const load = loads[index];
        return {
          isThere: host !== undefined,
          failures,
          load: load === undefined ? 0 : loadOf(load),
          allocatedBytes: load === undefined ? 0 : maxMemory - load.freeBytes,
          maxMemory,
          vms: (load?.vms ?? []).map(({ vm, load: wanted, bytes }) => ({ vm, state: vm.state, load: wanted, bytes })),
        };
      }),
      moves: this.#moves,
      failedMoves: this.#failedMoves,
    };
  }

  /**
   * Destroys all VMs and ends the workers, as `WorkerHost.close` does.
   * @throws WasmvisorError when disks cannot be closed: what the guests had not flushed may be lost
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    const ends = await Promise.allSettled(this.#places.map((place) => place.close()));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  /** `await using pool = …` closes it at the end of the block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #balance(most: number): Promise<PoolMove[]> {
    this.#expectOpen();
    const done: PoolMove[] = [];
    for (const { vm: measured, from, to } of planMoves(await this.#measure(), most)) {
      const { vm } = measured;
      if (this.#isClosed) break;
      // Things may have changed while others were moved.
      if (this.hostOf(vm) !== from || vm.state !== "running") continue;
      try {
        done.push({ vm, from, to, statistics: await this.move(vm, to) });
      } catch (error) {
        done.push({ vm, from, to, error });
      }
    }
    return done;
  }

  /** Has something made in a host, which counts there from now on. */
  async #within(
    number: number | undefined,
    bytes: number,
    make: (host: WorkerHost) => Promise<WorkerVm>,
  ): Promise<WorkerVm> {
    this.#expectOpen();
    if (number === undefined) await this.#someHost();
    const loads = number === undefined ? await this.#measure() : [];
    const index =
      number ??
      placeFor(
        bytes,
        loads.map((load, at) => load && this.#places[at]!.expected(load)),
      );
    const host = index === undefined ? undefined : this.#hostAt(index);
    if (host === undefined) throw noWorker();
    this.#places[index!]!.expect(bytes, 1);
    try {
      return await make(host);
    } finally {
      this.#places[index!]!.expect(-bytes, -1);
    }
  }

  /** Resolves when a worker runs, or when those that are being started have failed. */
  async #someHost(): Promise<void> {
    if (this.hosts.every((host) => host === undefined))
      await Promise.any(this.#places.map((place) => place.opening)).catch(() => undefined);
  }

  /** What each host has to do; undefined for one that is not there. */
  #measure(): Promise<(HostLoad<MeasuredVm> | undefined)[]> {
    const { maxMemory = MEMORY_MOST } = this.#choice.host;
    return Promise.all(
      this.hosts.map(async (host) => {
        if (host === undefined) return undefined;
        const allocated = await host.allocatedBytes.catch(() => undefined);
        if (allocated === undefined) return undefined;
        const vms = await Promise.all([...host.vms].map((vm) => this.#loads.measure(vm)));
        return { vms, expected: 0, freeBytes: maxMemory - allocated };
      }),
    );
  }

  /** @throws WasmvisorError `option`, `worker`, `host-closed` */
  #hostAt(number: number): WorkerHost {
    this.#expectOpen();
    const place = this.#places[number];
    if (place === undefined) {
      const last = this.#places.length - 1;
      throw notHere(`There is no host ${String(number)} in the pool; they are numbered from 0 to ${last}.`);
    }
    if (place.host === undefined) throw noWorker();
    return place.host;
  }

  #expectOpen(): void {
    if (this.#isClosed) throw closed();
  }
}

/** Each host has a page file of its own. */
function ownPageFile(host: PoolChoice["host"], number: number): PoolChoice["host"] {
  const { paging } = host;
  if (typeof paging !== "object" || typeof paging.file !== "string" || paging.file === "") return host;
  return { ...host, paging: { ...paging, file: `${paging.file}-${number}` } };
}

function notHere(sentence: string): WasmvisorError {
  return new WasmvisorError("option", sentence);
}

function noWorker(): WasmvisorError {
  return new WasmvisorError(
    "worker",
    "The worker of the pool has died and is being replaced; try again in a moment, or name another host.",
  );
}
