/** One machine at a time, driven by calls of the page. Knows nothing of how they arrive. */

import { DEMO_GUEST, type EngineName, Host, type ImageSource, type VmConfig, WasmvisorError } from "../../src/index.ts";
import type { NetworkChoice } from "../network/choice.ts";
import { Machine } from "./machines.ts";
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
import { Networks } from "./networks.ts";
import { lookAt } from "./view.ts";

type Emit = <Name extends keyof Events>(event: Name, detail: Events[Name]) => void;

export class Session implements Record<keyof Calls, unknown> {
  readonly #emit: Emit;
  #host: Host | undefined;
  #machines: readonly Machine[] = [];
  /** The one in front. */
  #front: Machine | undefined;
  readonly #networks = new Networks((problem) => this.#emit("relay", { problem }));

  constructor(emit: Emit) {
    this.#emit = emit;
  }

  async boot(spec: GuestSpec, engine: EngineName): Promise<void> {
    const { vm, socket } = await this.#create(spec, engine);
    if (this.#front !== undefined) void this.#end(this.#front);
    this.#add({ vm, engine, socket, name: spec.name, disks: (spec.drives ?? []).map(({ name }) => name) });
    vm.start();
  }

  start(): void {
    const { vm } = this.#present();
    if (vm.state === "created") vm.start();
    else vm.resume();
  }

  pause(): void {
    this.#present().vm.pause();
  }

  async reset(): Promise<void> {
    await this.#present().vm.reset();
  }

  step(hart: number, instructions: number): void {
    this.#present().vm.step(hart, instructions);
  }

  async keep(): Promise<void> {
    const machine = this.#present();
    await machine.vm.checkpoint();
    machine.kept = performance.now();
  }

  async goBack(): Promise<void> {
    await this.#present().vm.revert();
  }

  async save(): Promise<Blob> {
    return new Response(this.#present().vm.snapshot() as ReadableStream<Uint8Array<ArrayBuffer>>).blob();
  }

  async restore(file: Blob, name: string): Promise<void> {
    this.#host ??= await Host.create();
    const vm = await this.#host.restore(file);
    this.#add({ vm, name, disks: vm.drives.map((_, index) => `disk ${index}`), engine: vm.engine });
    vm.start();
  }

  async clone(): Promise<void> {
    const { vm: parent, name, disks, tail } = this.#present();
    const [vm] = await parent.clone();
    this.#add({ vm: vm!, name, disks, engine: vm!.engine }, tail);
    vm!.start();
  }

  select(number: number): void {
    this.#toFront(this.#find(number));
  }

  async discard(number: number): Promise<void> {
    const machine = this.#find(number);
    const next = this.#machines.find((other) => other !== machine);
    if (machine === this.#front && next === undefined)
      throw new PageError("last-machine", "This is the last machine; load another guest in its place.");
    if (machine === this.#front) this.#toFront(next!);
    await this.#end(machine);
  }

  setEngine(engine: EngineName): void {
    const machine = this.#present();
    try {
      machine.vm.setEngine(engine);
      machine.engine = engine;
    } finally {
      this.#emit("state", { state: machine.vm.state, engine: machine.engine });
    }
  }

  type(text: string): void {
    void this.#front?.vm.console.write(text);
  }

  shown(bytes: number): void {
    this.#front?.pump.shown(bytes);
  }

  async look(query: Query): Promise<View> {
    const { vm, hot, disks, socket } = this.#present();
    const machines = this.#machines.map((machine) => machine.view(machine === this.#front));
    const network = query.network === true ? this.#networks.of(socket)?.view(this.#machines) : undefined;
    const view = {
      ...lookAt(vm, hot, query),
      ...(query.machines === true ? { machines } : {}),
      ...(network === undefined ? {} : { network }),
    };
    return query.drives === undefined ? view : { ...view, drives: await drivesOf(vm, disks, query.drives.maps) };
  }

  async createDisk(name: string, what: { readonly size: number } | { readonly base: string }): Promise<void> {
    await createStored(name, what);
  }

  async settleDisk(name: string): Promise<void> {
    const { vm, disks = [] } = this.#front ?? {};
    const index = disks.indexOf(name);
    if (vm === undefined || index < 0) return;
    if (vm.state === "running")
      throw new PageError(
        "disk-in-use",
        `The machine is using ${name}; pause it first, so that all of the copy is of one moment.`,
      );
    await vm.drives[index]?.flush();
  }

  #present(): Machine {
    if (this.#front !== undefined) return this.#front;
    throw new PageError("no-machine", "There is no machine yet; load a guest first.");
  }

  #find(number: number): Machine {
    const found = this.#machines.find(({ vm }) => vm.state !== "destroyed" && vm.accounting().number === number);
    if (found !== undefined) return found;
    throw new PageError("no-machine", "That machine is gone; choose another one.");
  }

  /** A new machine, in front. */
  #add(parts: ConstructorParameters<typeof Machine>[0], printed?: Uint8Array): void {
    const machine = new Machine(parts, (of, bytes) => this.#show(of, bytes));
    if (printed !== undefined) machine.remember(printed);
    this.#machines = [...this.#machines, machine];
    this.#watch(machine);
    this.#toFront(machine);
  }

  #show(machine: Machine, bytes: Uint8Array): boolean {
    if (machine !== this.#front) return false;
    this.#emit("output", bytes);
    return true;
  }

  #toFront(machine: Machine): void {
    if (this.#front === machine) return;
    this.#front = machine;
    const { name, engine, vm, tail } = machine;
    this.#emit("booted", { name, engine });
    if (tail.length > 0) this.#emit("output", tail);
    this.#emit("state", { state: vm.state, engine });
  }

  /** While the images are read, the present machine goes on; it makes room only when there is not enough for two. */
  async #create(spec: GuestSpec, engine: EngineName): Promise<Pick<Machine, "vm" | "socket">> {
    this.#host ??= await Host.create();
    const config = configOf(spec, engine, (progress) => this.#emit("progress", progress));
    // A disk has one user at a time.
    if (this.#front !== undefined && this.#front.disks.length > 0 && (spec.drives ?? []).length > 0)
      await this.#end(this.#front);
    try {
      return await this.#make(this.#host, config, spec.network);
    } catch (error) {
      if (!(error instanceof WasmvisorError) || error.code !== "host-memory" || this.#front === undefined) throw error;
      await this.#end(this.#front);
      return await this.#make(this.#host, config, spec.network);
    }
  }

  /** A machine on the network that was chosen. */
  async #make(
    host: Host,
    config: VmConfig,
    choice: NetworkChoice | undefined,
  ): Promise<Pick<Machine, "vm" | "socket">> {
    const socket = await this.#networks.plug(choice);
    try {
      const vm = await host.createVm({ ...config, networks: socket === undefined ? [] : [socket] });
      return { vm, socket };
    } catch (error) {
      await socket?.backend.close();
      await this.#networks.prune();
      throw error;
    }
  }

  /** Destroys a machine at once, and waits until its disks are closed. */
  async #end(machine: Machine): Promise<void> {
    this.#machines = this.#machines.filter((other) => other !== machine);
    // Whoever looks at it hears that it is gone.
    const closed = machine.vm.close();
    if (this.#front === machine) this.#front = undefined;
    await closed.catch((error: unknown) => {
      const name = machine.disks.join(", ");
      this.#emit("drive-error", { name, operation: "close", message: sentenceOf(error) });
    });
    await this.#networks.prune();
  }

  #watch(machine: Machine): void {
    const { vm, pump, disks } = machine;
    const ifInFront = (act: () => void): void => {
      if (this.#front === machine) act();
    };
    vm.on("state", ({ to }) => ifInFront(() => this.#emit("state", { state: to, engine: machine.engine })));
    vm.on("exit", ({ code, reason, error }) => {
      const problem = error instanceof Error ? { problem: error.message } : {};
      pump.whenEmpty(() => ifInFront(() => this.#emit("exit", { code, reason, ...problem })));
    });
    vm.on("reset", (detail) => {
      machine.hot.clear();
      ifInFront(() => this.#emit("reset", detail));
    });
    vm.on("restored", () => machine.hot.clear());
    vm.on("trap-storm", (detail) => ifInFront(() => this.#emit("trap-storm", detail)));
    vm.on("drive-error", ({ slot, operation, error }) => {
      const name = disks[vm.drives.findIndex((drive) => drive.slot === slot)] ?? `slot ${slot}`;
      this.#emit("drive-error", { name, operation, message: sentenceOf(error) });
    });
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
