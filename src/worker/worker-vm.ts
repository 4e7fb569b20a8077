/** A VM in a worker, as programs see it. */

import { WasmvisorError } from "../error.ts";
import type { EngineName } from "../vmm/config.ts";
import type { VmConsole } from "../vmm/console.ts";
import { ending } from "../vmm/ending.ts";
import { Driven } from "../vmm/agent/driven.ts";
import type { RegionChoice, RegionExplanation, RegionInfo } from "../vmm/regions.ts";
import type { VmAccounting } from "../vmm/accounting.ts";
import type { VmCpuChoice, VmCpuSettings } from "../vmm/scheduler/settings.ts";
import type { CloneOptions } from "../vmm/snapshot/template.ts";
import type { SnapshotOptions } from "../vmm/snapshot/take.ts";
import type { ByteStreams } from "../migration/line.ts";
import { checkStreams, type MigrateOptions, type MigrationStatistics } from "../vmm/migrate/options.ts";
import type { Pulse } from "../vmm/agent/heartbeat.ts";
import type { Watchdog } from "../vmm/cure/watchdog.ts";
import type { Vm } from "../vmm/vm.ts";
import type { Address } from "../memory/address.ts";
import { VM_EVENTS, type VmCounters, type VmEvents, type VmExit, type VmState } from "../vmm/vm-types.ts";
import { decodeError } from "./codec.ts";
import { ConsoleLine } from "./console-line.ts";
import type { Link } from "./link.ts";
import type { CreatedVm, EventName, WireError } from "./messages.ts";
import { Remote } from "./remote.ts";
import { WorkerBalloon } from "./worker-balloon.ts";
import { WorkerDrive } from "./worker-drive.ts";
import { WorkerHart } from "./worker-hart.ts";
import { WorkerMemory } from "./worker-memory.ts";
import { WorkerNetwork } from "./worker-network.ts";
import { WorkerPort } from "./worker-port.ts";

/** The host of a VM in a worker. */
interface WorkerVmOwner {
  onDestroy(): void;
  /** Makes the stand-in of a clone. */
  onClone(created: CreatedVm): WorkerVm;
}

/**
 * A `Vm` that runs in a worker: its methods answer by promise, its console and events are the same.
 *
 * ```ts
 * const vm = await host.createVm({ kernel: DEMO_GUEST });
 * await vm.start();
 * await vm.console.waitFor("> ");
 * console.log(await vm.hart(0).pc);
 * ```
 */
export class WorkerVm extends Driven {
  /** RAM by physical address. */
  readonly memory: WorkerMemory;
  /** All harts, by number. */
  readonly harts: readonly WorkerHart[];
  /** Its named serial ports, in the order in which they were given. */
  readonly ports: readonly WorkerPort[];
  /** Its disks, in the order in which they were given. */
  readonly drives: readonly WorkerDrive[];
  /** Its network devices, in the order in which they were given. */
  readonly networks: readonly WorkerNetwork[];
  /** @internal */
  readonly agentPort: WorkerPort | undefined;
  /** @internal */
  readonly watchdog: Watchdog | undefined;
  readonly #vm: Remote<Vm>;
  readonly #number: number;
  readonly #link: Link;
  readonly #line: ConsoleLine;
  readonly #owner: WorkerVmOwner;
  #state: VmState;
  #ending = ending();
  /** Events and answers take effect one after another, each when the output that came before it is here. */
  #order: Promise<void> = Promise.resolve();

  /** @internal */
  constructor(link: Link, created: CreatedVm, owner: WorkerVmOwner) {
    super(VM_EVENTS);
    const { vm, harts, memory, drives, networks, output } = created;
    this.#link = link;
    this.#number = vm;
    this.#state = created.state;
    this.#owner = owner;
    this.#vm = new Remote<Vm>(link, { vm, part: "vm", index: 0 });
    const far = new Remote<VmConsole>(link, { vm, part: "console", index: 0 });
    this.#line = new ConsoleLine(far, output, (bytes) => this.emit("output", bytes));
    this.memory = new WorkerMemory(link, vm, memory);
    this.ports = created.ports.map((port, index) => new WorkerPort(link, vm, index, port));
    this.agentPort = created.agent && new WorkerPort(link, vm, "agent", created.agent);
    this.watchdog = created.watchdog;
    this.harts = Array.from({ length: harts }, (_, index) => new WorkerHart(link, vm, index));
    this.drives = drives.map((slot, index) => new WorkerDrive(link, vm, index, slot));
    this.networks = networks.map((network, index) => new WorkerNetwork(link, vm, index, network));
  }

  /** The serial console. */
  get console(): VmConsole {
    return this.#line.console;
  }

  /** What it is doing, as far as is known here. */
  get state(): VmState {
    return this.#state;
  }

  /** As `Vm.exited`. */
  get exited(): Promise<VmExit> {
    return this.#ending.promise;
  }

  /** As `Vm.start`. */
  start(): Promise<void> {
    return this.#control("start");
  }

  /** As `Vm.pause`. */
  pause(): Promise<void> {
    return this.#control("pause");
  }

  /** As `Vm.resume`. */
  resume(): Promise<void> {
    return this.#control("resume");
  }

  /** As `Vm.reset`. */
  async reset({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#link.request({ type: "reset", vm: this.#number }, { signal });
    await this.#order;
  }

  /** As `Vm.destroy`. */
  async destroy(): Promise<void> {
    if (this.#state !== "destroyed") await this.#control("destroy");
  }

  /** As `Vm.close`. */
  async close(): Promise<void> {
    if (this.#state !== "destroyed") await this.#control("close");
  }

  /** `await using vm = …` destroys it at the end of the block, and waits until its disks are closed. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** As `Vm.hart`. */
  hart(index: number): WorkerHart {
    const hart = this.harts[index];
    if (hart !== undefined) return hart;
    const last = this.harts.length - 1;
    throw new WasmvisorError("hart", `There is no hart ${index}; they are numbered from 0 to ${last}.`, { index });
  }

  /** As `Vm.engine`. */
  get engine(): Promise<EngineName> {
    return this.#vm.get("engine");
  }

  /** As `Vm.setEngine`. */
  setEngine(name: EngineName): Promise<void> {
    return this.#vm.call("setEngine", name);
  }

  /** As `Vm.counters`. */
  counters(): Promise<VmCounters> {
    return this.#vm.call("counters");
  }

  /** As `Vm.balloon`; asking one that there is not rejects with `option`. */
  get balloon(): WorkerBalloon {
    return new WorkerBalloon(this.#link, this.#number);
  }

  /** As `Vm.accounting`. */
  accounting(): Promise<VmAccounting> {
    return this.#vm.call("accounting");
  }

  /** As `Vm.cpu`. */
  get cpu(): Promise<VmCpuChoice> {
    return this.#vm.get("cpu");
  }

  /** As `Vm.setCpu`. */
  setCpu(settings: VmCpuSettings): Promise<void> {
    return this.#vm.call("setCpu", settings);
  }

  /** As `Vm.resizeConsole`. */
  resizeConsole(columns: number, rows: number): Promise<void> {
    return this.#vm.call("resizeConsole", columns, rows);
  }

  /** As `Vm.regions`. */
  regions(): Promise<RegionInfo[]> {
    return this.#vm.call("regions");
  }

  /** As `Vm.explainRegion`. */
  explainRegion(pc: Address, choice: RegionChoice = {}): Promise<RegionExplanation> {
    return this.#vm.call("explainRegion", pc, choice);
  }

  /** As `Vm.signature`. */
  signature(): Promise<string> {
    return this.#vm.call("signature");
  }

  /** As `Vm.snapshot`. */
  snapshot(options: SnapshotOptions = {}): Promise<ReadableStream<Uint8Array>> {
    return this.#vm.call("snapshot", options);
  }

  /** As `Vm.migrateTo`; the streams are the worker's from now on. */
  async migrateTo(streams: ByteStreams, options: MigrateOptions = {}): Promise<MigrationStatistics> {
    checkStreams(streams);
    const { signal, onProgress, ...plain } = options;
    const { value } = await this.#link.request(
      { type: "migrate", vm: this.#number, streams, options: plain },
      { transfer: [streams.readable, streams.writable], signal, onProgress, waits: true },
    );
    await this.#order;
    return value as MigrationStatistics;
  }

  /** As `Vm.reclaim`. */
  reclaim(): Promise<void> {
    return this.#control("reclaim");
  }

  /** As `Vm.generationId`. */
  get generationId(): Promise<string | undefined> {
    return this.#vm.get("generationId");
  }

  /** As `Vm.checkpoint`. */
  checkpoint(): Promise<void> {
    return this.#vm.call("checkpoint");
  }

  /** As `Vm.revert`. */
  async revert(): Promise<void> {
    await this.#vm.call("revert");
    await this.#order;
  }

  /** @internal */
  pulse(): Promise<Pulse> {
    return this.#vm.call("pulse");
  }

  /** @internal */
  hung(milliseconds: number): Promise<void> {
    return this.#vm.call("hung", milliseconds).catch(() => undefined);
  }

  /** @internal */
  expectReset(): Promise<void> {
    return this.#vm.call("expectReset");
  }

  /** As `Vm.clone`; the networks of clones have nobody at their far end. */
  async clone(count = 1, options: Pick<CloneOptions, "memoryLimit"> = {}): Promise<WorkerVm[]> {
    const { value } = await this.#link.request({ type: "clone", vm: this.#number, count, options });
    return (value as readonly CreatedVm[]).map((created) => this.#owner.onClone(created));
  }

  /** As `Vm.snapshotId`. */
  get snapshotId(): Promise<string | undefined> {
    return this.#vm.get("snapshotId");
  }

  /** As `Vm.step`. */
  async step(index = 0, instructions = 1): Promise<void> {
    const { printed } = await this.#vm.ask({ op: "call", member: "step", args: [index, instructions] });
    await this.#line.reached(printed);
  }

  /** Takes an event that has come from the worker. @internal */
  receive(name: EventName, detail: unknown, printed: number): void {
    this.#order = this.#order.then(async () => {
      if (name === "exit") await this.#line.reached(printed);
      this.#take(name, detail);
    });
  }

  /** The worker is no more. @internal */
  lost(error: WasmvisorError): void {
    if (this.#state === "destroyed") return;
    this.#line.cut(error.message);
    if (error.code === "host-closed") return this.#destroyed();
    if (this.#state !== "exited") {
      this.#enter("exited");
      this.#exit({ code: 70, reason: "failure", error });
    }
  }

  async #control(name: "start" | "pause" | "resume" | "reclaim" | "destroy" | "close"): Promise<void> {
    await this.#vm.call(name);
    await this.#order;
  }

  #take(name: EventName, detail: unknown): void {
    if (this.#state === "destroyed") return;
    switch (name) {
      case "state": {
        const { to } = detail as VmEvents["state"];
        return to === "destroyed" ? this.#destroyed() : this.#enter(to);
      }
      case "exit": {
        const exit = detail as VmExit;
        return this.#exit(exit.error === undefined ? exit : { ...exit, error: decodeError(exit.error as WireError) });
      }
      case "reset":
        if (this.#state === "exited") this.#ending = ending();
        this.console.reopen();
        return this.emit("reset", detail as VmEvents["reset"]);
      case "device-error": {
        const { device, error } = detail as VmEvents["device-error"];
        return this.emit("device-error", { device, error: decodeError(error as WireError) });
      }
      case "drive-error": {
        const fault = detail as VmEvents["drive-error"];
        return this.emit("drive-error", { ...fault, error: decodeError(fault.error as WireError) });
      }
      case "flash-error": {
        const { unit, error } = detail as VmEvents["flash-error"];
        return this.emit("flash-error", { unit, error: decodeError(error as WireError) });
      }
      case "network-error": {
        const { slot, error } = detail as VmEvents["network-error"];
        return this.emit("network-error", { slot, error: decodeError(error as WireError) });
      }
      case "restored":
        if (this.#state === "exited") this.#ending = ending();
        this.console.reopen();
        this.agentReplaced();
        return this.emit("restored", detail as VmEvents["restored"]);
      case "port":
        return this.emit("port", detail as VmEvents["port"]);
      case "trap-storm":
        return this.emit("trap-storm", detail as VmEvents["trap-storm"]);
    }
  }

  #exit(exit: VmExit): void {
    this.console.close(`${exit.reason}, code ${exit.code}`, false);
    this.emit("exit", exit);
    this.#ending.resolve(exit);
  }

  #destroyed(): void {
    this.#enter("destroyed");
    this.#line.close("it was destroyed");
    this.#owner.onDestroy();
    this.#ending.resolve({ code: 0, reason: "destroyed" });
  }

  #enter(to: VmState): void {
    const from = this.#state;
    this.#state = to;
    this.emit("state", { from, to });
    if (to === "running") this.watch();
  }
}
