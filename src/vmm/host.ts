/** A host: one machine memory, one core, and the VMs that live in them. */

import { coreModule, type CoreSource } from "./core-module.ts";
import { type Core, instantiateCore } from "../core/core.ts";
import { loadImage } from "../machine/loader/image.ts";
import type { LoadedImage } from "../machine/loader/loaded-image.ts";
import type { BootPlan } from "../machine/virt-types.ts";
import { MachineMemory } from "../memory/machine-memory.ts";
import { type CheckedConfig, checkConfig, type LoadProgress, type VmConfig } from "./config.ts";
import { htifSymbols } from "./htif.ts";
import { type ImageSource, readImage } from "./image-source.ts";
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
    const { plan, program } = await readPlan(config, checked);
    const vm = new Vm({
      core: this.#core,
      memory: this.memory,
      config: checked,
      plan,
      program,
      onDestroy: (destroyed) => this.#forget(destroyed),
    });
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

interface Plan {
  readonly plan: BootPlan;
  /** The image whose symbols name HTIF and the signature: the kernel, or without one the firmware. */
  readonly program: LoadedImage | undefined;
}

/** An ELF file with its debugging information may well be larger than the VM it runs in. */
const MAX_PROGRAM_BYTES = 2 ** 30;

async function readPlan(config: VmConfig, { ramBytes }: CheckedConfig): Promise<Plan> {
  const bytes = (source: ImageSource, image: LoadProgress["image"]) => {
    const limit = image === "kernel" || image === "bios" ? Math.max(ramBytes, MAX_PROGRAM_BYTES) : ramBytes;
    return readImage(source, image, limit, config.onProgress);
  };
  const program = async (source: ImageSource, image: "kernel" | "bios") => {
    const file = await bytes(source, image);
    config.onProgress?.({ image, step: "unpacking", loaded: file.length, total: file.length });
    return loadImage(file);
  };
  const kernel = config.kernel === undefined ? undefined : await program(config.kernel, "kernel");
  // A program that speaks HTIF is written for Spike, which starts it in M mode.
  const usual = kernel !== undefined && htifSymbols(kernel) !== undefined ? "none" : "builtin";
  const { bios = usual } = config;
  const firmware = bios === "builtin" || bios === "none" ? bios : await program(bios, "bios");
  const plan: BootPlan = {
    bios: firmware,
    ...(kernel === undefined ? {} : { kernel }),
    ...(config.initrd === undefined ? {} : { initrd: await bytes(config.initrd, "initrd") }),
    ...(config.append === undefined ? {} : { append: config.append }),
    ...(config.dtb === undefined ? {} : { dtb: await bytes(config.dtb, "dtb") }),
  };
  return { plan, program: kernel ?? (typeof firmware === "string" ? undefined : firmware) };
}
