/** One machine of a supervisor: what it is doing, and what becomes of its files on the way. */

import { WasmvisorError } from "../../error.ts";
import {
  copyWhole,
  exists,
  makePrivateFolder,
  moveFolder,
  removeFile,
  removeFolder,
  resolvePath,
  RotatingFile,
  statusOf,
  writeStreamWhole,
} from "../../host/state-folder.ts";
import type { ExecResult, Host, RestoreOptions, Vm, VmConfig, VmExit, VmState } from "../../index.ts";
import { failureActionOf, keepsState, hasAgent, type MachineDescription } from "../../lifecycle/machine-file.ts";
import type { Bodies } from "../../lifecycle/routes.ts";
import { Log } from "../control/server.ts";
import { PanicWatch } from "../panic.ts";
import { closeNetworks, configOf, isForeign, isOwn, type Place, restoreOptionsOf } from "./config.ts";
import { CONSOLE_BYTES } from "./logs.ts";
import { MachineFolder, type MachineRecord, type Project, type RestingState } from "./project.ts";
import { type Report, sayError } from "./report.ts";
import { copyIn, mountShares, type Provisioning, runSteps } from "./provision.ts";
import { expectSnapshot } from "./snapshots.ts";

/** What a machine is doing. */
export type MachineState = RestingState | "starting" | "running" | "paused";

/** What its supervisor gives a machine. */
export interface MachineDeps {
  readonly host: Host;
  readonly project: Project;
  readonly lans: Place["lans"];
  /** A line for the supervisor's log. */
  note(text: string): void;
}

/** What clients are told of a machine. */
export interface MachineStatus {
  readonly name: string;
  readonly state: MachineState;
  readonly cloneOf?: string;
  /** How the guest ended, while the machine is off. */
  readonly exit?: { readonly reason: string; readonly code: number };
  /** Milliseconds since it was started. */
  readonly upMilliseconds?: number;
  readonly memoryBytes?: number;
  readonly instructions?: number;
  readonly forwards?: readonly string[];
}

/** Milliseconds that a guest's agent has to answer after a boot. */
const READY_PATIENCE = 300_000;
/** Milliseconds for a guest that is to shut down because its supervisor ends. */
const LAST_PATIENCE = 20_000;

/** A machine that is switched on. */
interface Live {
  readonly vm: Vm;
  record: MachineRecord;
  readonly log: Log;
  readonly startedAt: number;
  /** How often it has booted again by itself. */
  restarts: number;
  /** Has no more checkpoints be written. */
  stopKeeping: () => void;
}

export class Machine {
  readonly name: string;
  readonly files: MachineFolder;
  readonly #deps: MachineDeps;
  readonly #console: RotatingFile;
  #live: Live | undefined;
  #isStarting = false;
  #exit: VmExit | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(name: string, deps: MachineDeps) {
    this.name = name;
    this.#deps = deps;
    this.files = deps.project.machine(name);
    this.#console = new RotatingFile(this.files.console, CONSOLE_BYTES);
  }

  get isLive(): boolean {
    return this.#live !== undefined || this.#isStarting;
  }

  get state(): MachineState {
    if (this.#live !== undefined) return this.#live.vm.state === "paused" ? "paused" : "running";
    return this.#isStarting ? "starting" : this.files.state;
  }

  get status(): MachineStatus {
    const { state, name } = this;
    const cloneOf = (this.#live?.record ?? this.files.record)?.cloneOf;
    const about = { name, state, ...(cloneOf === undefined ? {} : { cloneOf }) };
    if (this.#live === undefined) {
      const { reason, code } = this.#exit ?? {};
      return {
        ...about,
        ...(state === "off" && reason !== undefined && code !== undefined ? { exit: { reason, code } } : {}),
      };
    }
    const { vm, record, startedAt } = this.#live;
    const { memory, instructions } = vm.accounting();
    return {
      ...about,
      upMilliseconds: performance.now() - startedAt,
      memoryBytes: memory.touchedBytes,
      instructions,
      ...(cloneOf === undefined && record.machine.forwards !== undefined ? { forwards: record.machine.forwards } : {}),
    };
  }

  /**
   * The VM of a machine that is up.
   * @throws WasmvisorError `machine`
   */
  get up(): Live {
    if (this.#live !== undefined) return this.#live;
    const is = this.state === "absent" ? "not up" : this.state;
    throw this.#fault(`The machine ${this.name} is ${is}; start it with wasmvisor up ${this.name}.`);
  }

  get live(): Live | undefined {
    return this.#live;
  }

  /** One thing at a time changes it. */
  #alone<Value>(act: () => Promise<Value>): Promise<Value> {
    const done = this.#last.then(act, act);
    this.#last = done.catch(() => undefined);
    return done;
  }

  #fault(sentence: string): WasmvisorError {
    return new WasmvisorError("machine", sentence, { machine: this.name });
  }

  /** The description that counts when it boots: the machine file's, or a clone's own. */
  #description(record: MachineRecord | undefined): MachineDescription {
    const described = this.#deps.project.describe().get(this.name);
    if (described !== undefined) return described;
    if (record?.cloneOf !== undefined) return record.machine;
    throw this.#fault(
      `The machine ${this.name} is no longer in the machine file; add it again, or remove it with wasmvisor destroy ${this.name}.`,
    );
  }

  #place({ cloneOf }: Partial<MachineRecord>): Place {
    const { project, lans } = this.#deps;
    return { name: this.name, folder: project.folder, files: this.files, lans, hasForwards: cloneOf === undefined };
  }

  /**
   * Has it run, from whatever it is.
   * @throws WasmvisorError as the making of VMs does
   */
  async start({ provision = true, cold = false }: Bodies["up"], report: Report, signal: AbortSignal): Promise<void> {
    const how = await this.#alone(() => this.#start(cold, report, signal));
    if (how !== "booted") return;
    const { vm, record } = this.up;
    if (!hasAgent(record.machine)) return;
    await this.#waitReady(vm, signal);
    await mountShares(vm, record.machine, report);
    const steps = (record.machine.provision ?? []).filter(
      (step) => !record.provisioned || (typeof step === "object" && step.always === true),
    );
    if (provision && steps.length > 0) await this.#provision(steps, report);
  }

  async #start(cold: boolean, report: Report, signal: AbortSignal): Promise<"booted" | "restored" | "ran"> {
    const live = this.#live;
    if (live !== undefined) {
      report.say(live.vm.state === "paused" ? "goes on" : "runs already");
      live.vm.resume();
      return "ran";
    }
    makePrivateFolder(this.files.path);
    const record = this.files.record;
    this.#isStarting = true;
    try {
      if (exists(this.files.suspended) && !cold) {
        await this.#restore(record, this.files.suspended, signal);
        report.say("goes on from where it was suspended");
        return "restored";
      }
      report.say("boots");
      await this.#boot(record, signal);
      return "booted";
    } finally {
      this.#isStarting = false;
    }
  }

  async #boot(before: MachineRecord | undefined, signal: AbortSignal): Promise<void> {
    const machine = this.#description(before);
    const { provisioned = false, cloneOf } = before ?? {};
    const record: MachineRecord = {
      machine,
      provisioned,
      resume: false,
      ...(cloneOf === undefined ? {} : { cloneOf }),
    };
    const config = await configOf(machine, this.#place(record), signal);
    const vm = await this.#made(config.networks, () => this.#deps.host.createVm(config));
    await this.#switchOn(vm, record);
  }

  /** From here on a state that was kept is no longer that of the disks, unless it has none that are written to. */
  async #switchOn(vm: Vm, record: MachineRecord): Promise<void> {
    try {
      this.files.keep(record);
      if (!record.resume) removeFile(this.files.suspended);
    } catch (error) {
      await vm.close().catch(() => undefined);
      throw error;
    }
    this.#enter(vm, record);
    vm.start();
  }

  async #made(networks: VmConfig["networks"] | RestoreOptions["networks"], make: () => Promise<Vm>): Promise<Vm> {
    try {
      return await make();
    } catch (error) {
      await closeNetworks((networks ?? []).map((network) => network ?? {}));
      throw error;
    }
  }

  async #restore(record: MachineRecord | undefined, state: string, signal: AbortSignal): Promise<void> {
    if (record === undefined)
      throw this.#fault(
        `The machine ${this.name} has a state and no machine.json; start it without with wasmvisor up --cold ${this.name}.`,
      );
    const options = await restoreOptionsOf(record.machine, this.#place(record), signal);
    try {
      const vm = await this.#made(options.networks, () => this.#deps.host.restore(state, options));
      await this.#switchOn(vm, { ...record, resume: keepsState(record.machine) });
    } catch (error) {
      if (!(error instanceof WasmvisorError) || !error.code.startsWith("snapshot-")) throw error;
      const sentence = `${error.message} To boot the machine ${this.name} without that state, use wasmvisor up --cold ${this.name}.`;
      throw new WasmvisorError(error.code, sentence, error.data, { cause: error });
    }
  }

  #enter(vm: Vm, record: MachineRecord): void {
    const live: Live = {
      vm,
      record,
      log: new Log(vm),
      startedAt: performance.now(),
      restarts: 0,
      stopKeeping: () => undefined,
    };
    this.#live = live;
    this.#exit = undefined;
    vm.on("output", (bytes) => this.#console.append(bytes));
    vm.on("restored", ({ age }) => this.#note(`it is what it was ${Math.round(age / 1000)} s before`));
    for (const event of ["drive-error", "network-error", "device-error"] as const)
      vm.on(event, (fault) => this.#note(`${event}: ${sayError(fault.error)}`));
    vm.on("exit", (exit) => this.#ended(live, exit));
    vm.on("reset", () => void this.#restarted(live));
    const { every } = record.machine.checkpoints ?? {};
    if (every !== undefined && keepsState(record.machine))
      live.stopKeeping = repeat(every, () => this.#keepState(live));
  }

  /** Writes what it is, so that it goes on from there when this process dies. It runs meanwhile. */
  async #keepState(live: Live): Promise<void> {
    try {
      await this.#alone(async () => {
        if (this.#live !== live || live.vm.state !== "running") return;
        await writeStreamWhole(this.files.suspended, live.vm.snapshot());
        live.record = { ...live.record, resume: true };
        this.files.keep(live.record);
      });
    } catch (error) {
      this.#note(`its checkpoint is not kept: ${sayError(error)}`);
    }
  }

  /** It ends in order: what was kept of it while it ran counts no more. */
  async #end(live: Live): Promise<void> {
    if (keepsState(live.record.machine)) removeFile(this.files.suspended);
    await this.#close(live);
  }

  /** It boots again by itself: what is done at each boot is done. */
  async #restarted(live: Live): Promise<void> {
    const { vm, record } = live;
    const restart = ++live.restarts;
    if (!hasAgent(record.machine)) return;
    const isOver = (): boolean => this.#live?.vm !== vm || live.restarts !== restart;
    const report: Report = { say: (text) => this.#note(text), output: () => undefined };
    try {
      // After a failure it runs a moment later.
      if (vm.state === "exited") await vm.once("state");
      await this.#waitReady(vm, new AbortController().signal);
      // Another restart has come meanwhile, and does it.
      if (isOver()) return;
      await mountShares(vm, record.machine, report);
      const steps = (record.machine.provision ?? []).filter((step) => typeof step === "object" && step.always === true);
      await runSteps(vm, steps, this.#doing(vm, report));
    } catch (error) {
      if (!isOver()) this.#note(`restarted: ${sayError(error)}`);
    }
  }

  #doing(vm: Vm, report: Report): Provisioning {
    const copy = (from: string, to: string): Promise<unknown> =>
      copyIn(vm, resolvePath(this.#deps.project.folder, from), to);
    return { name: this.name, report, copy };
  }

  #note(text: string): void {
    this.#deps.note(`${this.name}: ${text}`);
  }

  /** The guest has ended by itself. */
  #ended(live: Live, exit: VmExit): void {
    const failed = !["poweroff", "htif", "migrated", "destroyed"].includes(exit.reason);
    const why = exit.error === undefined ? "" : `: ${sayError(exit.error)}`;
    this.#note(`the guest has ended (${exit.reason}, code ${exit.code})${why}`);
    if (failed && failureActionOf(live.record.machine) !== "stop") return;
    void this.#alone(async () => {
      if (this.#live !== live || live.vm.state !== "exited") return;
      this.#exit = exit;
      await this.#end(live);
    }).catch((error: unknown) => this.#note(sayError(error)));
  }

  /** Switches it off; its disks are closed when this resolves. */
  async #close(live: Live): Promise<void> {
    live.stopKeeping();
    if (this.#live === live) this.#live = undefined;
    await live.vm.close();
  }

  async #waitReady(vm: Vm, signal: AbortSignal): Promise<void> {
    const limit = AbortSignal.timeout(READY_PATIENCE);
    const panic = new AbortController();
    const watch = new PanicWatch();
    const stop = vm.on("output", (bytes) => void (watch.feed(bytes) === "dead" && panic.abort()));
    try {
      await vm.waitReady({ signal: AbortSignal.any([signal, limit, panic.signal]) });
    } catch (error) {
      if (panic.signal.aborted)
        throw this.#fault(
          `The kernel of the machine ${this.name} has panicked; see wasmvisor logs --machine ${this.name}.`,
        );
      if (!limit.aborted || signal.aborted) throw error;
      throw this.#fault(
        `The machine ${this.name} runs, and its agent has not answered for ${READY_PATIENCE / 1000} s; see wasmvisor logs --machine ${this.name}, or write "agent": false.`,
      );
    } finally {
      stop();
    }
  }

  async #provision(steps: NonNullable<MachineDescription["provision"]>, report: Report): Promise<void> {
    const { vm, record } = this.up;
    await runSteps(vm, steps, this.#doing(vm, report));
    const done = { ...record, provisioned: true };
    this.files.keep(done);
    if (this.#live?.vm === vm) this.#live.record = done;
  }

  /**
   * Does the steps of the machine file as it is now.
   * @throws WasmvisorError `machine` when it is not up or a step fails
   */
  async provision(report: Report, signal: AbortSignal): Promise<void> {
    const { vm, record } = this.up;
    if (!hasAgent(record.machine))
      throw this.#fault(`The machine ${this.name} has no agent, which does the steps; write "agent": true.`);
    await this.#waitReady(vm, signal);
    await this.#provision(this.#description(record).provision ?? [], report);
  }

  pause(): Promise<void> {
    return this.#alone(() => Promise.resolve(this.up.vm.pause()));
  }

  /** Shuts the guest down, or switches it off where that cannot be had. */
  down({ force = false, timeout = 60 }: Bodies["down"], report: Report): Promise<void> {
    return this.#alone(async () => {
      const live = this.#live;
      if (live === undefined) return report.say(this.state === "absent" ? "is not up" : `is ${this.state} already`);
      if (!force) await this.#shutDown(live, timeout * 1000, report);
      await this.#end(live);
    });
  }

  async #shutDown({ vm, record }: Live, patience: number, report: Report): Promise<void> {
    if (!hasAgent(record.machine)) return report.say("is switched off: it has no agent to shut it down");
    const signal = AbortSignal.timeout(patience);
    try {
      vm.resume();
      await vm.shutdown({ signal });
    } catch (error) {
      const why = signal.aborted ? `it has not shut down within ${patience / 1000} s` : sayError(error);
      report.say(`is switched off: ${why}`);
    }
  }

  /**
   * Writes its state, and switches it off. When that fails it runs on.
   * @throws WasmvisorError `file-unwritable` when there is no room, `machine`
   */
  suspend(resume: boolean): Promise<void> {
    return this.#alone(async () => {
      if (this.#live === undefined && this.state === "suspended") return;
      const live = this.up;
      await this.#still(live, async () => {
        this.files.keep({ ...live.record, resume });
        try {
          await writeStreamWhole(this.files.suspended, live.vm.snapshot());
        } catch (error) {
          throw this.#runsOn(live, error, "suspended");
        }
        await this.#close(live);
      });
    });
  }

  /** Has it stand still while its files are read, and go on if it ran and is still there. */
  async #still<Value>({ vm }: Live, act: () => Promise<Value>): Promise<Value> {
    const stateNow = (): VmState => vm.state;
    const ran = stateNow() === "running";
    vm.pause();
    try {
      // What the guest has written is in the files, and no more comes.
      for (const drive of vm.drives) if (!drive.readonly) await drive.flush();
      return await act();
    } finally {
      if (ran && stateNow() === "paused") vm.resume();
    }
  }

  #runsOn({ vm }: Live, error: unknown, what: string): WasmvisorError {
    const why = sayError(error);
    const code = error instanceof WasmvisorError ? error.code : "machine";
    const goes = vm.state === "destroyed" ? "" : ` The machine ${this.name} was not ${what} and runs on.`;
    return new WasmvisorError(code, `${why}${goes}`, { machine: this.name }, { cause: error });
  }

  /** @throws WasmvisorError `machine` */
  #expectOwnDisks(machine: MachineDescription, what: string): void {
    const foreign = (machine.drives ?? []).find(isForeign);
    if (foreign === undefined) return;
    throw this.#fault(
      `The machine ${this.name} writes to ${foreign.file}, which is not its own and cannot be ${what}; write "overlay": true, "forget": true or "readonly": true for it.`,
    );
  }

  /** Its disks, copied into another folder. */
  async #copyDisks(
    machine: MachineDescription,
    from: (index: number) => string,
    to: (index: number) => string,
  ): Promise<void> {
    for (const [index, drive] of (machine.drives ?? []).entries()) {
      if (isOwn(drive)) await copyWhole(from(index), to(index));
    }
  }

  /**
   * Keeps it as it is now, with its disks, under a name.
   * @throws WasmvisorError `machine`, `file-unwritable`
   */
  snapshot(name: string): Promise<void> {
    return this.#alone(async () => {
      const live = this.up;
      const { machine } = live.record;
      this.#expectOwnDisks(machine, "part of a snapshot");
      const part = resolvePath(this.files.snapshots, `.${name}.new.part`);
      removeFolder(part);
      makePrivateFolder(part);
      try {
        await this.#still(live, async () => {
          await writeStreamWhole(resolvePath(part, "state.snap"), live.vm.snapshot());
          await this.#copyDisks(
            machine,
            (index) => this.files.disk(index),
            (index) => resolvePath(part, `disk-${index}.qcow2`),
          );
        });
        new MachineFolder(part).keep({ ...live.record, resume: false });
        moveFolder(part, this.files.snapshot(name));
      } catch (error) {
        removeFolder(part);
        throw this.#runsOn(live, error, "kept");
      }
    });
  }

  /**
   * Has it be as it was when a snapshot was taken; what it was until now is lost.
   * @throws WasmvisorError `machine` when there is no such snapshot, and as `Host.restore` does
   */
  revert(name: string, report: Report, signal: AbortSignal): Promise<void> {
    return this.#alone(async () => {
      expectSnapshot(this.files, this.name, name);
      const from = this.files.snapshot(name);
      const record = new MachineFolder(from).record;
      if (record === undefined)
        throw this.#fault(
          `The snapshot "${name}" of ${this.name} is not whole; remove it with wasmvisor snapshot --delete ${name}.`,
        );
      if (this.#live !== undefined) await this.#close(this.#live);
      // From here on it is a suspended machine; without its state, one that was switched off.
      removeFile(this.files.suspended);
      await this.#copyDisks(
        record.machine,
        (index) => resolvePath(from, `disk-${index}.qcow2`),
        (index) => this.files.disk(index),
      );
      this.files.keep({ ...record, resume: false });
      await copyWhole(resolvePath(from, "state.snap"), this.files.suspended);
      await this.#start(false, report, signal);
    });
  }

  /** Removes a snapshot. @throws WasmvisorError `machine` */
  forget(name: string): Promise<void> {
    return this.#alone(async () => {
      expectSnapshot(this.files, this.name, name);
      removeFolder(this.files.snapshot(name));
      await Promise.resolve();
    });
  }

  /**
   * Makes another machine that is as this one is now, but for ports that lead to it.
   * @throws WasmvisorError `machine` when its disks are not its own, and as `Host.restore` does
   */
  clone(other: Machine, signal: AbortSignal): Promise<void> {
    return this.#alone(async () => {
      const live = this.up;
      const { machine, provisioned } = live.record;
      this.#expectOwnDisks(machine, "a clone's");
      const record: MachineRecord = { machine, provisioned, resume: false, cloneOf: this.name };
      await this.#still(live, () => other.#alone(() => other.#beClone(live.vm, record, this.files, signal)));
    });
  }

  async #beClone(parent: Vm, record: MachineRecord, files: MachineFolder, signal: AbortSignal): Promise<void> {
    this.#isStarting = true;
    try {
      makePrivateFolder(this.files.path);
      await this.#copyDisks(
        record.machine,
        (index) => files.disk(index),
        (index) => this.files.disk(index),
      );
      const options = await restoreOptionsOf(record.machine, this.#place(record), signal);
      const vm = await this.#made(options.networks, () => this.#deps.host.restore(parent.snapshot(), options));
      await this.#switchOn(vm, record);
    } catch (error) {
      removeFolder(this.files.path);
      throw error;
    } finally {
      this.#isStarting = false;
    }
  }

  /** Switches it off, and removes all that is kept of it. */
  destroy(): Promise<void> {
    return this.#alone(async () => {
      if (this.#live !== undefined)
        await this.#close(this.#live).catch((error: unknown) => this.#note(sayError(error)));
      this.#exit = undefined;
      removeFolder(this.files.path);
    });
  }

  /** The supervisor ends: it is kept as it is, or where that cannot be had shut down. */
  async leave(report: Report): Promise<void> {
    if (!this.isLive) return;
    try {
      await this.suspend(true);
      report.say("is suspended");
    } catch (error) {
      report.say(`cannot be suspended: ${sayError(error)}`);
      await this.down({ timeout: LAST_PATIENCE / 1000 }, report);
    }
  }

  /**
   * Runs a command in the guest to its end.
   * @throws WasmvisorError `machine`, and as `vm.exec` does
   */
  exec({ command, timeout, ...options }: Bodies["exec"], signal: AbortSignal): Promise<ExecResult> {
    const { vm } = this.up;
    return vm.exec(command, { ...options, signal, ...(timeout === undefined ? {} : { timeout: timeout * 1000 }) });
  }

  /** What its console has printed. */
  get printed(): Uint8Array {
    return this.#console.read();
  }

  /** When its state was written, in milliseconds since 1970; undefined when it is not suspended. */
  get suspendedAt(): number | undefined {
    return statusOf(this.files.suspended)?.modified;
  }
}

/** Does something again and again, so many milliseconds after it was done, until what is returned is called. */
function repeat(milliseconds: number, act: () => Promise<void>): () => void {
  let timer: ReturnType<typeof setTimeout>;
  let isOver = false;
  const wait = (): void => {
    if (!isOver) timer = setTimeout(() => void act().then(wait), milliseconds);
  };
  wait();
  return () => {
    isOver = true;
    clearTimeout(timer);
  };
}
