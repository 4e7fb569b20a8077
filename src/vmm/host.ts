/** A host: one machine memory, one core, and the VMs that live in them. */

import { coreModule, type CoreSource } from "./core-module.ts";
import { type Core, instantiateCore } from "../core/core.ts";
import { MachineMemory } from "../memory/machine-memory.ts";
import { BootImages } from "./boot-images.ts";
import { checkConfig, type VmConfig } from "./config.ts";
import type { Machine } from "./machine.ts";
import { Vm } from "./vm.ts";

/** What a host is made from. */
export interface HostOptions {
  /** The core: its bytes, compiled module or address. Default: the one in this package. */
  readonly wasm?: CoreSource;
  /** Bytes that all VMs together may use, at most 4 GiB (the default). */
  readonly maxMemory?: number;
}

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
  readonly #vms = new Set<Vm>();
  readonly #byHart: Map<number, Machine>;

  private constructor(core: Core, memory: MachineMemory, byHart: Map<number, Machine>) {
    this.#core = core;
    this.memory = memory;
    this.#byHart = byHart;
  }

  /**
   * Makes a host.
   * @throws WasmvisorError `core` when the core cannot be loaded, `host-memory-size`
   */
  static async create(options: HostOptions = {}): Promise<Host> {
    const memory = new MachineMemory(options.maxMemory);
    const byHart = new Map<number, Machine>();
    const core = await instantiateCore(await coreModule(options.wasm), memory, {
      mmioLoad: (hart, pa, size) => byHart.get(hart)?.mmioLoad(hart, pa, size) ?? false,
      mmioStore: (hart, pa, size) => byHart.get(hart)?.mmioStore(hart, pa, size) ?? false,
      mtime: (hart) => byHart.get(hart)?.mtime() ?? 0n,
    });
    return new Host(core, memory, byHart);
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
   * Reads the images and makes a VM, switched off: `start` runs it.
   *
   * @throws WasmvisorError with a sentence that says what is wrong with the configuration or an image
   */
  async createVm(config: VmConfig): Promise<Vm> {
    const checked = checkConfig(config);
    const images = new BootImages(config, checked);
    const vm = new Vm(
      {
        core: this.#core,
        memory: this.memory,
        config: checked,
        images,
        onDestroy: (destroyed) => this.#forget(destroyed),
      },
      await images.load(),
    );
    this.#vms.add(vm);
    for (const { ma } of vm.machine.space.harts) this.#byHart.set(ma, vm.machine);
    return vm;
  }

  /** Destroys all VMs. */
  close(): void {
    for (const vm of [...this.#vms]) vm.destroy();
  }

  /** `using host = …` closes it at the end of the block. */
  [Symbol.dispose](): void {
    this.close();
  }

  #forget(vm: Vm): void {
    this.#vms.delete(vm);
    for (const { ma } of vm.machine.space.harts) this.#byHart.delete(ma);
  }
}
