/** A virtual machine as programs see it. */

import { HartField, VmField } from "../../assembly/state/layout.ts";
import { Engine, Priv } from "../../assembly/shared/constants.ts";
import type { CodeSpace } from "../core/code-space.ts";
import type { Compilation } from "../core/code.ts";
import type { Core } from "../core/core.ts";
import { WasmvisorError } from "../error.ts";
import type { Symbol as GuestSymbol } from "../machine/loader/loaded-image.ts";
import type { PowerEvent } from "../machine/virt-types.ts";
import { translatedRegions } from "../core/regions.ts";
import { FRAME_BYTES, type MachineMemory } from "../memory/machine-memory.ts";
import type { BootImages, LoadedPlan } from "./boot-images.ts";
import { type CheckedConfig, type EngineName, type VmConfig, engineName, engineOf } from "./config.ts";
import { checkMemoryModel } from "./memory-model.ts";
import { VmConsole } from "./console.ts";
import { sumCounters, translatorCounters } from "./counters.ts";
import { ending, pageFailure } from "./ending.ts";
import { checkTranslation } from "./core-module.ts";
import type { BlockBackend } from "../backend/block/block.ts";
import type { Drive } from "./drives.ts";
import { closeFlash, type FlashImage } from "./flash.ts";
import { VmArrivals } from "./arrivals.ts";
import { shareConsole } from "../backend/port/console-port.ts";
import type { Console } from "../device/virtio/console/console.ts";
import type { VmNetwork } from "./networks.ts";
import type { VmPort } from "./ports.ts";
import { Driven } from "./agent/driven.ts";
import type { Unsubscribe } from "./events.ts";
import { generationText, newGeneration } from "./generation.ts";
import { Hart } from "./hart.ts";
import { Htif, htifSymbols } from "./htif.ts";
import { Machine, outOfMemory } from "./machine.ts";
import { PhysicalMemory } from "./physical-memory.ts";
import { explain, type RegionChoice, type RegionExplanation, type RegionInfo } from "./regions.ts";
import { RunLoop, sliceFor } from "./run-loop.ts";
import { type Interval, Sampler } from "./sampler.ts";
import { array, flag, optional, table, u16, type ValuesIn } from "../state/table.ts";
import type { Part } from "../state/saved.ts";
import { saveParts, touchParts, touchSections } from "../state/saved.ts";
import type { SavedState, Section } from "../state/section.ts";
import { touchedPages } from "../memory/late-pages.ts";
import { FrozenRam } from "../memory/frozen.ts";
import type { Pager } from "../memory/paging/pager.ts";
import { ID_BYTES, idText } from "../snapshot/format.ts";
import { checkSections, checkState, saveState, type StateOwner } from "./state.ts";
import { checkSnapshot, FILE_PREFIX, keptSymbols, Snapshots } from "./snapshot/parents.ts";
import type { LazyOptions, LazyOwner, LazyParts, LazyRestore } from "./snapshot/lazy.ts";
import type { CloneOptions, Template } from "./snapshot/template.ts";
import { describeMachine, type SnapshotOptions, snapshotStream } from "./snapshot/take.ts";
import type { ByteStreams } from "../migration/line.ts";
import { checkMigrate, checkStreams, type MigrateOptions, type MigrationStatistics } from "./migrate/options.ts";
import type { PostCopy } from "./migrate/follow.ts";
import type { MovedVm } from "./migrate/send.ts";
import { signature } from "./signature.ts";
import { ioUse, type VmAccounting } from "./accounting.ts";
import type { VmBalloon } from "./balloon.ts";
import { guestCrashed, guestHangs, guestNeglects } from "./agent/errors.ts";
import type { Pulse } from "./agent/heartbeat.ts";
import type { Checkpoint, KeptDisks } from "./cure/checkpoint.ts";
import type { Watchdog } from "./cure/watchdog.ts";
import { Recovery } from "./recovery.ts";
import type { ScheduledVm } from "./scheduler/scheduler.ts";
import { checkVmCpu, type VmCpuChoice, type VmCpuSettings } from "./scheduler/settings.ts";
import type { Vsockets } from "./vsock.ts";
import { closeVirtioDevices, type VirtioDevices } from "./virtio-devices.ts";
import { type Address, virtualAddress } from "../memory/address.ts";
import { VM_EVENTS, type VmCounters, type VmExit, type VmState } from "./vm-types.ts";

/** What the host gives a VM. @internal */
export interface VmDeps {
  readonly core: Core;
  readonly memory: MachineMemory;
  readonly compilation: Compilation;
  readonly config: CheckedConfig;
  /** What it was asked for by. */
  readonly options: VmConfig;
  readonly images: BootImages;
  /** The number of the VM in its host. */
  readonly number: number;
  /** Its place in the host's scheduler. */
  readonly cpu: ScheduledVm;
  /** Changes what it may have of the thread. */
  setCpu(settings: VmCpuChoice): void;
  readonly virtio: VirtioDevices;
  /** Has pages leave for the host's page store; undefined without one. */
  readonly pager: Pager | undefined;
  /** Images of the flash banks. */
  readonly flash: readonly (FlashImage | undefined)[];
  /** Nothing is booted: a state is restored before it is started. */
  readonly restored?: boolean;
  /** Makes a VM in which nothing is booted, of the shape of this one. */
  makeClone(vm: Vm, config: VmConfig, symbols: LoadedPlan["symbols"], code: CodeSpace | undefined): Promise<Vm>;
  /** Translated code that it has together with what it is a clone of. */
  readonly code?: CodeSpace | undefined;
  /** Called once, when the VM is destroyed. */
  onDestroy(vm: Vm): void;
  /** Called once after that, when none of its harts is being run any more and its memory has been given back. */
  onRelease(vm: Vm): void;
}

/** With less no guest gets on. */
const MEMORY_LEAST = 2 ** 20;

/** Clones made by one call. */
const CLONES_MOST = 4096;

/** Between two samples; each ends a slice, whose end is interpreted. */
const MIN_PERIOD = 10_000;

/**
 * A virtual machine. Made by `Host.createVm`; runs from `start` until the guest ends or `destroy`. Nothing here blocks:
 * the guest runs in slices of milliseconds between the other tasks of the event loop, and all methods may be called
 * at any time.
 *
 * ```ts
 * const vm = await host.createVm({ kernel: "Image", append: "console=ttyS0" });
 * vm.start();
 * await vm.console.waitFor("login:");
 * const { code } = await vm.exited;
 * ```
 */
export class Vm extends Driven {
  /** The serial console. */
  readonly console: VmConsole;
  /** RAM by physical address. */
  readonly memory: PhysicalMemory;
  /** All harts, by number. */
  readonly harts: readonly Hart[];
  /** Its disks, in the order in which they were given. */
  readonly drives: readonly Drive[];
  /** Its network devices, in the order in which they were given. */
  readonly networks: readonly VmNetwork[];
  /** Its named serial ports, in the order in which they were given. */
  readonly ports: readonly VmPort[];
  readonly #vsock: Vsockets | undefined;
  /** @internal */
  readonly agentPort: VmPort | undefined;
  readonly #deps: VmDeps;
  readonly #arrivals: VmArrivals;
  readonly #serial: Console | undefined;
  /** The hardware. @internal */
  readonly machine: Machine;
  readonly #loop: RunLoop;
  readonly #htif: Htif | undefined;
  readonly #symbols: LoadedPlan["symbols"];
  readonly #storms = new Set<number>();
  readonly #madeAt = performance.now();
  readonly #recovery: Recovery | undefined;
  /** By what a hang of the guest's is seen. @internal */
  readonly watchdog: Watchdog | undefined;
  /** Another thread asks the agent. */
  #isWatchedElsewhere = false;
  /** Whether the guest's agent has ended in this run, or has been told to. */
  #agentHasEnded = false;
  #checkpoint: Checkpoint | undefined;
  #checkpointing: Promise<void> | undefined;
  #checkpointTimer: ReturnType<typeof setTimeout> | undefined;
  #state: VmState = "created";
  #ending = ending();
  #power: PowerEvent | undefined;
  /** The engine that is to take over at the end of the slice. */
  #engine: Engine | undefined;
  #restarting: Promise<void> | undefined;
  #released = false;
  /** Who has it stand still. */
  #holds = 0;
  readonly #snapshots = new Snapshots();
  /** Where it is on its way to another host; "away": it may run there, or does. */
  #migration: "none" | "under way" | "away" = "none";
  #stranded: { readonly ran: boolean; readonly restore: () => Promise<void> } | undefined;
  #lazy: LazyRestore | undefined;
  #postCopy: PostCopy | undefined;
  /** What waits until no hart is being run. */
  readonly #atRestDo: (() => void)[] = [];
  #closed: Promise<void> | undefined;

  /** @internal */
  constructor(deps: VmDeps, { plan, symbols }: LoadedPlan) {
    super(VM_EVENTS);
    const { core, config } = deps;
    this.#deps = deps;
    this.#symbols = symbols;
    this.watchdog = config.watchdog;
    if (config.onFailure !== "stop") {
      const { heartbeat = 0, misses = 0 } = this.watchdog ?? {};
      this.#recovery = new Recovery((isFirst) => this.#recover(isFirst), 2 * heartbeat * misses);
    }
    this.console = new VmConsole(
      (bytes) => this.emit("output", bytes),
      () => this.#loop.endSlice(),
      // A receiver that waits for more has a deadline of its own now.
      () => this.#loop?.wake(),
    );
    this.drives = deps.virtio.drives;
    this.networks = deps.virtio.networks;
    this.ports = deps.virtio.ports;
    this.agentPort = deps.virtio.agentPort;
    this.#vsock = deps.virtio.vsock;
    const arrivals = new VmArrivals(() => {
      // What comes while the VM is being made, from a backend that acts when it is connected, is let in before the first slice.
      if (this.#loop === undefined) return;
      this.#loop.wake();
      if (this.#isHeld) this.#loop.endSlice();
    });
    this.#arrivals = arrivals;
    for (const drive of this.drives) drive.onError = (error) => this.emit("drive-error", error);
    for (const port of this.#allPorts) {
      port.onOpened = (change) => {
        if (port === this.agentPort && !change.open) this.#agentHasEnded = true;
        this.emit("port", change);
      };
      port.whenAtRest = (act) => arrivals.expect(Promise.resolve(), act);
    }
    for (const network of this.networks) {
      network.onError = (fault) => this.emit("network-error", fault);
      network.model.connect((act) => arrivals.soon(act));
    }
    if (this.#vsock !== undefined) this.#vsock.whenAtRest = (act) => arrivals.expect(Promise.resolve(), act);
    const { serial, models, balloon } = deps.virtio;
    if (balloon !== undefined) {
      balloon.whenAtRest = (act) => arrivals.expect(Promise.resolve(), act);
      balloon.model.connect({ discard: (pages) => this.machine.space.discardPages(pages) });
    }
    const shared = serial?.hasConsole === true ? shareConsole(this.console.backend) : undefined;
    this.#serial = serial?.make(shared?.port);
    this.machine = new Machine(config, {
      arrivals,
      virtio: serial === undefined ? models : new Map([...models, [serial.slot, this.#serial!]]),
      flash: deps.flash.map(
        (bank, unit) => bank && { ...bank, onError: (error) => this.emit("flash-error", { unit, error }) },
      ),
      core,
      memory: deps.memory,
      compilation: deps.compilation,
      code: deps.code,
      console: shared?.uart ?? this.console.backend,
      builtinSbi: plan.bios === "builtin",
      onPower: (event) => (this.#power ??= event),
      onWatchdog: () => {
        this.#loop.stop();
        this.#whenAtRest(() => this.#end({ code: 1, reason: "hang", error: guestNeglects() }));
      },
      onLine: () => this.#loop?.wake(),
      onTimeRead: (mtime) => this.#loop.timeRead(mtime),
      onDeadline: (mtime) => this.#loop.deadlineMoved(mtime),
      endSlice: () => this.#loop.endSlice(),
    });
    for (const bank of deps.flash) if (bank !== undefined) bank.contents = undefined;
    const { space, ram, board, time } = this.machine;
    space.ram.onPageLost = (error) => this.#pageLost(error);
    board.bus.onDeviceError = ({ name }, error) => this.emit("device-error", { device: name, error });
    const use = (what: string): void => this.#expect(what, "created", "running", "paused", "exited");
    this.memory = new PhysicalMemory(ram, use, () => space.codeChanged(core), space);
    this.harts = space.harts.map((view, index) => new Hart(index, core, view, this.memory, use));
    this.#htif = this.#createHtif();
    this.#loop = new RunLoop({
      core,
      harts: space.harts,
      board,
      time,
      cpu: deps.cpu,
      slice: sliceFor(config.harts, this.#htif !== undefined),
      isStarted: (index) => this.machine.isStarted(index),
      onSbi: (index) => this.machine.serveSbi(index),
      onTrapStorm: (index) => this.#trapStorm(index),
      letIn: () => this.#letIn(),
      hasArrived: () => (this.machine.late.isWaiting ? this.machine.late.canGoOn : arrivals.hasArrived),
      isHeld: () => this.#isHeld,
      afterSlice: () => this.#afterSlice(),
      onNoFrame: () => this.#findFrames(),
      beforeWaiting: () => this.#beforeWaiting(),
      atRest: () => this.#atRest(),
      onFailure: (error) => this.#end({ code: 70, reason: "failure", error }),
    });
    try {
      if (deps.restored === true) this.machine.boot();
      else {
        this.machine.boot(plan);
        deps.images.discard(plan);
      }
    } catch (error) {
      this.machine.release();
      throw error;
    }
  }

  /**
   * Sockets with programs of the guest.
   * @throws WasmvisorError `vsock` when it was made without a socket device
   */
  get vsock(): Vsockets {
    if (this.#vsock !== undefined) return this.#vsock;
    throw new WasmvisorError("vsock", "This VM was made without a socket device; make it with vsock: true.");
  }

  /**
   * Its memory balloon.
   * @throws WasmvisorError `option` when it was made without one
   */
  get balloon(): VmBalloon {
    const { balloon } = this.#deps.virtio;
    if (balloon !== undefined) return balloon;
    throw new WasmvisorError("option", "This VM was made without a balloon; make it with balloon: true.");
  }

  /**
   * Has the guest work with `bytes` of its RAM: its balloon takes the rest, as far as the guest can do without, and in its own time. It is given back
   * to the host. With all of its RAM the balloon is let out.
   *
   * ```ts
   * vm.setMemory(128 * 2 ** 20);
   * ```
   *
   * @throws WasmvisorError `option` when it was made without a balloon, or that is no number from 1 MiB to the bytes of RAM
   */
  setMemory(bytes: number): void {
    const { balloon, memory } = this;
    if (typeof bytes === "number" && bytes >= MEMORY_LEAST && bytes <= memory.size)
      return balloon.setTarget(memory.size - bytes);
    const sentence = `A VM's memory is set to a number of bytes from ${MEMORY_LEAST} to its ${memory.size} of RAM, not to ${String(bytes)}.`;
    throw new WasmvisorError("option", sentence, { key: "memory", value: bytes });
  }

  /** By which the guest knows that it has been copied or set back, as a UUID; undefined when it was made without `generationId`. */
  get generationId(): string | undefined {
    const { vmgenid } = this.machine.board;
    return vmgenid && generationText(vmgenid.generation);
  }

  /** The guest is a copy, or has been set back. A deterministic one is to do the same again. */
  #beAnother(): void {
    if (!this.#deps.config.deterministic) this.machine.board.vmgenid?.renew(newGeneration());
  }

  /** The number of the VM in its host. @internal */
  get number(): number {
    return this.#deps.number;
  }

  /** What runs its harts. @internal */
  get loop(): RunLoop {
    return this.#loop;
  }

  /** Settled when a restart that is under way is over, successfully or not. @internal */
  get restarting(): Promise<void> | undefined {
    return this.#restarting?.catch(() => undefined);
  }

  /** What it is doing. */
  get state(): VmState {
    return this.#state;
  }

  /**
   * How instructions are executed now, or from the end of the present slice on.
   * @throws WasmvisorError `vm-state` when it has been destroyed
   */
  get engine(): EngineName {
    this.#expect("ask the engine of", "created", "running", "paused", "exited");
    return engineName(this.#engine ?? this.machine.space.vm.u32(VmField.engine));
  }

  /**
   * Has instructions executed by another engine from now on; the guest notices nothing. May be called while it runs, and
   * then waits for the end of the present slice.
   *
   * @throws WasmvisorError `engine`, `memory-model` when the VM has one that the engine cannot do, `unsupported` when translated code cannot run here, `vm-state` when it has been destroyed, `host-memory` when the translator finds no room
   */
  setEngine(name: EngineName): void {
    this.#expect("set the engine of", "created", "running", "paused", "exited");
    const engine = engineOf(name);
    if (engine === Engine.TIERED || engine === Engine.TRANSLATE) checkTranslation();
    checkMemoryModel(this.machine.space.vm.u32(VmField.memoryModel), engine);
    if (this.#loop.inSlice) this.#engine = engine;
    else this.machine.space.setEngine(engine);
  }

  /** How the present run ends: resolves when the guest ends, or the VM is destroyed. After `reset`, a new promise. */
  get exited(): Promise<VmExit> {
    return this.#ending.promise;
  }

  /**
   * Switches it on.
   * @throws WasmvisorError `vm-state` when it has been started before
   */
  start(): void {
    this.#expect("start", "created");
    this.#expectHere("start");
    this.#run();
  }

  /** Stops the harts where they are, and guest time with them. Does nothing when they do not run. */
  pause(): void {
    this.#expect("pause", "created", "running", "paused", "exited");
    if (this.#state !== "running") return;
    this.#loop.stop();
    this.#enter("paused");
  }

  /**
   * Goes on after `pause`; does nothing when it runs.
   * @throws WasmvisorError `vm-state` when it has not been started, or has ended
   */
  resume(): void {
    this.#expect("resume", "running", "paused");
    this.#expectHere("resume");
    if (this.#state === "paused") this.#run();
  }

  /**
   * Switches it off and on again: empty RAM, images loaded anew (files are read again). Resolves when that is done. It
   * runs afterwards, also when the guest had ended; but a paused VM stays paused, and a created one waits for `start`.
   *
   * @throws WasmvisorError when an image cannot be read any more, or the signal's reason; the VM then goes on as it was
   */
  async reset({ signal }: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.#expect("reset", "created", "running", "paused", "exited");
    this.#expectHere("reset");
    signal?.throwIfAborted();
    await this.#restart("host", signal);
  }

  /**
   * Ends it and gives its memory back. Does nothing the second time. While a hart is being run (in a device, or in a listener that
   * it has called), nothing of the VM can be used any more either, but the memory is given back only when the slice has ended.
   */
  destroy(): void {
    if (this.#state === "destroyed") return;
    this.#loop.close();
    this.#recovery?.cancel();
    clearTimeout(this.#checkpointTimer);
    this.#dropCheckpoint();
    this.#arrivals.close();
    this.#closed = Promise.all([this.#closeFlash(), closeVirtioDevices(this.#deps.virtio)]).then(() => undefined);
    // Told to those who ask by `close`; to nobody else, so that it does not end the process.
    this.#closed.catch(() => undefined);
    this.#enter("destroyed");
    this.#deps.onDestroy(this);
    this.console.close("it was destroyed", true);
    for (const port of this.#allPorts) port.close();
    this.#ending.resolve({ code: 0, reason: "destroyed" });
    if (!this.#loop.busy) this.#atRest();
  }

  /** `using vm = …` destroys it at the end of the block. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** `await using vm = …` does the same, and waits until its disks are closed. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Destroys it, and resolves when its disks have been written to and closed.
   * @throws WasmvisorError when that fails: what the guest had not flushed may be lost
   */
  async close(): Promise<void> {
    this.destroy();
    await this.#closed;
  }

  /**
   * Hart `index`.
   * @throws WasmvisorError `hart`
   */
  hart(index: number): Hart {
    const hart = this.harts[index];
    if (hart !== undefined) return hart;
    const last = this.harts.length - 1;
    throw new WasmvisorError("hart", `There is no hart ${index}; they are numbered from 0 to ${last}.`, { index });
  }

  /**
   * What it has done.
   * @throws WasmvisorError `vm-state` when it has been destroyed
   */
  counters(): VmCounters {
    this.#expect("count what was done by", "created", "running", "paused", "exited");
    const harts = this.harts.map((hart) => hart.counters());
    const sum = sumCounters(harts);
    return {
      ...sum,
      harts,
      translator: translatorCounters(this.machine.space.vm, sum.instructions),
      busyMilliseconds: this.#loop.busyMilliseconds,
      busFaults: this.machine.board.bus.faults,
      touchedBytes: this.machine.space.vm.u32(VmField.framesTouched) * FRAME_BYTES,
    };
  }

  /**
   * What it has used of its host since it was made.
   *
   * ```ts
   * const { cpu, memory } = vm.accounting();
   * console.log(`${cpu.milliseconds} ms, ${memory.touchedBytes} bytes`);
   * ```
   *
   * @throws WasmvisorError `vm-state` when it has been destroyed
   */
  accounting(): VmAccounting {
    this.#expect("ask the accounts of", "created", "running", "paused", "exited");
    const { space } = this.machine;
    const { touchedBytes, sharedBytes, pagedBytes } = space.ram.statistics();
    const active = this.#deps.pager?.activeOf(space.vm.ma);
    return {
      number: this.#deps.number,
      state: this.state,
      milliseconds: performance.now() - this.#madeAt,
      settings: this.cpu,
      cpu: this.#deps.cpu.use,
      instructions: this.harts.reduce((sum, hart) => sum + hart.counters().instructions, 0),
      memory: {
        ...{ ramBytes: space.ramBytes, touchedBytes, sharedBytes, pagedBytes },
        ...(active === undefined ? {} : { workingSetBytes: Math.round(active * (touchedBytes + pagedBytes)) }),
      },
      io: ioUse(
        this.drives.map((drive) => drive.statistics()),
        this.networks.map((network) => network.statistics()),
      ),
    };
  }

  /** What it may have of the thread that its host runs on. */
  get cpu(): VmCpuChoice {
    return { ...this.#deps.cpu.settings };
  }

  /**
   * Changes what it may have of the thread, from its next task on; what is left out stays as it is.
   *
   * ```ts
   * vm.setCpu({ shares: 400, cap: 0.5 });
   * ```
   *
   * @throws WasmvisorError `option`, `cpu` when there is no such group or more is reserved than there is, `vm-state` when it has been destroyed
   */
  setCpu(settings: VmCpuSettings): void {
    this.#expect("set the CPU time of", "created", "running", "paused", "exited");
    this.#deps.setCpu(checkVmCpu(settings, this.cpu));
  }

  /** Named addresses in the kernel, or in the firmware when there is no kernel: an ELF file's symbols, by address. */
  get symbols(): readonly GuestSymbol[] {
    return this.#symbols;
  }

  /**
   * Calls `see` whenever a hart has executed another `period` instructions (and traps), with all harts at rest; `see` may look
   * at the hart, and should not start, pause or destroy anything. Nothing else can sample at the same time.
   *
   * ```ts
   * const stop = vm.sample(100_003, ({ hart }) => console.log(vm.hart(hart).pc.toString(16)));
   * ```
   *
   * @returns what ends it
   * @throws WasmvisorError `sample-period` when `period` is not a whole number from 10,000 up, `sampling` when there is a sampler
   */
  sample(period: number, see: (interval: Interval) => void): Unsubscribe {
    this.#expect("sample", "created", "running", "paused", "exited");
    if (!Number.isInteger(period) || period < MIN_PERIOD) {
      throw new WasmvisorError(
        "sample-period",
        `A VM is sampled every ${MIN_PERIOD} instructions or less often, not ${period}.`,
        {
          period,
        },
      );
    }
    if (this.#loop.sampler !== undefined) {
      throw new WasmvisorError("sampling", "The VM is being sampled already; end that first.");
    }
    this.#loop.sampler = new Sampler(this.machine.space.vm, this.harts.length, period, see);
    return () => (this.#loop.sampler = undefined);
  }

  /**
   * Tells the guest how large the terminal is that shows its virtio console, in characters; nothing happens without one.
   * @throws WasmvisorError `vm-state` when it has been destroyed
   */
  resizeConsole(columns: number, rows: number): void {
    this.#expect("resize the console of", "created", "running", "paused", "exited");
    this.#arrivals.expect(Promise.resolve(), () => this.#serial?.resize(columns, rows));
  }

  /** The regions of translated code that are in use, the oldest first; none with an engine that does not translate. */
  regions(): RegionInfo[] {
    this.#expect("list the regions of", "created", "running", "paused", "exited");
    return translatedRegions(this.machine.space);
  }

  /**
   * What the translator makes of the region that begins at virtual address `pc`: guest code, intermediate representation and
   * WebAssembly. It is translated anew for that, as the hart is now, and thrown away; the guest notices nothing.
   *
   * ```ts
   * for (const { pc, mode } of vm.regions()) console.log(vm.explainRegion(pc, { mode }).ir);
   * ```
   *
   * @throws WasmvisorError `region` when nothing can be translated there or there is no such mode, `hart`, `vm-state` when it has been
   * destroyed or a hart is being run (in a device)
   */
  explainRegion(pc: Address, choice: RegionChoice = {}): RegionExplanation {
    this.#expect("explain a region of", "created", "running", "paused", "exited");
    this.#expectRest("explain a region");
    this.hart(choice.hart ?? 0);
    return explain(this.#deps.core, this.machine.space, virtualAddress(pc), choice);
  }

  /**
   * The words between the kernel's symbols `begin_signature` and `end_signature`, as Spike's `+signature=` writes them.
   * @throws WasmvisorError `signature`
   */
  signature(): string {
    this.#expect("read the signature of", "created", "running", "paused", "exited");
    return signature(this.machine.ram, this.#symbols);
  }

  /**
   * Runs at most `instructions` instructions of hart `index`; for debuggers. The VM must not be running.
   * @throws WasmvisorError `vm-state`, `hart`
   */
  step(index = 0, instructions = 1): void {
    this.#expect("step", "created", "paused");
    this.#expectHere("step");
    this.#expectRest("step a VM");
    this.hart(index);
    this.#loop.step(index, instructions);
    this.console.flush();
  }

  /**
   * All that it is, at rest: between two tasks of the event loop. What the guest has printed is handed over before.
   * @throws WasmvisorError `vm-state` while a hart is being run, images are being loaded, or the guest has ended; `state-device` when a
   * device cannot be saved
   * @internal
   */
  saveState(): SavedState {
    this.console.flush();
    this.#expect("save the state of", "created", "running", "paused");
    this.#expectStill("save the state of");
    return saveState(this.#stateOwner());
  }

  /**
   * Puts a VM that has not been started, or is paused, into a saved state; it goes on from there. The engine may be another. What has been
   * typed and not taken is lost.
   * @throws WasmvisorError `state-section`, `state-version`, `state-damaged`, `state-machine`, `state-device` when it is no state of such a
   * VM, `host-memory` when there is not enough for its pages of RAM; it is then as it was. `vm-state` when it is doing something
   * @internal
   */
  restoreState(state: SavedState): void {
    this.console.flush();
    this.#expect("restore", "created", "paused");
    this.#expectStill("restore");
    this.machine.restore(checkState(this.#stateOwner(), state));
    this.agentReplaced();
  }

  /**
   * Has it in a state whose pages of RAM are there already.
   * @throws WasmvisorError as `restoreState` does
   * @internal
   */
  restoreSections(sections: readonly Section[]): void {
    this.#expectStill("restore");
    this.machine.restore(checkSections(this.#stateOwner(), sections));
    this.agentReplaced();
  }

  /**
   * Takes a snapshot: all that it is at this moment, as a file that `Host.restore` makes a VM of, here or elsewhere, in any engine. It runs
   * on while the stream is read; but one whose disks go into the snapshot stands still until they have been read.
   *
   * ```ts
   * await vm.snapshot().pipeTo(Writable.toWeb(createWriteStream("vm.snap")));
   * ```
   *
   * @throws WasmvisorError `vm-state` while a hart is being run, images are being loaded, or the guest has ended; `snapshot-parent` when stores
   * have not been tracked since the parent; `host-memory`, `state-device`; the stream fails with `snapshot-key`, `snapshot-too-large`, and as
   * the disks do
   */
  snapshot(options: SnapshotOptions = {}): ReadableStream<Uint8Array> {
    this.console.flush();
    this.#expect("take a snapshot of", "created", "running", "paused");
    this.#expectStill("take a snapshot of");
    checkSnapshot(options);
    const id = crypto.getRandomValues(new Uint8Array(ID_BYTES));
    const { machine } = this;
    const sections = [...saveParts(this.#stateOwner().parts), ...this.#files];
    const ram = this.#freezeFor(options, idText(id));
    const goOn = this.hold();
    return snapshotStream({
      vm: this,
      id,
      options,
      config: this.#deps.options,
      machine: describeMachine(this, this.#deps.options, machine.builtinSbi ? "builtin" : "none"),
      sections,
      ram,
      symbols: keptSymbols(this.#symbols),
      instructions: this.counters().instructions,
      flash: machine.flashContents,
      goOn,
      onEnd: () => this.#thawed(),
    });
  }

  /**
   * Freezes what it is at this moment, for VMs of the same host that are made of it; it goes on itself. Disks must be read only, or forget
   * their changes (`snapshot: true`, bytes).
   * @throws WasmvisorError `vm-state`, `snapshot-drive`, `host-memory`, `state-device`
   */
  async template(): Promise<Template<Vm>> {
    this.console.flush();
    this.#expect("make a template of", "created", "running", "paused");
    this.#expectHere("make a template of");
    this.#expectStill("make a template of");
    const { Template, shareDisks } = await import("./snapshot/template.ts");
    await this.#allHere();
    this.#expect("make a template of", "created", "running", "paused");
    const goOn = this.hold();
    try {
      const disks = await shareDisks(this);
      const { core, memory, options } = this.#deps;
      this.#expectStill("make a template of");
      const sections = saveParts(this.#stateOwner().parts);
      const { ram: current, code } = this.machine.space;
      const ram = new FrozenRam(core, memory, current);
      code?.keep();
      return new Template({
        ...{ ram, disks, code },
        config: options,
        macs: this.networks.map(({ mac }) => mac),
        slots: this.drives.map(({ slot }) => slot),
        make: (config) => this.#deps.makeClone(this, config, this.#symbols, code),
        fill: (clone) => clone.#fill(ram, sections, disks),
        reset: (clone, backends) => clone.#revert(ram, sections, backends),
        close: (clone) => clone.close(),
      });
    } finally {
      goOn();
    }
  }

  /**
   * Keeps what it is at this moment in memory, in place of what was kept before, for `revert` and `onFailure: "restore"`. It runs on. Disks must be
   * read only, or forget their changes (`snapshot: true`, bytes).
   *
   * ```ts
   * await vm.checkpoint();
   * await vm.exec("rm -rf /etc");
   * await vm.revert();
   * ```
   *
   * @throws WasmvisorError `vm-state`, `snapshot-drive`, `host-memory`, `state-device`
   */
  checkpoint(): Promise<void> {
    this.#checkpointing ??= this.#keep().finally(() => (this.#checkpointing = undefined));
    return this.#checkpointing;
  }

  /**
   * Has it be what it was at its last checkpoint, with its disks; open connections of the guest's are as they were then, whatever their other ends
   * think. It runs on if it ran or had ended.
   * @throws WasmvisorError `checkpoint` when there is none, `vm-state`, `snapshot-drive` when a drive has another disk now
   */
  async revert(): Promise<void> {
    this.#expect("revert", "created", "running", "paused", "exited");
    this.#expectHere("revert");
    if (this.#checkpoint === undefined)
      throw new WasmvisorError("checkpoint", "The VM has no checkpoint; make one with vm.checkpoint.");
    await this.#goBack();
  }

  async #keep(): Promise<void> {
    this.console.flush();
    this.#expect("keep", "created", "running", "paused");
    this.#expectHere("keep");
    this.#expectStill("keep");
    const { keepDisks } = await import("./cure/checkpoint.ts");
    await this.#allHere();
    const goOn = this.hold();
    try {
      await this.#arrivals.settled();
      this.#expect("keep", "created", "running", "paused");
      await this.#keepAll(() => keepDisks(this.drives, this.#checkpoint?.disks));
    } finally {
      goOn();
    }
  }

  /** Once disks are kept, the last checkpoint's memory does not belong to them. */
  async #keepAll(keepDisks: () => Promise<KeptDisks>): Promise<void> {
    const { core, memory } = this.#deps;
    try {
      const disks = await keepDisks();
      this.#expect("keep", "created", "running", "paused");
      this.#expectStill("keep");
      const sections = saveParts(this.#stateOwner().parts);
      const ram = new FrozenRam(core, memory, this.machine.space.ram);
      this.#checkpoint?.ram.release();
      this.#checkpoint = { ram, sections, disks, taken: performance.now() };
    } catch (error) {
      this.#dropCheckpoint();
      throw error;
    }
  }

  #dropCheckpoint(): void {
    const kept = this.#checkpoint;
    this.#checkpoint = undefined;
    if (kept === undefined) return;
    kept.ram.release();
    for (const { kept: disk } of kept.disks) void disk?.use.close();
  }

  /** After a failure: a checkpoint that leads to the next one at once is no cure. */
  async #recover(isFirst: boolean): Promise<void> {
    if (this.#deps.config.onFailure === "restore" && isFirst && this.#checkpoint !== undefined)
      return this.#goBack().catch(() => this.#restart("host"));
    this.#dropCheckpoint();
    return this.#restart("host");
  }

  #goBack(): Promise<void> {
    this.#restarting ??= this.#rewind().finally(() => (this.#restarting = undefined));
    return this.#restarting;
  }

  async #rewind(): Promise<void> {
    this.#loop.stop();
    try {
      await this.#checkpointing?.catch(() => undefined);
      const kept = this.#checkpoint;
      if (kept === undefined) throw new WasmvisorError("checkpoint", "The VM's checkpoint is gone; make another one.");
      const { revertDisks } = await import("./cure/checkpoint.ts");
      const disks = await revertDisks(this.drives, kept.disks);
      if (this.state === "destroyed") return;
      this.#checkpoint = { ...kept, disks };
      this.#revertNow(kept.ram, kept.sections, false);
      this.#agentHasEnded = false;
      this.console.reopen();
      this.emit("restored", { age: performance.now() - kept.taken });
      this.#runAgain();
      this.#refresh();
    } finally {
      if (this.state === "running" && this.#holds === 0) this.#loop.start();
    }
  }

  /** Takes checkpoints by itself from now on. */
  #keepOften(): void {
    const { checkpoints } = this.#deps.config;
    if (checkpoints === undefined || this.#checkpointTimer !== undefined) return;
    const next = (): void => {
      const timer = setTimeout(() => {
        const isNeeded = this.state === "running" && this.#holds === 0 && this.#restarting === undefined;
        // One that cannot be made now is made next time.
        void (isNeeded ? this.checkpoint().catch(() => undefined) : Promise.resolve()).then(() => {
          if (this.state !== "destroyed") next();
        });
      }, checkpoints.every);
      (timer as { unref?(): void }).unref?.();
      this.#checkpointTimer = timer;
    };
    next();
  }

  /**
   * Makes `count` VMs that are where it is now, and share its RAM until one of them stores to it; see `Template.clone`.
   *
   * ```ts
   * for (const clone of await vm.clone(4)) clone.start();
   * ```
   *
   * @throws WasmvisorError as `template` and `Template.clone`
   */
  async clone(count = 1, options: CloneOptions = {}): Promise<Vm[]> {
    if (!Number.isInteger(count) || count < 1 || count > CLONES_MOST) {
      throw new WasmvisorError("option", `A VM is cloned 1 to ${CLONES_MOST} times at once, not ${count}.`, { count });
    }
    const template = await this.template();
    const clones: Vm[] = [];
    try {
      for (let index = 0; index < count; index++) clones.push(await template.clone(options));
      return clones;
    } catch (error) {
      for (const clone of clones) clone.destroy();
      throw error;
    } finally {
      template.close();
    }
  }

  /**
   * Moves it to the host that `Host.receive`s it at the other end of `streams`, while it runs: its pages are sent, and those again that it
   * stores to meanwhile, until so few are left that it can stand still for them. It goes on there; here it has then ended, with the reason
   * `"migrated"`. Disks that it writes to are closed here before they are opened there; what it has changed in memory goes along.
   *
   * ```ts
   * const { downtime } = await vm.migrateTo(streams, { downtime: 100 });
   * ```
   *
   * When this fails, it runs on here, but for `migration-unknown` and `migration-drive`: then it stands still, and `reclaim` has it run on.
   * The streams are closed afterwards.
   *
   * @throws WasmvisorError `vm-state` when the guest has ended, or it is being moved already; `option`, `migration-damaged`,
   * `migration-version`, `migration-key`, `migration-lost`; `migration-refused` when the destination cannot take it; `migration-unknown` when
   * the destination has been told to run it and has not answered; `migration-drive` when a disk cannot be opened again; as the disks do; the
   * signal's reason
   */
  async migrateTo(streams: ByteStreams, options: MigrateOptions = {}): Promise<MigrationStatistics> {
    const hasForeign = this.#deps.config.devices.length > 0;
    const choice = checkMigrate(options, hasForeign);
    checkStreams(streams);
    this.#expect("move", "created", "running", "paused");
    this.#expectHere("move");
    if (this.#migration === "under way")
      throw new WasmvisorError("vm-state", "The VM is being moved already; wait for that, or give it up first.");
    this.#migration = "under way";
    try {
      const { migrate } = await import("./migrate/send.ts");
      await this.#allHere();
      return await migrate(this.#moved, streams, choice);
    } finally {
      if (this.#migration === "under way") this.#migration = "none";
    }
  }

  /**
   * Has it run on here after `migrateTo` has failed with `migration-unknown` or `migration-drive`, in the state in which it was. Only its
   * owner can know that it does not run at its destination: two of one VM damage what they both have.
   * @throws WasmvisorError `vm-state` when it has not failed so; `migration-drive` when a disk cannot be opened, and it still stands still
   */
  async reclaim(): Promise<void> {
    const stranded = this.#stranded;
    if (stranded === undefined || this.#state === "destroyed")
      throw new WasmvisorError("vm-state", "Only a VM can be reclaimed that may have been moved, and nobody knows.");
    await stranded.restore();
    if (this.#stranded !== stranded) return;
    this.#stranded = undefined;
    this.#migration = "none";
    if (stranded.ran && this.state === "paused") this.#run();
  }

  /** Whether its state has been saved for another host, where it may run. @internal */
  get isAway(): boolean {
    return this.#migration === "away";
  }

  /** It has come from elsewhere, and goes on here. @internal */
  arrived(): void {
    this.#refreshOnStart();
    for (const { model } of this.networks) model.arrived();
  }

  /** What of it is moved. */
  get #moved(): MovedVm {
    const { machine } = this;
    return {
      state: () => this.state,
      setAway: (isAway) => (this.#migration = isAway ? "away" : "under way"),
      cpu: this.cpu,
      ...{ drives: this.drives, ram: machine.space.ram, files: this.#files },
      flash: () => machine.flashContents,
      setCpu: (settings) => this.#deps.setCpu(checkVmCpu(settings, this.cpu)),
      onState: (changed) => this.on("state", ({ to }) => changed(to)),
      describe: () => ({
        machine: describeMachine(this, this.#deps.options, machine.builtinSbi ? "builtin" : "none"),
        created: Date.now(),
        symbols: keptSymbols(this.#symbols),
        instructions: this.counters().instructions,
      }),
      save: () => {
        this.console.flush();
        this.#expectStill("move");
        return saveParts(this.#stateOwner().parts);
      },
      devicePages: () => {
        const { parts } = this.#stateOwner();
        return touchedPages(machine.space.ramPa, machine.space.ram.pages, (touch) => touchParts(parts, touch));
      },
      hold: () => this.hold(),
      settled: async () => {
        await this.restarting;
        await this.#arrivals.settled();
      },
      strand: (restore) => this.#strand(restore),
      leave: () => {
        this.#migration = "away";
        this.#end({ code: 0, reason: "migrated" });
      },
    };
  }

  #strand(restore: () => Promise<void>): void {
    if (this.#state === "destroyed") return;
    const ran = this.#state === "running";
    this.#migration = "away";
    this.#stranded = { ran, restore };
    this.#loop.stop();
    if (ran) this.#enter("paused");
  }

  /** Has a new VM be what a template is; the template's translated code serves it, too. */
  #fill(ram: FrozenRam, sections: readonly Section[], disks: readonly ({ isChanged: boolean } | undefined)[]): void {
    for (const [index, drive] of this.drives.entries()) drive.isForked = disks[index]?.isChanged ?? false;
    this.machine.space.ram.adopt(ram.table, ram.paged);
    this.machine.restore(checkSections(this.#stateOwner(), sections), true);
    this.agentReplaced();
    this.#beAnother();
    this.#refreshOnStart();
  }

  /** Has a clone be what its template is again, with these disks. */
  async #revert(ram: FrozenRam, sections: readonly Section[], disks: readonly BlockBackend[]): Promise<void> {
    this.#expect("reset", "created", "running", "paused");
    this.#expectStill("reset");
    const goOn = this.hold();
    // Its disks' layers are no longer those of the checkpoint.
    this.#dropCheckpoint();
    try {
      for (const [index, drive] of this.drives.entries()) await drive.replace(disks[index]!);
      this.#expect("reset", "created", "running", "paused");
      this.#revertNow(ram, sections);
      if (this.#state === "running") this.#refresh();
      else this.#refreshOnStart();
    } finally {
      goOn();
    }
  }

  #revertNow(ram: FrozenRam, sections: readonly Section[], keepsCode = true): void {
    const restore = checkSections(this.#stateOwner(), sections);
    const { memory } = this.#deps;
    const bytes = ram.pages * 4;
    const scratch = memory.allocate(bytes);
    try {
      this.machine.space.ram.revertTo(ram.table, scratch, ram.paged);
    } finally {
      memory.release(scratch, bytes);
    }
    this.machine.space.ram.short = false;
    this.machine.restore(restore, keepsCode);
    this.#beAnother();
    this.agentReplaced();
  }

  /** A guest that was copied or kept has an old time, and random bytes that another one may have; as soon as it runs it is given its own. */
  #refreshOnStart(): void {
    const forget = this.on("state", ({ to }) => {
      if (to !== "running") return;
      forget();
      this.#refresh();
    });
  }

  /** Soon: another thread, which asks the agent then, may be told of the VM first. */
  #refresh(): void {
    if (this.#deps.config.deterministic) return;
    setTimeout(() => {
      if (!this.#isWatchedElsewhere && this.state === "running") this.refresh();
    }, 0);
  }

  /** The id of the latest snapshot that was taken of it, or that it was restored from; see `SnapshotOptions.parent`. */
  get snapshotId(): string | undefined {
    return this.#snapshots.latest;
  }

  /** What is still to come of it, if it was restored lazily; undefined otherwise. */
  get lazyRestore(): LazyRestore | undefined {
    return this.#lazy;
  }

  /** Has its pages come when they are used. @internal */
  async restoreLazily(parts: LazyParts, options: LazyOptions): Promise<void> {
    const { LazyRestore } = await import("./snapshot/lazy.ts");
    const { late } = this.machine;
    late.begin();
    this.#lazy = new LazyRestore(parts, this.#lateOwner, options);
    await this.#lazy.ready();
    // What an owner's device uses is not known.
    if (!this.#lazy.isAtOnce && this.#deps.config.devices.length > 0) await this.#lazy.fetchAll();
    if (this.#lazy.isAtOnce) late.end();
  }

  /** Has pages come when it runs. @internal */
  async expectPages(pages: readonly number[]): Promise<void> {
    const { PostCopy } = await import("./migrate/follow.ts");
    const { late, space } = this.machine;
    late.begin();
    this.#postCopy = new PostCopy(space.ram, pages, this.#lateOwner);
  }

  /** What is still to come of it, if it was moved before its pages (`MigrateOptions.mode`); undefined otherwise. */
  get postCopy(): PostCopy | undefined {
    return this.#postCopy;
  }

  /** Resolves when all of its pages are here. */
  async #allHere(): Promise<void> {
    await this.#lazy?.fetchAll();
    await this.#postCopy?.done;
  }

  get #lateOwner(): LazyOwner {
    const { late } = this.machine;
    return {
      onMissed: (page: number) => late.miss(page),
      onArrived: () => late.came(),
      onComplete: () =>
        this.#whenAtRest(() => {
          late.end();
          this.#settleRam();
        }),
      onFailure: (error: unknown) => this.#pageLost(error),
    };
  }

  /** Whether the pages are here that its devices use with these parts of a state. @throws as `restoreSections` does @internal */
  hasFor(sections: readonly Section[]): boolean {
    const { parts } = this.#stateOwner();
    return this.machine.late.has((touch) => touchSections(parts, sections, touch));
  }

  /**
   * Has the pages that its devices use with these parts of a state, which are restored then.
   * @throws WasmvisorError as `restoreSections` does, and `LazyRestore.done`
   * @internal
   */
  async fetchFor(sections: readonly Section[]): Promise<void> {
    while (!this.hasFor(sections)) await Promise.race([this.machine.late.settled(), this.#lazy?.done]);
    this.#lazy?.expectSound();
    this.#expect("restore", "created");
  }

  /** A page cannot be had. A hart may be running. */
  #pageLost(error: unknown): void {
    this.#loop.stop();
    this.#whenAtRest(() => this.#end(pageFailure(error)));
  }

  /** Does something that no hart may see happen, now or at the end of the task. */
  #whenAtRest(act: () => void): void {
    this.#atRestDo.push(act);
    if (!this.#loop.busy) this.#atRest();
  }

  /** Has later snapshots know the one that it was restored from, and the guest have the time as soon as it runs. @internal */
  restoredFrom(id: string, track: boolean): void {
    this.#beAnother();
    this.#refreshOnStart();
    const epoch = track ? this.machine.space.ram.trackStores() : 0;
    this.#snapshots.note(id, epoch);
  }

  /** Has its harts stand still until what is returned is called; nobody is told of it. @internal */
  hold(): () => void {
    this.#holds++;
    this.#loop.stop();
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      if (--this.#holds === 0 && this.#state === "running" && this.#restarting === undefined) this.#loop.start();
    };
  }

  /** For each bank of flash, whether it is read only. @internal */
  get flashReadonly(): readonly boolean[] {
    return this.#deps.flash.map((bank) => bank?.backend.readonly ?? false);
  }

  /** What it was made as, in numbers. @internal */
  get shape(): CheckedConfig {
    return this.#deps.config;
  }

  #freezeFor({ parent, track = parent !== undefined }: SnapshotOptions, id: string): FrozenRam {
    const { core, memory } = this.#deps;
    const { ram } = this.machine.space;
    const since = parent === undefined ? 0 : this.#snapshots.epochOf(parent);
    if (track && !ram.isTracked) ram.trackStores();
    const frozen = new FrozenRam(core, memory, ram, since);
    this.#snapshots.note(id, frozen.epoch);
    return frozen;
  }

  /** A guest without paging is slow while its RAM is no window; translated code of the others would be dropped for nothing. */
  #thawed(): void {
    if (!this.#released && !this.#loop.busy) this.#settleRam();
  }

  #settleRam(): void {
    const { harts, ram } = this.machine.space;
    if (harts.every((hart) => hart.u64(HartField.satp) === 0n)) ram.settle();
  }

  /** The files of its firmware configuration device, as parts of its state. */
  get #files(): Section[] {
    return this.#deps.config.fwCfg.map(({ name, data }) => ({
      name: `${FILE_PREFIX}${name}`,
      version: 1,
      bytes: typeof data === "string" ? new TextEncoder().encode(data) : data,
    }));
  }

  get #allPorts(): readonly VmPort[] {
    return this.agentPort === undefined ? this.ports : [...this.ports, this.agentPort];
  }

  #stateOwner(): StateOwner {
    const { machine } = this;
    const { space, ram } = machine;
    const ports = this.#allPorts.map((port) => port.saved);
    const htif = this.#htif === undefined ? [] : [this.#htif.saved];
    return {
      parts: [...machine.parts, this.console.saved, ...ports, ...htif, this.#loop.saved, this.#saved],
      space,
      ram,
    };
  }

  /** What waits for the end of a slice, and which trap storms have been reported. */
  get #saved(): Part {
    const { length } = this.harts;
    const TABLE = table(1, { power: optional(u16()), reset: flag(), storms: array(flag(), length) });
    return {
      name: "pending",
      table: TABLE,
      save: () => ({
        power: this.#power?.kind === "poweroff" ? this.#power.code : undefined,
        reset: this.#power?.kind === "reset",
        storms: this.harts.map(({ index }) => this.#storms.has(index)),
      }),
      restore: ({ power, reset, storms }: ValuesIn<typeof TABLE>) => {
        this.#power = reset ? { kind: "reset" } : power === undefined ? undefined : { kind: "poweroff", code: power };
        this.#storms.clear();
        storms.forEach((reported, index) => reported && this.#storms.add(index));
      },
    };
  }

  async #closeFlash(): Promise<void> {
    try {
      await this.machine.board.writeFlash();
    } finally {
      await closeFlash(this.#deps.flash);
    }
  }

  #run(): void {
    this.#recovery?.started(performance.now());
    this.#enter("running");
    if (!this.#isWatchedElsewhere) this.watch();
    this.#keepOften();
    if (this.#restarting === undefined && this.#holds === 0) this.#loop.start();
  }

  /** What had ended runs. */
  #runAgain(): void {
    if (this.state !== "exited") return;
    this.#ending = ending();
    this.#recovery?.started(performance.now());
    this.#enter("running");
  }

  /** Another thread asks its agent from now on; by what. @internal */
  watchedElsewhere(): Watchdog | undefined {
    this.#isWatchedElsewhere = true;
    return this.watchdog;
  }

  /** @internal */
  pulse(): Pulse {
    const isFree = this.#holds === 0 && !this.machine.late.isWaiting;
    const isHere = this.#state === "running" && isFree && this.#restarting === undefined;
    return { runs: isHere && !this.#deps.config.deterministic, waited: this.#deps.cpu.waited };
  }

  /** @internal */
  hung(milliseconds: number): void {
    this.#whenAtRest(() => {
      if (this.pulse().runs) this.#end({ code: 1, reason: "hang", error: guestHangs(milliseconds) });
    });
  }

  /** @internal */
  expectReset(): void {
    this.#agentHasEnded = true;
  }

  /** One at a time: whoever asks meanwhile gets the one that is under way. */
  #restart(by: "guest" | "host", signal?: AbortSignal): Promise<void> {
    this.#restarting ??= this.#reboot(by, signal).finally(() => (this.#restarting = undefined));
    return this.#restarting;
  }

  async #reboot(by: "guest" | "host", signal: AbortSignal | undefined): Promise<void> {
    this.#loop.stop();
    try {
      const { plan } = await this.#deps.images.load(signal);
      if (this.state === "destroyed") return;
      this.#power = undefined;
      this.#storms.clear();
      this.#loop.rewind();
      this.machine.boot(plan);
      this.#deps.images.discard(plan);
      this.console.reopen();
      this.#agentHasEnded = false;
      this.emit("reset", { by });
      this.#runAgain();
    } finally {
      if (this.state === "running" && this.#holds === 0) this.#loop.start();
    }
  }

  /** What has waited for pages goes on, and what has come enters, if what devices then use is here. */
  #letIn(): void {
    const { machine } = this;
    const isFree = machine.late.letIn();
    if (isFree && this.#arrivals.hasArrived && machine.canArrive) this.#arrivals.enter();
  }

  /**
   * A machine stands still while it waits for a page; and one whose run must not depend on how fast its disks are, while it waits for one of
   * them.
   */
  get #isHeld(): boolean {
    return this.machine.late.isWaiting || (this.#deps.config.deterministic && this.#arrivals.pending > 0);
  }

  /** No hart is being run. What has been destroyed meanwhile can go. */
  #atRest(): void {
    if (this.#state !== "destroyed") for (const act of this.#atRestDo.splice(0)) act();
    if (this.#state !== "destroyed" || this.#released) return;
    this.#released = true;
    this.machine.release();
    for (const { share } of this.#deps.virtio.shares) share.close();
    this.#deps.onRelease(this);
  }

  /** A hart has found no frame. Whether it may go on, because there are some now. */
  #findFrames(): boolean {
    const { ram, vm } = this.machine.space;
    if (this.machine.late.isWaiting && !ram.short) return true;
    if (this.#state === "destroyed" || !ram.short || this.#deps.pager?.found(vm.ma) !== true) return false;
    ram.short = false;
    return true;
  }

  #afterSlice(): boolean {
    if (this.#state === "destroyed") return true;
    this.#deps.pager?.afterSlice(this.machine.space.vm.ma);
    if (this.#engine !== undefined) this.machine.space.setEngine(this.#engine);
    this.#engine = undefined;
    if (this.machine.space.ram.short && !this.#findFrames())
      this.#end({ code: 1, reason: "out-of-memory", error: outOfMemory() });
    this.#pollHtif();
    if (this.console.full) this.console.relieve();
    const event = this.#power;
    if (event === undefined) return this.console.congested;
    this.#power = undefined;
    if (event.kind === "reset" && this.watchdog !== undefined && !this.#agentHasEnded) {
      this.#end({ code: 1, reason: "panic", error: guestCrashed() });
    } else if (event.kind === "reset") {
      this.#restart("guest").catch((error: unknown) => this.#end({ code: 70, reason: "failure", error }));
    } else this.#end({ code: event.code, reason: "poweroff" });
    return true;
  }

  #pollHtif(): void {
    const htif = this.#htif;
    if (htif === undefined) return;
    this.machine.late.whenHere(
      (touch) => htif.touch(touch),
      () => htif.poll(),
    );
  }

  #beforeWaiting(): Promise<void> | undefined {
    this.console.flush();
    return this.console.congested ? this.console.drained() : undefined;
  }

  #end(exit: VmExit): void {
    if (this.#state === "exited" || this.#state === "destroyed") return;
    this.#loop.stop();
    this.#enter("exited");
    this.console.close(`${exit.reason}, code ${exit.code}`, false);
    this.emit("exit", exit);
    this.#ending.resolve(exit);
    // Unless a listener has reset it, or destroyed it.
    if (this.state === "exited") this.#recovery?.ended(exit, performance.now());
  }

  /** Reported once: the core says it again and again. */
  #trapStorm(index: number): void {
    const hart = this.hart(index);
    const view = this.machine.space.harts[index];
    const cause = view?.u64(view.u32(HartField.priv) === Priv.M ? HartField.mcause : HartField.scause) ?? 0n;
    if (!this.#storms.has(index)) {
      this.#storms.add(index);
      this.emit("trap-storm", { hart: index, pc: hart.pc, cause });
    }
    if (this.#deps.config.stopOnTrapStorm) this.#end({ code: 1, reason: "trap-storm" });
  }

  #createHtif(): Htif | undefined {
    const symbols = htifSymbols(this.#symbols);
    if (symbols === undefined) return undefined;
    return new Htif(symbols, {
      memory: this.machine.ram,
      print: (byte) => this.console.backend.write(byte),
      exit: (code) => this.#end({ code, reason: "htif" }),
    });
  }

  #enter(to: VmState): void {
    const from = this.#state;
    this.#state = to;
    this.emit("state", { from, to });
  }

  /** Nothing is under way: no slice, no restart. */
  #expectStill(what: string): void {
    if (!this.#loop.busy && this.#restarting === undefined) return;
    throw new WasmvisorError(
      "vm-state",
      `You cannot ${what} a VM while a hart is being run or images are loaded; do it afterwards.`,
    );
  }

  /** It is not at another host, as far as is known. */
  #expectHere(what: string): void {
    if (this.#migration !== "away") return;
    const sentence = `You cannot ${what} a VM that may run at the destination of its migration; call vm.reclaim() if it does not.`;
    throw new WasmvisorError("vm-state", sentence, { state: this.#state });
  }

  #expectRest(what: string): void {
    if (!this.#loop.inSlice) return;
    throw new WasmvisorError("vm-state", `You cannot ${what} while a hart is being run; do it afterwards.`);
  }

  #expect(what: string, ...states: VmState[]): void {
    if (states.includes(this.#state)) return;
    throw new WasmvisorError("vm-state", `You cannot ${what} a VM that is ${this.#state}.`, { state: this.#state });
  }
}
