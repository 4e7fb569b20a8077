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
import type { RestoreOptions } from "../vmm/snapshot/restore.ts";
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
import type { CreatedVm, EventName, FromWorker, WireError } from "./messages.ts";
import { Remote } from "./remote.ts";
import { Seat } from "./seat.ts";
import { WorkerBalloon } from "./worker-balloon.ts";
import { WorkerDrive } from "./worker-drive.ts";
import { WorkerHart } from "./worker-hart.ts";
import { WorkerLazyRestore, WorkerPostCopy } from "./worker-late.ts";
import { WorkerMemory } from "./worker-memory.ts";
import { WorkerNetwork } from "./worker-network.ts";
import { WorkerPort } from "./worker-port.ts";
import { Writes } from "./writes.ts";

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
  readonly #late: CreatedVm["late"];
  readonly #vm: Remote<Vm>;
  readonly #seat: Seat;
  readonly #line: ConsoleLine;
  #owner: WorkerVmOwner;
  /** By what it was made, as far as that is needed to make it again elsewhere. @internal */
  origin: RestoreOptions = {};
  /** It was paused when it came to its worker, where it has never run. */
  #isPausedElsewhere = false;
  /** Its end, while it is moved: where it was it ends by that. */
  #heldBack: Extract<FromWorker, { type: "event" }>[] | undefined;
  #state: VmState;
  #ending = ending();
  /** Events and answers take effect one after another, each when the output that came before it is here. */
  #order: Promise<void> = Promise.resolve();

  /** @internal */
  constructor(link: Link, created: CreatedVm, owner: WorkerVmOwner) {
    super(VM_EVENTS);
    const { vm, harts, memory, drives, networks, output } = created;
    const seat = new Seat(link, vm);
    this.#seat = seat;
    this.#state = created.state;
    this.#owner = owner;
    this.#vm = new Remote<Vm>(seat, "vm");
    const far = new Remote<VmConsole>(seat, "console");
    const writes = new Writes(seat, (bytes) => far.call("write", bytes));
    this.#line = new ConsoleLine(writes, output, (bytes) => this.emit("output", bytes));
    this.memory = new WorkerMemory(seat, memory);
    this.ports = created.ports.map((port, index) => new WorkerPort(seat, index, port));
    this.agentPort = created.agent && new WorkerPort(seat, "agent", created.agent);
    this.watchdog = created.watchdog;
    this.#late = created.late;
    this.harts = Array.from({ length: harts }, (_, index) => new WorkerHart(seat, index));
    this.drives = drives.map((slot, index) => new WorkerDrive(seat, index, slot));
    this.networks = networks.map((network, index) => new WorkerNetwork(seat, index, network));
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
    return this.#control(this.#isPausedElsewhere ? "start" : "resume");
  }

  /** As `Vm.reset`. */
  async reset({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#seat.request((vm) => ({ type: "reset", vm }), { signal });
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
    return new WorkerBalloon(this.#seat);
  }

  /** As `Vm.setMemory`. */
  setMemory(bytes: number): Promise<void> {
    return this.#vm.call("setMemory", bytes);
  }

  /** As `Vm.lazyRestore`. */
  get lazyRestore(): WorkerLazyRestore | undefined {
    return this.#late === "lazyRestore" ? new WorkerLazyRestore(this.#seat) : undefined;
  }

  /** As `Vm.postCopy`. */
  get postCopy(): WorkerPostCopy | undefined {
    return this.#late === "postCopy" ? new WorkerPostCopy(this.#seat) : undefined;
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
    const value = await this.#migrate(streams, options);
    await this.#order;
    return value;
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
    const { value } = await this.#seat.request((vm) => ({ type: "clone", vm, count, options }));
    const { networks: _networks, ...origin } = this.origin;
    return (value as readonly CreatedVm[]).map((created) => {
      const clone = this.#owner.onClone(created);
      clone.origin = { ...origin, ...options };
      return clone;
    });
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

  async #migrate(streams: ByteStreams, { signal, onProgress, ...plain }: MigrateOptions): Promise<MigrationStatistics> {
    const { value } = await this.#seat.request((vm) => ({ type: "migrate", vm, streams, options: plain }), {
      transfer: [streams.readable, streams.writable],
      signal,
      onProgress,
      waits: true,
    });
    return value as MigrationStatistics;
  }

  /**
   * Sends it to another worker of the same owner. Until `relocate` or `stay` is called nothing is asked of it once it stands still, and its end is
   * held back. @internal
   */
  async send(streams: ByteStreams, options: MigrateOptions): Promise<MigrationStatistics> {
    this.#heldBack = [];
    return this.#migrate(streams, {
      ...options,
      onProgress: (progress) => {
        if (progress.phase !== "pages" && this.#heldBack !== undefined) this.#seat.hold();
        options.onProgress?.(progress);
      },
    });
  }

  /** It has come to another worker, and is this one there. What was where it was, to be ended. @internal */
  relocate(link: Link, created: CreatedVm, owner: WorkerVmOwner): void {
    this.#heldBack = undefined;
    this.#owner.onDestroy();
    this.#owner = owner;
    const before = this.#seat.move(link, created.vm);
    for (const [index, { output }] of created.ports.entries()) this.ports[index]?.follow(output);
    if (created.agent !== undefined) this.agentPort?.follow(created.agent.output);
    // What it was where it was ends its streams as soon as all that is in them has been read.
    before.access({ part: "vm", index: 0 }, { op: "call", member: "destroy", args: [] }).catch(() => this.#abandon());
    this.#order = this.#order.then(async () => {
      await this.#line.follow(created.output);
      if (this.#state === "destroyed") return;
      this.isAnother();
      if (created.state === this.#state) return;
      this.#isPausedElsewhere = created.state === "created" && this.#state === "paused";
      if (!this.#isPausedElsewhere) this.#enter(created.state);
    });
    this.#seat.letGo();
  }

  /** Its guest has been somewhere else, or was not run for some time: it is told so as soon as it runs. @internal */
  isAnother(): void {
    if (this.#state === "running") return void this.#refreshIfItRuns();
    const forget = this.on("state", ({ to }) => {
      forget();
      if (to === "running") void this.#refreshIfItRuns();
    });
  }

  /** One with a deterministic clock does what it would do anyway. */
  async #refreshIfItRuns(): Promise<void> {
    const { runs } = await this.pulse().catch(() => ({ runs: false }));
    if (runs) this.refresh();
  }

  #abandon(): void {
    this.#line.abandon();
    for (const port of [...this.ports, this.agentPort]) port?.abandon();
  }

  /** It has not been moved, and what has happened to it since has happened. @internal */
  stay(): void {
    const events = this.#heldBack ?? [];
    this.#heldBack = undefined;
    this.#seat.letGo();
    for (const { name, detail, printed } of events) this.receive(name, detail, printed);
    this.#line.again();
  }

  /** Takes an event that has come from the worker. @internal */
  receive(name: EventName, detail: unknown, printed: number): void {
    const isEnd = name === "exit" || (name === "state" && (detail as VmEvents["state"]).to === "exited");
    const isHeldBack = this.#heldBack !== undefined && (isEnd || this.#heldBack.length > 0);
    if (isHeldBack) return void this.#heldBack!.push({ type: "event", vm: this.#seat.vm, name, detail, printed });
    this.#order = this.#order.then(async () => {
      if (name === "exit") await this.#line.reached(printed);
      this.#take(name, detail);
    });
  }

  /** The worker is no more. @internal */
  lost(error: WasmvisorError): void {
    if (this.#state === "destroyed") return;
    this.#line.cut(error.message);
    this.#heldBack = undefined;
    this.#seat.letGo();
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
        this.isAnother();
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
    this.#isPausedElsewhere = false;
    this.emit("state", { from, to });
    if (to !== "running") return;
    this.watch();
    this.#line.again();
  }
}
