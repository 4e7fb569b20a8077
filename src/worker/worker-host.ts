/** A host in a worker, as programs see it. */

import { startThread } from "#thread";
import { WasmvisorError } from "../error.ts";
import type { WorkerChoice } from "../host/thread.ts";
import type { HostAccounting } from "../vmm/accounting.ts";
import type { VmConfig } from "../vmm/config.ts";
import type { CpuChoice, CpuSettings } from "../vmm/scheduler/settings.ts";
import type { ImageSource } from "../vmm/image-source.ts";
import type { ByteStreams } from "../migration/line.ts";
import type { ReceiveOptions } from "../vmm/migrate/receive.ts";
import { checkStreams } from "../vmm/migrate/options.ts";
import type { RestoreOptions } from "../vmm/snapshot/restore.ts";
import { againOf } from "./again.ts";
import { encodeConfig, encodeRestore } from "./codec.ts";
import { Link } from "./link.ts";
import type { CreatedVm, SentStreams, WorkerHostSettings } from "./messages.ts";
import { Remote } from "./remote.ts";
import { Seat } from "./seat.ts";
import { WorkerVm } from "./worker-vm.ts";

/** What a worker's host is made from. @internal */
export interface WorkerHostOptions {
  readonly worker: WorkerChoice;
  readonly module: WebAssembly.Module;
  readonly settings: WorkerHostSettings;
  readonly signal: AbortSignal | undefined;
}

/** What is asked of the host in the worker. */
interface FarHost {
  readonly allocatedBytes: number;
  readonly cpuGroups: ReadonlyMap<string, CpuChoice>;
  shareMemory(): number;
  accounting(): HostAccounting;
  setCpuGroup(name: string, settings: CpuSettings): void;
  deleteCpuGroup(name: string): void;
}

/** Milliseconds that disks have to be closed. */
const CLOSE_PATIENCE = 10_000;

/**
 * A `Host` in a worker: its VMs run there, and nothing they do holds this thread up. Made by `Host.create({ worker: true })`.
 * In node the worker keeps the process alive until `close`.
 */
export class WorkerHost {
  readonly #link: Link;
  readonly #vms = new Map<number, WorkerVm>();
  /** Told once that the worker has died. @internal */
  onLost: (error: WasmvisorError) => void = () => undefined;
  /** Whether there are, or have been, disks or flash banks to be closed, or there is a page file to be deleted. */
  #hasFiles = false;

  private constructor(worker: WorkerChoice) {
    this.#link = new Link(
      startThread(worker),
      ({ vm, name, detail, printed }) => this.#vms.get(vm)?.receive(name, detail, printed),
      (error) => this.#lose(error),
    );
  }

  /** Starts the worker. @internal */
  static async create({ worker, module, settings, signal }: WorkerHostOptions): Promise<WorkerHost> {
    const host = new WorkerHost(worker);
    host.#hasFiles = typeof settings.paging === "object" && settings.paging.file !== undefined;
    try {
      await host.#link.request({ type: "open", module, options: settings }, { signal });
      return host;
    } catch (error) {
      await host.close();
      throw error;
    }
  }

  /** The VMs that have not been destroyed. */
  get vms(): ReadonlySet<WorkerVm> {
    return new Set(this.#vms.values());
  }

  /** As `Host.allocatedBytes`. */
  get allocatedBytes(): Promise<number> {
    return this.#far.get("allocatedBytes");
  }

  /** As `Host.shareMemory`. */
  shareMemory(): Promise<number> {
    return this.#far.call("shareMemory");
  }

  /** As `Host.accounting`. */
  accounting(): Promise<HostAccounting> {
    return this.#far.call("accounting");
  }

  /** As `Host.setCpuGroup`. */
  setCpuGroup(name: string, settings: CpuSettings): Promise<void> {
    return this.#far.call("setCpuGroup", name, settings);
  }

  /** As `Host.deleteCpuGroup`. */
  deleteCpuGroup(name: string): Promise<void> {
    return this.#far.call("deleteCpuGroup", name);
  }

  /** As `Host.cpuGroups`. */
  get cpuGroups(): Promise<ReadonlyMap<string, CpuChoice>> {
    return this.#far.get("cpuGroups");
  }

  get #far(): Remote<FarHost> {
    return new Remote(new Seat(this.#link, 0), "host");
  }

  /**
   * As `Host.createVm`; files and addresses are read in the worker.
   * @throws WasmvisorError as `Host.createVm` does, and `worker`, `worker-message`, `worker-devices`; the signal's reason
   */
  async createVm(config: VmConfig): Promise<WorkerVm> {
    const transfer: object[] = [];
    const wire = encodeConfig(config, transfer);
    const { signal, onProgress, drives = [], flash = [] } = config;
    this.#hasFiles ||= drives.length > 0 || flash.length > 0;
    const { value } = await this.#link.request({ type: "create", config: wire }, { transfer, signal, onProgress });
    return this.#keep(value as CreatedVm, againOf(config));
  }

  /**
   * As `Host.restore`; files and addresses are read in the worker.
   * @throws WasmvisorError as `Host.restore` does, and `worker`, `worker-message`, `worker-devices`; the signal's reason
   */
  async restore(source: ImageSource, options: RestoreOptions = {}): Promise<WorkerVm> {
    const transfer: object[] = [];
    const wire = encodeRestore(source, options, transfer);
    const { signal, onProgress } = options;
    this.#hasFiles = true;
    const { value } = await this.#link.request({ type: "restore", wire }, { transfer, signal, onProgress });
    const vm = this.#keep(value as CreatedVm, againOf(options));
    vm.isAnother();
    return vm;
  }

  /**
   * As `Host.receive`; the streams are the worker's from now on.
   * @throws WasmvisorError as `Host.receive` does, and `worker`, `worker-message`, `worker-devices`; the signal's reason
   */
  async receive(streams: ByteStreams, options: ReceiveOptions = {}): Promise<WorkerVm> {
    const vm = this.#keep(await this.#arrived(streams, options), againOf(options));
    vm.isAnother();
    return vm;
  }

  /**
   * Has a VM of another worker's, which is being sent, be here. @internal
   * @throws WasmvisorError as `receive` does
   */
  async adopt(vm: WorkerVm, streams: ByteStreams, options: ReceiveOptions): Promise<void> {
    const created = await this.#arrived(streams, options);
    vm.relocate(this.#link, created, this.#ownerOf(created.vm));
    this.#vms.set(created.vm, vm);
  }

  async #arrived(streams: ByteStreams, options: ReceiveOptions): Promise<CreatedVm> {
    checkStreams(streams);
    const { readable, writable } = streams as SentStreams;
    const transfer: object[] = [writable];
    const wire = encodeRestore(readable, options, transfer);
    const { signal, onProgress } = options;
    this.#hasFiles = true;
    const asked = { type: "receive", wire, writable } as const;
    const { value } = await this.#link.request(asked, { transfer, signal, onProgress, waits: true });
    return value as CreatedVm;
  }

  #keep(created: CreatedVm, origin: RestoreOptions): WorkerVm {
    const vm = new WorkerVm(this.#link, created, this.#ownerOf(created.vm));
    vm.origin = origin;
    this.#vms.set(created.vm, vm);
    return vm;
  }

  #ownerOf(number: number): ConstructorParameters<typeof WorkerVm>[2] {
    return {
      onDestroy: () => void this.#vms.delete(number),
      onClone: (clone) => this.#keep(clone, {}),
    };
  }

  /**
   * Destroys all VMs, gives up those that are being made, and ends the worker as soon as their disks are closed and the page file is deleted, after 10 seconds at most.
   * @throws WasmvisorError when they cannot be closed: what the guests had not flushed may be lost
   */
  async close(): Promise<void> {
    const error = new WasmvisorError("host-closed", "The host has been closed; make another one with Host.create.");
    const closed = this.#hasFiles ? this.#link.closeDisks(error, CLOSE_PATIENCE) : this.#link.close(error);
    for (const vm of [...this.#vms.values()]) vm.lost(error);
    await closed;
  }

  /** `await using host = …` closes it at the end of the block, and waits until the VMs' disks are closed. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #lose(error: WasmvisorError): void {
    this.#link.close(error);
    for (const vm of [...this.#vms.values()]) vm.lost(error);
    this.onLost(error);
  }
}
