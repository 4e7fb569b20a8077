/** A VM whose guest is driven by a program: commands, files, and the guest as a whole. */

import type { VmEvents, VmExit, VmState } from "../vm-types.ts";
import { Emitter } from "../events.ts";
import { WasmvisorError } from "../../error.ts";
import { CALLS_PATIENCE, type Watchdog } from "../cure/watchdog.ts";
import type { AgentClient, AgentInfo, AgentPort } from "./client.ts";
import { lostAgent, missingAgent, silentFor } from "./errors.ts";
import type { Copied } from "./copy.ts";
import type * as Files from "./files.ts";
import type { Pulse } from "./heartbeat.ts";
import type { FileSource, GuestFiles, ReadOptions, WriteOptions } from "./files.ts";
import type { ExecOptions, ExecResult, GuestProcess, SpawnOptions } from "./process.ts";
import { AGENT_PORT } from "./port-name.ts";

/** Gives up. */
export interface Waiting {
  /** Gives up: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How a guest is shut down. */
export interface ShutdownOptions extends Waiting {
  /** Default `"poweroff"`. */
  readonly how?: "poweroff" | "reboot";
  /** Whether the kernel does it at once, after it has written to its disks, without anybody being asked. Default false. */
  readonly force?: boolean;
}

const HOW = { poweroff: 0, reboot: 1 } as const;

/** Bytes of a file that is read as a whole. */
const FILE_MOST = 2 ** 30;

/** Waits, but no longer than the signal says. */
async function until(over: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return void (await over);
  await new Promise<void>((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    over.then(() => resolve(), reject).finally(() => signal.removeEventListener("abort", giveUp));
  });
}

/** What is the same for VMs here and in workers. All of it is there for VMs that are made with `agent: true`. */
export abstract class Driven extends Emitter<VmEvents> {
  /** Where the agent is. @internal */
  abstract readonly agentPort: AgentPort | undefined;
  /** How the present run ends. */
  abstract get exited(): Promise<VmExit>;
  /** What it is doing. */
  abstract get state(): VmState;
  /** By what a hang of the guest's is seen and ends the VM; without one it ends calls. @internal */
  abstract readonly watchdog: Watchdog | undefined;
  /** @internal */
  abstract pulse(): Pulse | Promise<Pulse>;
  /** The guest hangs: it has been silent for so many milliseconds. @internal */
  abstract hung(milliseconds: number): void | Promise<void>;
  /** The guest is about to reset itself, as it was told to. @internal */
  abstract expectReset(): void | Promise<void>;
  #client: Promise<AgentClient> | undefined;

  /**
   * Runs a command in the guest to its end: a line for `/bin/sh`, or with `args` a program. Waits until the guest's agent is ready.
   *
   * ```ts
   * const { code, stdout } = await vm.exec("make test", { cwd: "/src", timeout: 60_000 });
   * ```
   *
   * @throws WasmvisorError `agent-missing`; `agent-lost` when the guest ends or restarts first, `agent-protocol`, `agent-output` when it
   * prints too much, `guest-program` when it cannot be started, `option`; the signal's reason
   */
  async exec(
    command: string | readonly string[],
    options: ExecOptions & { readonly encoding: "bytes" },
  ): Promise<ExecResult<Uint8Array>>;
  async exec(command: string | readonly string[], options?: ExecOptions): Promise<ExecResult>;
  async exec(command: string | readonly string[], options: ExecOptions = {}): Promise<ExecResult<string | Uint8Array>> {
    const [{ exec }, client] = await Promise.all([import("./process.ts"), this.#agent()]);
    return exec(client, command, options);
  }

  /**
   * Starts a command in the guest; its streams are read and written while it runs.
   * @throws WasmvisorError as `exec` does
   */
  async spawn(command: string | readonly string[], options: SpawnOptions = {}): Promise<GuestProcess> {
    const [{ spawn }, client] = await Promise.all([import("./process.ts"), this.#agent()]);
    return spawn(client, command, options);
  }

  /**
   * Resolves when the guest's agent answers.
   * @throws WasmvisorError `agent-missing`, `agent-lost` when the VM is destroyed or the guest ends, `agent-protocol`; the signal's reason
   */
  async waitReady({ signal }: Waiting = {}): Promise<AgentInfo> {
    return (await this.#agent()).ready(signal);
  }

  /**
   * All of a file of the guest's, up to 1 GiB. Of a folder and of larger ones, see `copyFrom`.
   * @throws WasmvisorError `guest-file`, and as `exec` does
   */
  async readFile(path: string, options: ReadOptions = {}): Promise<Uint8Array> {
    const [{ AgentFiles, collect }, client] = await this.#files();
    const tooLong = () =>
      new WasmvisorError("guest-file", `The guest's ${path} is larger than 1 GiB; read a part, or use vm.copyFrom.`, {
        path,
      });
    return collect(new AgentFiles(client).read(path, options), FILE_MOST, tooLong);
  }

  /**
   * Writes a file of the guest's: text goes as UTF-8, streams piece by piece.
   * @throws WasmvisorError `guest-file`, and as `exec` does
   */
  async writeFile(path: string, source: FileSource, options: WriteOptions = {}): Promise<void> {
    const [{ AgentFiles, chunksOf }, client] = await this.#files();
    await new AgentFiles(client).write(path, chunksOf(source), options);
  }

  /**
   * Copies into the guest: a file or folder of the host's by its path (in node), or bytes. A target that ends with "/" is the folder that
   * the copy goes into. Folders are merged with those that are there. Links stay links; devices, pipes and sockets are left out.
   * @throws WasmvisorError `file-unreadable`, `guest-file`, and as `exec` does; the signal's reason
   */
  async copyTo(
    source: string | Uint8Array | Blob | ReadableStream<Uint8Array>,
    target: string,
    { signal }: Waiting = {},
  ): Promise<Copied> {
    const [{ AgentFiles }, client] = await this.#files();
    const { copyBytesTo, copyTreeTo } = await import("./copy.ts");
    const files = new AgentFiles(client);
    return typeof source === "string"
      ? copyTreeTo(files, source, target, signal)
      : copyBytesTo(files, source, target, signal);
  }

  /**
   * Copies a file or folder of the guest's to a path of the host's (in node). Nothing is written through links below the target, whatever
   * the guest says; owners and the bits setuid and setgid are not kept.
   * @throws WasmvisorError `file-unwritable`, `guest-file`, and as `exec` does; the signal's reason
   */
  async copyFrom(source: string, target: string, { signal }: Waiting = {}): Promise<Copied> {
    const [{ AgentFiles }, client] = await this.#files();
    return (await import("./copy.ts")).copyTreeFrom(new AgentFiles(client), source, target, signal);
  }

  /**
   * A file of the guest's as a stream.
   * @throws WasmvisorError as `exec` does; a failure of the guest's is an error of the stream's
   */
  async openFile(path: string, options: ReadOptions = {}): Promise<ReadableStream<Uint8Array>> {
    const [{ AgentFiles }, client] = await this.#files();
    return new AgentFiles(client).read(path, options);
  }

  /**
   * The guest's files one by one: what is in folders, what is known of them, and how they are changed.
   * @throws WasmvisorError as `exec` does
   */
  async files(): Promise<GuestFiles> {
    const [{ AgentFiles }, client] = await this.#files();
    return new AgentFiles(client);
  }

  /**
   * Has the guest switch itself off, as its own command does it, or restart. Resolves when it has ended, or begins anew.
   * @throws WasmvisorError `guest-refused`, and as `exec` does; the signal's reason
   */
  async shutdown({ how = "poweroff", force = false, signal }: ShutdownOptions = {}): Promise<void> {
    if (!Object.hasOwn(HOW, how)) {
      throw new WasmvisorError("option", `A guest is shut down by poweroff or reboot, not "${how}".`, { how });
    }
    const [{ ofGuest }, client] = await this.#files();
    await client.ready(signal);
    if (how === "reboot") await this.expectReset();
    const over = how === "reboot" ? this.once("reset") : this.exited;
    const { FrameType, Payload } = await import("./protocol.ts");
    const payload = new Payload().u32(HOW[how]).u32(force ? 1 : 0);
    try {
      await ofGuest(client, "shut down", FrameType.SHUTDOWN, payload, signal);
    } catch (error) {
      // It may be gone before it can say that it goes.
      if (!(error instanceof WasmvisorError) || error.code !== "agent-lost") throw error;
    }
    await until(over, signal);
  }

  /**
   * Sets the guest's clock, to the host's time unless told otherwise: after a pause, or in a restored state.
   * @throws WasmvisorError `guest-refused`, and as `exec` does
   */
  async setClock(time: Date | number = Date.now()): Promise<void> {
    const milliseconds = Number(time);
    if (!(milliseconds >= 0 && milliseconds < 2 ** 53)) {
      throw new WasmvisorError("option", `A guest's clock is set to a date after 1970, not ${String(time)}.`, { time });
    }
    const [{ ofGuest }, client] = await this.#files();
    const { FrameType, Payload } = await import("./protocol.ts");
    const nanoseconds = BigInt(Math.round(milliseconds)) * 1_000_000n;
    await ofGuest(client, "set its clock", FrameType.CLOCK, new Payload().u64(nanoseconds));
  }

  /**
   * Has the guest write all that it has for its disks, and write no more until `thaw`: for copies of the disks, and snapshots. Commands are
   * refused meanwhile. How many file systems that are.
   * @throws WasmvisorError `guest-refused`, and as `exec` does
   */
  async freeze(): Promise<number> {
    const [{ ofGuest }, client] = await this.#files();
    const { FrameType } = await import("./protocol.ts");
    return ofGuest(client, "freeze its file systems", FrameType.FREEZE);
  }

  /**
   * Ends what `freeze` has begun; how many file systems that are.
   * @throws WasmvisorError `guest-refused`, and as `exec` does
   */
  async thaw(): Promise<number> {
    const [{ ofGuest }, client] = await this.#files();
    const { FrameType } = await import("./protocol.ts");
    return ofGuest(client, "thaw its file systems", FrameType.THAW);
  }

  #files(): Promise<[typeof Files, AgentClient]> {
    return Promise.all([import("./files.ts"), this.#agent()]);
  }

  /** The state of the guest has been replaced: its agent is another one. @internal */
  protected agentReplaced(): void {
    void this.#client?.then((client) => client.connect());
  }

  /** Tells a guest that is not what it was the time, and something that no other one is told. */
  protected refresh(): void {
    if (this.agentPort === undefined) return;
    // A guest whose agent does not answer has what it has.
    this.setClock().catch(() => undefined);
    this.writeFile("/dev/urandom", crypto.getRandomValues(new Uint8Array(64))).catch(() => undefined);
  }

  /** Has its watchdog, if it has one, look at the guest. @internal */
  protected watch(): void {
    if (this.watchdog !== undefined) this.#agent().catch(() => undefined);
  }

  async #agent(): Promise<AgentClient> {
    const { state } = this;
    if (state === "exited" || state === "destroyed") throw lostAgent(`the VM is ${state}`);
    this.#client ??= this.#open();
    return this.#client;
  }

  async #open(): Promise<AgentClient> {
    const port = this.agentPort;
    if (port === undefined) throw missingAgent();
    const [{ AgentClient }, { Heartbeat }] = await Promise.all([import("./client.ts"), import("./heartbeat.ts")]);
    const client = new AgentClient(port);
    const heartbeat = new Heartbeat(
      {
        pulse: () => this.pulse(),
        heard: () => client.heard,
        matters: () => this.watchdog !== undefined || client.isAwaited,
        ping: () => client.ping(),
        onHang: (milliseconds) => this.#onHang(client, milliseconds),
      },
      this.watchdog ?? CALLS_PATIENCE,
    );
    this.on("reset", () => heartbeat.booted());
    this.on("state", ({ to }) => {
      if (to === "destroyed") heartbeat.stop();
    });
    this.on("port", ({ name, open }) => {
      if (name !== AGENT_PORT) return;
      if (open) client.connect();
      else {
        heartbeat.booted();
        client.lose(lostAgent("the guest has closed its port, or restarts; wait for it with vm.waitReady"));
      }
    });
    this.on("exit", ({ reason }) => client.end(lostAgent(`the guest has ended (${reason}); start it again`)));
    return client;
  }

  #onHang(client: AgentClient, milliseconds: number): void {
    if (this.watchdog !== undefined) void this.hung(milliseconds);
    else client.end(lostAgent(`${silentFor(milliseconds)}; look at its console, and reset the VM if it has panicked`));
  }
}

/**
 * Copies a file or folder of the host's by way of `vm.files()`, as `vm.copyTo` does.
 * @throws WasmvisorError as `vm.copyTo` does
 */
export async function copyToGuest(
  files: GuestFiles,
  source: string,
  target: string,
  { signal }: Waiting = {},
): Promise<Copied> {
  return (await import("./copy.ts")).copyTreeTo(files, source, target, signal);
}

/**
 * Copies a file or folder of the guest's by way of `vm.files()`, as `vm.copyFrom` does.
 * @throws WasmvisorError as `vm.copyFrom` does
 */
export async function copyFromGuest(
  files: GuestFiles,
  source: string,
  target: string,
  { signal }: Waiting = {},
): Promise<Copied> {
  return (await import("./copy.ts")).copyTreeFrom(files, source, target, signal);
}
