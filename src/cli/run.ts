/** `wasmvisor run`: one guest, its console on stdin and stdout. */

import type { Monitor } from "../debug/monitor.ts";
import type { MigrationPlace } from "../host/migration-socket.ts";
import * as host from "../host/process.ts";
import {
  Host,
  type RestoreOptions,
  tapNetworks,
  type Vm,
  type VmConfig,
  type VmExit,
  WasmvisorError,
} from "../index.ts";
import { defined } from "../defined.ts";
import { migrateToAddress, migrationKey, statisticsText } from "./migration.ts";
import { openNetworks } from "./networks.ts";
import { PanicWatch } from "./panic.ts";
import { KEYS_HELP, type KeyCommand, KeyFilter } from "./keys.ts";
import type { RunOptions } from "./options.ts";
import { ProgressLine } from "./progress.ts";
import { statsJson, statsText } from "./stats.ts";

/** Exit codes that are not the guest's. */
const BAD_INPUT = 2;
const NO_MATCH = 1;
const BROKEN_PIPE = 141;
const PANIC = 101;

const NEWLINE = 10;

/** Milliseconds after a signal or the timeout for which output that nobody takes is still waited for. */
const GRACE = 1000;

/** How the run ends: a code for the shell and, where the code does not speak for itself, a sentence. */
interface Ending {
  readonly code: number;
  readonly why?: string;
}

/** What ends the run, from the first file that is read on: the guest, the user, a signal or the time. */
class Leaving {
  /** Resolves at the first `end`. */
  readonly ended: Promise<Ending>;
  readonly #loading = new AbortController();
  readonly #hurried: Promise<void>;
  #hurry!: () => void;
  #end!: (ending: Ending) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #signalled = false;

  constructor({ timeout }: RunOptions) {
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#hurried = new Promise((resolve) => (this.#hurry = resolve));
    host.onSignal((code) => {
      // The second time without waiting for output to be taken.
      if (this.#signalled) host.exit(code);
      this.#signalled = true;
      this.#force({ code });
    });
    if (timeout === undefined) return;
    const ending = { code: host.TIMED_OUT, why: timeoutSentence(timeout) };
    this.#timer = setTimeout(() => this.#force(ending), timeout * 1000);
  }

  /** Ends, also while output waits for somebody to take it. */
  #force(ending: Ending): void {
    setTimeout(this.#hurry, GRACE);
    this.end(ending);
  }

  /** Waits until `output` has been taken, but not beyond a signal or the timeout. */
  async taken(output: Promise<unknown>): Promise<void> {
    await Promise.race([output, this.#hurried]);
  }

  /** Gives up the loading of images, with a `Left`. */
  get loading(): AbortSignal {
    return this.#loading.signal;
  }

  end(ending: Ending): void {
    this.#end(ending);
    this.#loading.abort(new Left(ending));
  }

  /** The run is over; the timeout must not keep the process. */
  close(): void {
    clearTimeout(this.#timer);
  }
}

/** The run has ended before it began. */
class Left extends Error {
  readonly ending: Ending;

  constructor(ending: Ending) {
    super();
    this.ending = ending;
  }
}

/**
 * Runs a guest to its end and returns the exit code.
 * @throws WasmvisorError for everything that is wrong with the options or the images
 */
export async function run(options: RunOptions): Promise<number> {
  const leaving = new Leaving(options);
  const files: host.OutputFile[] = [];
  const opened = async (path: string | undefined) => {
    if (path === undefined) return undefined;
    const file = await host.OutputFile.open(path);
    files.push(file);
    return file;
  };
  try {
    return await runInto(options, leaving, {
      signature: await opened(options.signature),
      profile: await opened(options.profile),
    });
  } catch (error) {
    for (const file of files) await file.discard();
    if (!(error instanceof Left)) throw error;
    const { code, why } = error.ending;
    if (why !== undefined) await leaving.taken(host.printError(`wasmvisor: ${why}\n`));
    return code;
  } finally {
    leaving.close();
  }
}

/** Where results go. */
interface ResultFiles {
  readonly signature: host.OutputFile | undefined;
  readonly profile: host.OutputFile | undefined;
}

async function runInto(options: RunOptions, leaving: Leaving, files: ResultFiles): Promise<number> {
  const startedAt = performance.now();
  const machines = await Host.create({ signal: leaving.loading });
  const vm = await createVm(machines, options, leaving.loading);
  if (files.signature !== undefined) vm.signature();
  const profiled =
    files.profile === undefined ? undefined : (await import("./profile.ts")).profileOf(vm, titleOf(options));
  const captured = options.pcap === undefined ? undefined : host.writeStream(options.pcap, tapNetworks(vm.networks));
  // Awaited at the end; that it fails then is soon enough.
  captured?.catch(() => undefined);
  const stopControl =
    options.control === undefined
      ? undefined
      : await (await import("./control/server.ts")).serveControl(vm, options.control, options.migrationKey);
  const session = new Session(vm, options, leaving);
  const printed = session.printOutput();
  const chardevs =
    options.ports === undefined ? undefined : await (await import("./chardevs.ts")).openChardevs(vm, options.ports);
  await Promise.race([chardevs?.ready, leaving.ended]);
  session.begin();
  const ending = await leaving.ended;
  await files.signature?.write(vm.signature());
  if (profiled !== undefined) await files.profile?.write(profiled());
  const counters = vm.counters();
  const drives = vm.drives.map((drive) => ({ name: drive.description, ...drive.statistics() }));
  const networks = vm.networks.map((network) => ({ name: network.description, ...network.statistics() }));
  stopControl?.();
  await vm.close();
  await chardevs?.close();
  await captured;
  await leaving.taken(printed);
  host.restoreTerminal();
  if (ending.why !== undefined) await leaving.taken(session.note(ending.why));
  if (options.stats !== undefined) {
    const text = options.stats === "json" ? statsJson : statsText;
    await leaving.taken(
      host.printError(session.lineBreak + text(counters, performance.now() - startedAt, { drives, networks })),
    );
  } else await leaving.taken(session.endLine());
  return ending.code;
}

/** What a profile is of. */
function titleOf({ vm }: RunOptions): string {
  const image = vm.kernel ?? vm.bios;
  return typeof image === "string" ? `Profile of ${image.replace(/^.*[\\/]/, "")}` : "Guest profile";
}

async function createVm(machines: Host, options: RunOptions, signal: AbortSignal): Promise<Vm> {
  const line = new ProgressLine();
  try {
    const wanted = options.fwCfgFiles ?? [];
    const files = await Promise.all(wanted.map(async ({ name, path }) => ({ name, data: await host.readBytes(path) })));
    const fwCfg = [...(options.vm.fwCfg ?? []), ...files];
    if (options.incoming !== undefined) return await incoming(machines, options, options.incoming, signal);
    const networks = await openNetworks(options.networks ?? []);
    if (options.loadvm !== undefined) {
      return await machines.restore(options.loadvm, ownParts(options, { networks, signal }));
    }
    return await machines.createVm({
      ...options.vm,
      fwCfg,
      networks,
      signal,
      onProgress: (progress) => line.update(progress),
    });
  } finally {
    line.end();
  }
}

/** The VM that another host sends. Who connects and sends none is told why, and another one is waited for. */
async function incoming(machines: Host, options: RunOptions, place: MigrationPlace, signal: AbortSignal): Promise<Vm> {
  const { acceptMigration, placeText } = await import("../host/migration-socket.ts");
  const key = await migrationKey(options.migrationKey);
  for (;;) {
    const streams = await acceptMigration(place, signal, (at) => {
      void host.printError(`wasmvisor: waits for a VM at ${placeText(at)}\n`);
    });
    const networks = await openNetworks(options.networks ?? []);
    try {
      // It is started when there is somebody who sees what it prints.
      return await machines.receive(streams, { ...ownParts(options, { networks, signal }), ...key, start: false });
    } catch (error) {
      if (signal.aborted || !(error instanceof WasmvisorError)) throw error;
      void host.printError(`wasmvisor: ${error.message}\n`);
      await Promise.allSettled(networks.map(async ({ backend }) => typeof backend === "object" && backend.close()));
    }
  }
}

/** What only its owner has, of a VM that a snapshot or another host describes. */
function ownParts(
  { vm }: RunOptions,
  { networks, signal }: { readonly networks: VmConfig["networks"]; readonly signal: AbortSignal },
): Omit<RestoreOptions, "parents" | "track"> {
  const { engine, translator, memoryModel, memoryLimit, shares, kernel, initrd, append, dtb, drives } = vm;
  const bios = vm.bios === "builtin" || vm.bios === "none" ? undefined : vm.bios;
  const all = { engine, translator, memoryModel, memoryLimit, shares, kernel, initrd, append, dtb, bios, signal };
  return {
    ...defined(all),
    drives: (drives ?? []).map(({ source, format, overlay, readonly, snapshot }) => ({
      source,
      ...defined({ format, overlay, readonly, snapshot }),
    })),
    networks: (networks ?? []).map(({ backend }) => defined({ backend })),
  };
}

/** The console between a terminal (or pipes) and a running VM. */
class Session {
  readonly #vm: Vm;
  readonly #options: RunOptions;
  readonly #leaving: Leaving;
  readonly #keys = new KeyFilter();
  /** Loaded when it is first asked for. */
  #monitor: Promise<Monitor> | undefined;
  #inMonitor = false;
  /** Whether the guest has left the cursor within a line. */
  #midLine = false;
  #hasPanicked = false;

  constructor(vm: Vm, options: RunOptions, leaving: Leaving) {
    this.#vm = vm;
    this.#options = options;
    this.#leaving = leaving;
  }

  #end(ending: Ending): void {
    this.#leaving.end(ending);
  }

  /** Leaves the terminal at the beginning of a line, for the shell. */
  async endLine(): Promise<void> {
    if (this.#midLine && host.stdoutIsTerminal()) await host.print("\r\n");
    this.#midLine = false;
  }

  /** What begins a new line after the guest's output, when people see both. */
  get lineBreak(): string {
    return this.#midLine && host.stderrIsTerminal() ? "\r\n" : "";
  }

  /** Says something on stderr, in a line of its own. */
  async note(sentence: string): Promise<void> {
    const text = `${this.lineBreak}wasmvisor: ${sentence}${host.stderrIsTerminal() ? "\r\n" : "\n"}`;
    this.#midLine = false;
    await host.printError(text);
  }

  /** Copies the guest's output to stdout until the VM is destroyed. */
  async printOutput(): Promise<void> {
    const reader = this.#vm.console.output.getReader();
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      this.#midLine = chunk.value.at(-1) !== NEWLINE;
      if (!(await host.print(chunk.value))) this.#end({ code: BROKEN_PIPE });
    }
  }

  /** Starts the VM. */
  begin(): void {
    const vm = this.#vm;
    const { exitOn, noReboot } = this.#options;
    vm.on("trap-storm", ({ hart, pc }) => {
      void this.note(`hart ${hart} does nothing but trap (at 0x${pc.toString(16)}); it runs on`);
    });
    // In this order: a guest may print the text and end in the same slice.
    if (exitOn !== undefined) vm.console.waitFor(exitOn).then(() => this.#end({ code: 0 }), ignore);
    void vm.exited.then((exit) => this.#end(this.#panicEnding ?? endingOf(exit, exitOn)));
    vm.on("reset", ({ by }) => {
      if (this.#panicEnding !== undefined) this.#end(this.#panicEnding);
      else if (noReboot && by === "guest") this.#end({ code: 0 });
    });
    this.#watchForPanic();
    this.#readInput();
    this.#tellSize();
    vm.start();
  }

  /** How the run ends once the guest's kernel has panicked, if that is to end it. */
  get #panicEnding(): Ending | undefined {
    const { onPanic = host.stdinIsTerminal() ? "run" : "exit" } = this.#options;
    if (!this.#hasPanicked || onPanic === "run") return undefined;
    return { code: PANIC, why: "the guest's kernel has panicked; with --on-panic run it goes on" };
  }

  #watchForPanic(): void {
    const watch = new PanicWatch();
    this.#vm.on("output", (bytes) => {
      const sign = watch.feed(bytes);
      this.#hasPanicked ||= sign !== undefined;
      if (sign !== "dead") return;
      const ending = this.#panicEnding;
      // What is waited for by --exit-on may be in the same output, and comes first.
      if (ending !== undefined) setTimeout(() => this.#end(ending));
      else if (host.stdinIsTerminal()) void this.note("the guest's kernel has panicked; Ctrl-A x leaves");
    });
  }

  /** For the virtio console; the UART has no way to tell it. */
  #tellSize(): void {
    const size = host.terminalSize();
    if (size !== undefined) this.#vm.resizeConsole(size.columns, size.rows);
  }

  #readInput(): void {
    if (host.stdinIsTerminal()) {
      host.makeTerminalRaw();
      host.onStdin((bytes) => this.#typed(bytes));
      return;
    }
    host.onStdin((bytes) => {
      host.holdStdin(true);
      void this.#vm.console.write(bytes).then(() => host.holdStdin(false), ignore);
    });
  }

  #typed(input: Uint8Array): void {
    for (const event of this.#keys.feed(input)) {
      if (event.kind === "command") this.#command(event.command);
      else if (this.#inMonitor) this.#withMonitor((monitor) => monitor.type(event.bytes));
      else void this.#vm.console.write(event.bytes);
    }
  }

  #command(command: KeyCommand): void {
    if (command === "quit") this.#end({ code: 0 });
    else if (command === "monitor") this.#toggleMonitor();
    else this.#say(KEYS_HELP);
  }

  async #openMonitor(): Promise<Monitor> {
    const [vm, { migrationKey: key }] = [this.#vm, this.#options];
    const { Monitor } = await import("../debug/monitor.ts");
    return new Monitor(vm, {
      print: (text) => this.#say(text),
      quit: () => this.#end({ code: 0 }),
      migrate: async (address) => statisticsText(await migrateToAddress(vm, address, key)),
    });
  }

  /** Has the monitor do something, after what it was asked before. */
  #withMonitor(use: (monitor: Monitor) => void): void {
    this.#monitor ??= this.#openMonitor();
    void this.#monitor.then(use);
  }

  #toggleMonitor(): void {
    this.#inMonitor = !this.#inMonitor;
    if (this.#inMonitor) this.#withMonitor((monitor) => monitor.enter());
    else this.#say("\n");
  }

  #say(text: string): void {
    this.#midLine = !text.endsWith("\n");
    void host.print(text.replaceAll("\n", "\r\n"));
  }
}

function endingOf(exit: VmExit, exitOn: RegExp | undefined): Ending {
  if (exit.error instanceof WasmvisorError) return { code: BAD_INPUT, why: exit.error.message };
  if (exit.reason === "failure") {
    return { code: exit.code, why: `there is an error in wasmvisor itself: ${describe(exit.error)}` };
  }
  if (exit.reason === "migrated") return { code: 0, why: "the VM has been moved to another host" };
  if (exitOn !== undefined && exit.code === 0) {
    return { code: NO_MATCH, why: `the guest ended before its output matched ${String(exitOn)}` };
  }
  return { code: exit.code };
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function timeoutSentence(seconds: number): string {
  return `the guest has not ended within ${seconds} s; give it more with --timeout`;
}

/** `waitFor` fails when the VM ends first, which the exit event reports better. */
function ignore(error: unknown): void {
  if (!(error instanceof WasmvisorError)) throw error;
}
