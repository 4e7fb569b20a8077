/** One machine at a time, driven by calls of the page. Knows nothing of how they arrive. */

import {
  DEMO_GUEST,
  type EngineName,
  Host,
  type ImageSource,
  type Vm,
  type VmConfig,
  WasmvisorError,
} from "../../src/index.ts";
import { HotRegions } from "./hot-regions.ts";
import { OutputPump } from "./output-pump.ts";
import {
  type Calls,
  type Events,
  type GuestImage,
  type GuestSpec,
  PageError,
  type Query,
  type View,
} from "./protocol.ts";
import { createStored, drivesOf } from "./disks.ts";
import { lookAt } from "./view.ts";

type Emit = <Name extends keyof Events>(event: Name, detail: Events[Name]) => void;

export class Session implements Record<keyof Calls, unknown> {
  readonly #emit: Emit;
  #host: Host | undefined;
  #vm: Vm | undefined;
  #hot: HotRegions | undefined;
  #engine: EngineName = "tiered";
  #output: OutputPump | undefined;
  /** The disks of the present machine, by name. */
  #disks: readonly string[] = [];

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  async boot(spec: GuestSpec, engine: EngineName): Promise<void> {
    const vm = await this.#create(spec, engine);
    if (this.#vm !== undefined) void this.#end(this.#vm);
    this.#vm = vm;
    this.#disks = (spec.drives ?? []).map(({ name }) => name);
    this.#hot = new HotRegions(vm);
    this.#engine = engine;
    this.#emit("booted", { name: spec.name, engine });
    this.#watch(vm);
    vm.start();
  }

  start(): void {
    const vm = this.#present();
    if (vm.state === "created") vm.start();
    else vm.resume();
  }

  pause(): void {
    this.#present().pause();
  }

  async reset(): Promise<void> {
    await this.#present().reset();
  }

  step(hart: number, instructions: number): void {
    this.#present().step(hart, instructions);
  }

  setEngine(engine: EngineName): void {
    const vm = this.#present();
    try {
      vm.setEngine(engine);
      this.#engine = engine;
    } finally {
      this.#emit("state", { state: vm.state, engine: this.#engine });
    }
  }

  type(text: string): void {
    void this.#vm?.console.write(text);
  }

  shown(bytes: number): void {
    this.#output?.shown(bytes);
  }

  async look(query: Query): Promise<View> {
    const vm = this.#present();
    const view = lookAt(vm, this.#hot!, query);
    return query.drives === undefined ? view : { ...view, drives: await drivesOf(vm, this.#disks, query.drives.maps) };
  }

  async createDisk(name: string, what: { readonly size: number } | { readonly base: string }): Promise<void> {
    await createStored(name, what);
  }

  async settleDisk(name: string): Promise<void> {
    const index = this.#disks.indexOf(name);
    if (this.#vm === undefined || index < 0) return;
    if (this.#vm.state === "running")
      throw new PageError(
        "disk-in-use",
        `The machine is using ${name}; pause it first, so that all of the copy is of one moment.`,
      );
    await this.#vm.drives[index]?.flush();
  }

  #present(): Vm {
    if (this.#vm !== undefined) return this.#vm;
    throw new PageError("no-machine", "There is no machine yet; load a guest first.");
  }

  /** While the images are read, the present machine goes on; it makes room only when there is not enough for two. */
  async #create(spec: GuestSpec, engine: EngineName): Promise<Vm> {
    this.#host ??= await Host.create();
    const config = configOf(spec, engine, (progress) => this.#emit("progress", progress));
    // A disk has one user at a time.
    if (this.#vm !== undefined && this.#disks.length > 0 && (spec.drives ?? []).length > 0) {
      const ended = this.#end(this.#vm);
      this.#vm = undefined;
      await ended;
    }
    try {
      return await this.#host.createVm(config);
    } catch (error) {
      if (!(error instanceof WasmvisorError) || error.code !== "host-memory" || this.#vm === undefined) throw error;
      const ended = this.#end(this.#vm);
      this.#vm = undefined;
      await ended;
      return this.#host.createVm(config);
    }
  }

  /** Destroys a machine at once, and waits until its disks are closed. */
  async #end(vm: Vm): Promise<void> {
    const name = this.#disks.join(", ");
    await vm.close().catch((error: unknown) => {
      this.#emit("drive-error", { name, operation: "close", message: sentenceOf(error) });
    });
  }

  #watch(vm: Vm): void {
    vm.on("state", ({ to }) => {
      if (this.#vm === vm) this.#emit("state", { state: to, engine: this.#engine });
    });
    const pump = this.#pump(vm);
    vm.on("exit", ({ code, reason, error }) => {
      const problem = error instanceof Error ? error.message : undefined;
      pump.whenEmpty(() => this.#emit("exit", { code, reason, ...(problem === undefined ? {} : { problem }) }));
    });
    vm.on("reset", (detail) => {
      if (this.#vm === vm) this.#hot?.clear();
      this.#emit("reset", detail);
    });
    vm.on("trap-storm", (detail) => this.#emit("trap-storm", detail));
    const disks = this.#disks;
    vm.on("drive-error", ({ slot, operation, error }) => {
      const name = disks[vm.drives.findIndex((drive) => drive.slot === slot)] ?? `slot ${slot}`;
      this.#emit("drive-error", { name, operation, message: sentenceOf(error) });
    });
  }

  /** Hands output over as fast as the terminal shows it. */
  #pump(vm: Vm): OutputPump {
    this.#output = new OutputPump(vm, (bytes) => this.#emit("output", bytes));
    return this.#output;
  }
}

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function configOf(spec: GuestSpec, engine: EngineName, onProgress: NonNullable<VmConfig["onProgress"]>): VmConfig {
  const { memory, harts, kernel, initrd, bios, append, drives = [] } = spec;
  return {
    ...{ memory, harts, engine, onProgress },
    drives: drives.map(({ source, overlay }) => (overlay === undefined ? { source } : { source, overlay })),
    ...(kernel === undefined ? {} : { kernel: sourceOf(kernel) }),
    ...(initrd === undefined ? {} : { initrd: sourceOf(initrd) }),
    ...(bios === undefined ? {} : { bios: bios === "none" ? "none" : sourceOf(bios) }),
    ...(append === undefined || append === "" ? {} : { append }),
  };
}

function sourceOf(image: GuestImage): ImageSource {
  if (image instanceof Blob) return image;
  if (typeof image !== "string") return DEMO_GUEST;
  if (URL.canParse(image)) return new URL(image);
  throw new PageError("address-text", `"${image}" is no address; it looks like https://example.org/Image.`);
}
