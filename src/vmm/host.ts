/** A host: one machine memory, one core, and the VMs that live in them. */

import { checkTranslation, coreModule, type CoreSource } from "./core-module.ts";
import { Engine } from "../../assembly/shared/constants.ts";
import { type Core, instantiateCore } from "../core/core.ts";
import { FRAME_BYTES, MachineMemory } from "../memory/machine-memory.ts";
import { savedBytes, Scanner, type ScanRate } from "../memory/scanner.ts";
import { shareEqualFrames } from "../memory/share.ts";
import { WasmvisorError } from "../error.ts";
import { BootImages, type LoadedPlan } from "./boot-images.ts";
import type { Ram } from "../memory/ram.ts";
import { checkConfig, type CheckedConfig, type VmConfig } from "./config.ts";
import { closeFlash, type FlashImage, openFlash } from "./flash.ts";
import type { ImageSource } from "./image-source.ts";
import { known } from "./known.ts";
import type { RestoredPlan, RestoreOptions } from "./snapshot/restore.ts";
import type { ReceiveOptions } from "./migrate/receive.ts";
import type { ByteStreams } from "../migration/line.ts";
import type { Machine } from "./machine.ts";
import { abandonVirtioDevices, openVirtioDevices, type VirtioDevices } from "./virtio-devices.ts";
import type { Pager } from "../memory/paging/pager.ts";
import { checkPaging, type PagingChoice, type PagingOptions } from "./paging/options.ts";
import { checkSharing, type SharingOptions } from "./sharing.ts";
import { Vm } from "./vm.ts";
import type { HostAccounting } from "./accounting.ts";
import { Scheduler, type ScheduledVm } from "./scheduler/scheduler.ts";
import type { CpuChoice, CpuSettings } from "./scheduler/settings.ts";
import { usualCompilation } from "#load";
import type { CodeSpace } from "../core/code-space.ts";
import type { Compilation } from "../host/load.ts";
import type { WorkerChoice } from "../host/thread.ts";
import { WorkerHost } from "../worker/worker-host.ts";

/** What a host is made from. */
export interface HostOptions {
  /**
   * Where its VMs run. Default: on the calling thread, in slices of milliseconds. `true`: in a worker. Bundlers that do
   * not see the worker by themselves (esbuild) get the address of a copy of `wasmvisor/worker`, or the `Worker`.
   */
  readonly worker?: WorkerChoice | false;
  /** The core: its bytes, compiled module or address. Default: the one in this package. */
  readonly wasm?: CoreSource;
  /** Bytes that all VMs together may use, at most 4 GiB (the default). */
  readonly maxMemory?: number;
  /**
   * How translated code is compiled, on the calling thread: `"sync"` pauses the guest for milliseconds, `"async"` lets it be
   * interpreted meanwhile. Default: `"async"` on a browser's page, else `"sync"`; VMs with a deterministic clock are always `"sync"`.
   */
  readonly compilation?: Compilation;
  /**
   * Whether pages of its VMs that hold the same are found while they run, and share memory until they are stored to; see `SharingOptions`. Code that
   * runs without paging is slower then, as with `shareMemory`. Default false.
   */
  readonly sharing?: boolean | SharingOptions;
  /**
   * Whether pages that guests have not used lately leave for a page store when memory is short, so that VMs may have more RAM together than
   * `maxMemory`; see `PagingOptions`. RAM of its VMs then has no range to itself, and code that runs without paging is slower. Default false.
   */
  readonly paging?: boolean | PagingOptions;
  /** Gives up: `Host.create` rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The names of what is in `HostOptions`. */
export const HOST_KEYS: readonly string[] = Object.keys({
  worker: 0,
  wasm: 0,
  maxMemory: 0,
  compilation: 0,
  sharing: 0,
  paging: 0,
  signal: 0,
} satisfies Record<keyof HostOptions, 0>);

/**
 * Owns the machine memory in which VMs live. VMs of one host share its 4 GiB and its core; for a Wasm sandbox between
 * two tenants, make two hosts.
 *
 * ```ts
 * const host = await Host.create();
 * const vm = await host.createVm({ memory: "128M", kernel: bytes });
 * ```
 */
export class Host {
  /** The machine memory. @internal */
  readonly memory: MachineMemory;
  readonly #core: Core;
  readonly #compilation: Compilation;
  readonly #vms = new Set<Vm>();
  readonly #scheduler = new Scheduler();
  readonly #scanner: Scanner | undefined;
  readonly #pager: Pager | undefined;
  readonly #madeAt = performance.now();
  #lastVm = 0;
  readonly #byHart: Map<number, Machine>;
  /** The VMs that are being made. */
  readonly #making = new Set<AbortController>();
  /** What is open on behalf of VMs that are being made or have been destroyed. */
  readonly #closing = new Set<Promise<unknown>>();
  #closed = false;

  private constructor(
    core: Core,
    memory: MachineMemory,
    byHart: Map<number, Machine>,
    compilation: Compilation,
    sharing: ScanRate | undefined,
    pager: Pager | undefined,
  ) {
    this.#core = core;
    this.#pager = pager;
    if (sharing !== undefined) {
      this.#scanner = new Scanner(
        {
          rams: () => this.#rams,
          hash: (ma) => core.frame_hash(ma),
          holds: (ma) => core.frame_holds(ma) !== 0,
        },
        sharing,
      );
    }
    if (sharing !== undefined || pager !== undefined) {
      this.#scheduler.beforeTask = (now) => {
        this.#scanner?.tick(now);
        this.#pager?.tick(now);
      };
    }
    if (pager !== undefined)
      pager.hurry = (isHurried) => {
        if (this.#scanner !== undefined) this.#scanner.isHurried = isHurried;
      };
    this.#compilation = compilation;
    this.memory = memory;
    this.#byHart = byHart;
  }

  /** Makes a host in a worker. */
  static async create(options: HostOptions & { readonly worker: WorkerChoice }): Promise<WorkerHost>;
  /** Makes a host on the calling thread. */
  static async create(options?: HostOptions & { readonly worker?: false }): Promise<Host>;
  /** Makes either, as `options.worker` says. */
  static async create(options?: HostOptions): Promise<Host | WorkerHost>;
  /**
   * Makes a host.
   * @throws WasmvisorError `option`, `core-unreachable`, `core-invalid`, `unsupported`, `host-memory-size`, `host-memory`,
   * `worker`; the signal's reason
   */
  static async create(options: HostOptions = {}): Promise<Host | WorkerHost> {
    known({ code: "option", where: "Host.create" }, options, HOST_KEYS);
    const { worker = false, wasm, signal, ...settings } = options;
    const sharing = checkSharing(options.sharing);
    const paging = checkPaging(options.paging);
    if (worker !== false) {
      return WorkerHost.create({ worker, module: await coreModule(wasm, signal), settings, signal });
    }
    const memory = new MachineMemory(options.maxMemory);
    const byHart = new Map<number, Machine>();
    const core = await instantiateCore(await coreModule(options.wasm, options.signal), memory, {
      mmioLoad: (hart, pa, size) => byHart.get(hart)?.mmioLoad(hart, pa, size) ?? false,
      mmioStore: (hart, pa, size) => byHart.get(hart)?.mmioStore(hart, pa, size) ?? false,
      mtime: (hart) => byHart.get(hart)?.mtime() ?? 0n,
    });
    const pager = await pagerOf(core, memory, paging);
    return new Host(core, memory, byHart, options.compilation ?? usualCompilation, sharing, pager);
  }

  /** The VMs that have not been destroyed. */
  get vms(): ReadonlySet<Vm> {
    return this.#vms;
  }

  /** Bytes of machine memory that VMs occupy (address space; what the guests have not touched costs no memory). */
  get allocatedBytes(): number {
    return this.memory.allocatedBytes;
  }

  /**
   * Has all pages of all VMs that hold the same share memory, until one of them is stored to. Looks at each page that has been touched, and
   * compares before it shares. RAM that shares pages is no window any more: translated code that runs without paging is slower until
   * `vm.memory.breakSharing`.
   *
   * ```ts
   * console.log(`${host.shareMemory()} bytes are free again`);
   * ```
   *
   * @returns bytes that became free
   */
  shareMemory(): number {
    const rams = [...this.#vms].map(({ machine }) => machine.space.ram);
    return shareEqualFrames(rams, (ma) => this.#core.frame_hash(ma));
  }

  /** What its VMs have used. */
  accounting(): HostAccounting {
    return {
      milliseconds: performance.now() - this.#madeAt,
      vms: [...this.#vms].map((vm) => vm.accounting()),
      allocatedBytes: this.allocatedBytes,
      pool: this.#core.pool.statistics(),
      ...this.#sharing,
      ...(this.#pager === undefined ? {} : { paging: this.#pager.statistics }),
    };
  }

  /**
   * Makes a group of VMs that share what the group has of the thread (`createVm({ cpu: { group } })`, `vm.setCpu`), or changes it: what is left
   * out stays as it is.
   *
   * ```ts
   * host.setCpuGroup("tests", { shares: 50, cap: 0.5 });
   * ```
   *
   * @throws WasmvisorError `option`, `cpu` when more is reserved than there is, or there are 256 groups
   */
  setCpuGroup(name: string, settings: CpuSettings): void {
    this.#scheduler.setGroup(name, settings);
  }

  /**
   * Forgets a group that has no VMs.
   * @throws WasmvisorError `cpu` when there is no such group, or it has VMs
   */
  deleteCpuGroup(name: string): void {
    this.#scheduler.deleteGroup(name);
  }

  /** The groups of VMs, by name. */
  get cpuGroups(): ReadonlyMap<string, CpuChoice> {
    return this.#scheduler.groups;
  }

  /**
   * Reads the images and makes a VM, switched off: `start` runs it.
   *
   * @throws WasmvisorError with a sentence that says what is wrong with the configuration or an image, or `host-closed`;
   * the signal's reason
   */
  createVm(config: VmConfig): Promise<Vm> {
    const made = this.#createVm(config);
    this.#await(made.catch(() => undefined));
    return made;
  }

  async #createVm(config: VmConfig): Promise<Vm> {
    if (this.#closed) throw hostClosed();
    const wanted = checkConfig(config);
    if (wanted.engine === Engine.TIERED || wanted.engine === Engine.TRANSLATE) checkTranslation();
    const images = new BootImages(config, wanted);
    const plan = await this.#load(images, config.signal);
    const checked = await withAgentFile(wanted, images, config.signal);
    return this.#openVm({ config, checked, images, plan, restored: false });
  }

  /** Opens what the VM is to have, and makes it; nothing stays open when that fails. */
  async #openVm(parts: Omit<VmParts, "opened">): Promise<Vm> {
    const { config, checked } = parts;
    const virtio = await openVirtioDevices(config, checked);
    let flash: readonly (FlashImage | undefined)[] = [];
    try {
      flash = await openFlash(config.flash ?? []);
      if (checked.onFailure === "restore") (await import("./cure/checkpoint.ts")).checkKeepable(virtio.drives);
      config.signal?.throwIfAborted();
      if (this.#closed) throw hostClosed();
      return this.#makeVm({ ...parts, opened: { virtio, flash } });
    } catch (error) {
      await Promise.allSettled([closeFlash(flash), abandonVirtioDevices(virtio)]);
      throw error;
    }
  }

  #makeVm(parts: VmParts): Vm {
    const cpu = this.#scheduler.add(parts.checked.cpu);
    const { checked } = parts;
    const ramLimit = checked.ramLimit ?? (this.#pager === undefined ? undefined : checked.ramBytes);
    try {
      return this.#register({ ...parts, checked: { ...checked, ramLimit } }, cpu);
    } catch (error) {
      cpu.leave();
      throw error;
    }
  }

  /**
   * Makes a VM of a snapshot (`vm.snapshot`): it is where the snapshot's was, and `start` has it go on. What only its owner has is given
   * again: disks that are not in the snapshot, networks, shares, devices. Its images too, if it is to be able to restart.
   *
   * ```ts
   * const vm = await host.restore("vm.snap", { drives: [{ source: "disk.qcow2" }] });
   * vm.start();
   * ```
   *
   * @throws WasmvisorError `snapshot-format`, `snapshot-version`, `snapshot-damaged`, `snapshot-key`, `snapshot-parent`, `snapshot-machine` when
   * something that must be given is not, `snapshot-drive` when a disk is not as it was; as `createVm` does; the signal's reason. There is no VM
   * then
   */
  restore(source: ImageSource, options: RestoreOptions = {}): Promise<Vm> {
    const made = this.#restore(source, options);
    this.#await(made.catch(() => undefined));
    return made;
  }

  async #restore(source: ImageSource, options: RestoreOptions): Promise<Vm> {
    if (this.#closed) throw hostClosed();
    const { restoreVm } = await import("./snapshot/restore.ts");
    return restoreVm(source, options, {
      make: (config, plan) => this.#makeRestored(config, plan),
    });
  }

  /**
   * Waits for a VM that another host sends (`vm.migrateTo`), and takes it: it goes on here. What only its owner has is given as for `restore`;
   * a disk that is a file is opened when the source has closed it. Whatever goes wrong, there is no VM here, and the source's runs on.
   *
   * ```ts
   * const vm = await host.receive(streams, { drives: [{ source: "disk.qcow2" }] });
   * ```
   *
   * @throws WasmvisorError `migration-damaged`, `migration-version`, `migration-key`, `migration-lost`, `migration-machine` when something that
   * must be given is not, `migration-drive` when a disk is another one, `migration-refused` when the source gives up; as `createVm` does; the
   * signal's reason. There is no VM then
   */
  receive(streams: ByteStreams, options: ReceiveOptions = {}): Promise<Vm> {
    const made = this.#receive(streams, options);
    this.#await(made.catch(() => undefined));
    return made;
  }

  async #receive(streams: ByteStreams, options: ReceiveOptions): Promise<Vm> {
    if (this.#closed) throw hostClosed();
    const { receiveVm } = await import("./migrate/receive.ts");
    return this.#untilClosed(options.signal, (signal) =>
      receiveVm(streams, { ...options, signal }, { make: (config, plan) => this.#makeRestored(config, plan) }),
    );
  }

  /** A VM in which nothing has been booted. */
  async #makeRestored(config: VmConfig, { images, plan }: RestoredPlan, code?: CodeSpace): Promise<Vm> {
    const checked = checkConfig(config, true);
    if (checked.engine === Engine.TIERED || checked.engine === Engine.TRANSLATE) checkTranslation();
    return this.#openVm({ config, checked, images: images(checked), plan, restored: true, code });
  }

  async #makeClone(
    parent: Vm,
    config: VmConfig,
    { checked, images }: { readonly checked: CheckedConfig; readonly images: BootImages },
    symbols: LoadedPlan["symbols"],
    code: CodeSpace | undefined,
  ): Promise<Vm> {
    if (this.#closed) throw hostClosed();
    const plan = { bios: parent.machine.builtinSbi ? "builtin" : "none" } as const;
    // Its firmware configuration files are the parent's, the agent's among them.
    const { signal: _signal, ...others } = { ...config, fwCfg: checked.fwCfg };
    return this.#makeRestored(others, { plan: { plan, symbols }, images: () => images }, code);
  }

  #register({ config, checked, images, opened, plan, restored, code }: VmParts, cpu: ScheduledVm): Vm {
    const vm = new Vm(
      {
        number: ++this.#lastVm,
        cpu,
        setCpu: (settings) => this.#scheduler.change(cpu, settings),
        core: this.#core,
        memory: this.memory,
        compilation: checked.deterministic ? "sync" : this.#compilation,
        config: checked,
        options: config,
        restored,
        images,
        code,
        pager: this.#pager,
        ...opened,
        makeClone: (parent, config, symbols, shared) =>
          this.#makeClone(parent, config, { checked, images }, symbols, shared),
        onDestroy: (destroyed) => {
          this.#vms.delete(destroyed);
          this.#pager?.remove(destroyed.machine.space.vm.ma);
          this.#await(destroyed.close());
        },
        onRelease: ({ machine }) => {
          machine.space.harts.forEach(({ ma }) => this.#byHart.delete(ma));
          if (this.#closed) this.#closePages();
        },
      },
      plan,
    );
    this.#vms.add(vm);
    this.#pager?.add({
      ram: vm.machine.space.ram,
      ma: vm.machine.space.vm.ma,
      memory: { shares: checked.ramShares, reservation: Math.floor(checked.ramReservation / FRAME_BYTES) },
      isBusy: () => vm.loop.busy,
      endSlice: () => vm.loop.endSlice(),
      donor: opened.virtio.balloon?.donor,
    });
    for (const { ma } of vm.machine.space.harts) this.#byHart.set(ma, vm.machine);
    return vm;
  }

  /** Destroys all VMs, and gives up those that are being made. No VM can be made afterwards. */
  close(): void {
    this.#closed = true;
    for (const making of this.#making) making.abort(hostClosed());
    for (const vm of [...this.#vms]) vm.destroy();
    this.#closePages();
  }

  /** `using host = …` closes it at the end of the block. */
  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * `await using host = …` does the same, and waits until the VMs' disks are closed, and the page file is deleted.
   * @throws WasmvisorError when that fails: what the guests had not flushed may be lost
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    const ends: PromiseSettledResult<unknown>[] = [];
    while (this.#closing.size > 0) ends.push(...(await Promise.allSettled(this.#closing)));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }

  /** RAM by the numbers of the VMs. */
  get #rams(): ReadonlyMap<number, Ram> {
    return new Map([...this.#vms].map((vm) => [vm.number, vm.machine.space.ram]));
  }

  get #sharing(): Pick<HostAccounting, "sharing"> {
    if (this.#scanner === undefined) return {};
    return { sharing: { ...this.#scanner.statistics, savedBytes: savedBytes(this.#rams.values()) } };
  }

  /** Forgets the pages that have left, as soon as no VM is at work any more. */
  #closePages(): void {
    if (this.#pager === undefined || this.#byHart.size > 0) return;
    this.#await(Promise.resolve(this.#pager.store.close()));
  }

  /** Remembers what is under way until it is over. */
  #await(promise: Promise<unknown>): void {
    const forget = (): void => void this.#closing.delete(promise);
    this.#closing.add(promise);
    promise.then(forget, forget);
  }

  /** Reads images until the caller's signal or `close` says otherwise. */
  async #load(images: BootImages, signal: AbortSignal | undefined): Promise<LoadedPlan> {
    return this.#untilClosed(signal, async (either) => {
      const plan = await images.load(either);
      either.throwIfAborted();
      return plan;
    });
  }

  /** Has `make` given up when the caller's signal or `close` says so. */
  async #untilClosed<Made>(
    signal: AbortSignal | undefined,
    make: (either: AbortSignal) => Promise<Made>,
  ): Promise<Made> {
    signal?.throwIfAborted();
    const making = new AbortController();
    const giveUp = () => making.abort(signal?.reason);
    signal?.addEventListener("abort", giveUp);
    this.#making.add(making);
    try {
      return await make(making.signal);
    } finally {
      signal?.removeEventListener("abort", giveUp);
      this.#making.delete(making);
    }
  }
}

/** @throws WasmvisorError `page-store` */
async function pagerOf(
  core: Core,
  memory: MachineMemory,
  paging: PagingChoice | undefined,
): Promise<Pager | undefined> {
  if (paging === undefined) return undefined;
  const { openPager } = await import("./paging/open.ts");
  const pager = await openPager(core.pool, paging);
  core.pool.pager = pager;
  memory.onFull = (bytes) => pager.makeRange(bytes);
  return pager;
}

/** With the agent among the files of the firmware configuration device, where there is to be one: not all guests have an initial RAM disk. */
async function withAgentFile(
  checked: CheckedConfig,
  images: BootImages,
  signal: AbortSignal | undefined,
): Promise<CheckedConfig> {
  if (!checked.agent) return checked;
  const { AGENT_FILE } = await import("./agent/inject.ts");
  if (checked.fwCfg.some(({ name }) => name === AGENT_FILE)) return checked;
  return { ...checked, fwCfg: [...checked.fwCfg, { name: AGENT_FILE, data: await images.agent(signal) }] };
}

/** What has been opened for a VM. */
interface Opened {
  readonly virtio: VirtioDevices;
  readonly flash: readonly (FlashImage | undefined)[];
}

/** What a VM is made from. */
interface VmParts {
  /** As its owner gave it. */
  readonly config: VmConfig;
  readonly checked: CheckedConfig;
  readonly images: BootImages;
  readonly opened: Opened;
  readonly plan: LoadedPlan;
  /** Whether a state is to be restored, so that nothing has been booted. */
  readonly restored: boolean;
  /** Translated code that it has together with others. */
  readonly code?: CodeSpace | undefined;
}

function hostClosed(): WasmvisorError {
  return new WasmvisorError("host-closed", "The host has been closed; make another one with Host.create.");
}
