/** The process that holds a project's machines: what it answers at its socket, and when it ends. */

import { WasmvisorError } from "../../error.ts";
import { onEndAsked, onUncaught, processNumber, sayReady } from "../../host/background.ts";
import { FileLock } from "../../host/block-lock.ts";
import {
  type LocalReply,
  type LocalRequest,
  type LocalServer,
  type LocalUpgrade,
  serveLocal,
} from "../../host/local-http.ts";
import * as host from "../../host/process.ts";
import { makePrivateFolder, removeParts, resolvePath, RotatingFile } from "../../host/state-folder.ts";
import { Host, type Switch } from "../../index.ts";
import type { MachineDescription } from "../../lifecycle/machine-file.ts";
import {
  API_VERSION,
  bodyFor,
  type Bodies,
  CONTROL_PROTOCOL,
  LINES,
  matchRoute,
  openApi,
  type Route,
} from "../../lifecycle/routes.ts";
import { serve } from "../control/server.ts";
import { Machine } from "./machine.ts";
import { metricsText } from "./metrics.ts";
import { Project } from "./project.ts";
import type { Report } from "./report.ts";

/** How a supervisor runs. */
export interface SupervisorOptions {
  readonly project?: string;
  /** Seconds without a machine or a client after which it ends. Default 60. */
  readonly idle?: number;
}

const LOG_BYTES = 2 ** 20;
const USUAL_IDLE = 60;

/** HTTP's number for an error. */
function statusFor(error: unknown): number {
  if (!(error instanceof WasmvisorError)) return 500;
  if (error.code === "control") return 400;
  return error.code === "machine" ? 409 : 422;
}

function errorJson(error: unknown): string {
  const code = error instanceof WasmvisorError ? error.code : "supervisor";
  const message = error instanceof Error ? error.message : String(error);
  return `${JSON.stringify({ error: { code, message } })}\n`;
}

/** Machines that say whose pages leave first have a host from which pages can leave. */
function hostFor(project: Project): Promise<Host> {
  const isPaged = [...machinesOf(project)].some(
    ({ memoryReservation, memoryShares }) => (memoryReservation ?? memoryShares) !== undefined,
  );
  return Host.create({ paging: isPaged });
}

/** A file that cannot be read now is told to whoever asks for a machine. */
function machinesOf(project: Project): Iterable<MachineDescription> {
  try {
    return project.describe().values();
  } catch {
    return [];
  }
}

/** Serves a project until it is idle or asked to end; the exit code. */
export async function runSupervisor(options: SupervisorOptions): Promise<number> {
  let lock: FileLock | undefined;
  try {
    const project = Project.find(options.project);
    makePrivateFolder(project.state);
    lock = take(project);
    removeParts(project.state);
    const supervisor = new Supervisor(project, await hostFor(project), await host.packageVersion());
    await supervisor.listen();
    sayReady("ready");
    return await supervisor.run(options.idle ?? USUAL_IDLE);
  } catch (error) {
    const isTaken = error instanceof WasmvisorError && error.code === "image-locked";
    sayReady(isTaken ? "taken" : error instanceof WasmvisorError ? error.message : String(error));
    if (isTaken)
      throw new WasmvisorError("supervisor", "A supervisor of this project runs already; see wasmvisor status.");
    throw error;
  } finally {
    lock?.release();
  }
}

/** One supervisor for a project; a claim that a dead one has left is nobody's. */
function take(project: Project): FileLock {
  return FileLock.take(resolvePath(project.state, "supervisor"), "write");
}

/** The machines of a project, and their answers. */
export class Supervisor {
  readonly #project: Project;
  readonly #host: Host;
  readonly #version: string;
  readonly #machines = new Map<string, Machine>();
  readonly #log: RotatingFile;
  readonly #lans = new Map<string, Switch>();
  #server: LocalServer | undefined;
  #end!: () => void;
  readonly #asked = new Promise<void>((resolve) => (this.#end = resolve));

  constructor(project: Project, machines: Host, version: string) {
    this.#project = project;
    this.#host = machines;
    this.#version = version;
    this.#log = new RotatingFile(project.log, LOG_BYTES);
  }

  #note(text: string): void {
    this.#log.append(`${new Date().toISOString()} ${text}\n`);
  }

  #machine(name: string): Machine {
    let machine = this.#machines.get(name);
    if (machine === undefined) {
      const deps = {
        host: this.#host,
        project: this.#project,
        lans: this.#lans,
        note: (text: string) => this.#note(text),
      };
      machine = new Machine(name, deps);
      this.#machines.set(name, machine);
    }
    return machine;
  }

  get #all(): Machine[] {
    return this.#project.names.map((name) => this.#machine(name));
  }

  /** @throws WasmvisorError `control` */
  async listen(): Promise<void> {
    this.#server = await serveLocal(this.#project.socket, {
      handle: (request, reply) => this.#handle(request, reply),
      upgrade: (request, link) => this.#upgrade(request, link),
    });
  }

  /** Serves until there is nothing left to do. */
  async run(idle: number): Promise<number> {
    onEndAsked(() => this.#end());
    onUncaught((error) =>
      this.#note(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
    );
    this.#note(`supervisor ${processNumber()} serves ${this.#project.folder}`);
    await this.#resumeAll();
    await Promise.race([this.#asked, this.#idle(idle * 1000)]);
    const noted: Report = { say: (text) => this.#note(text), output: () => undefined };
    await Promise.allSettled([...this.#machines.values()].map((machine) => machine.leave(noted)));
    await this.close();
    this.#note("supervisor ends");
    return 0;
  }

  /** Answers no more; machines that are still up are switched off. */
  async close(): Promise<void> {
    await this.#server?.close();
    await this.#host[Symbol.asyncDispose]().catch((error: unknown) => this.#note(String(error)));
  }

  /** Machines that were suspended because their supervisor ended go on. */
  async #resumeAll(): Promise<void> {
    const waiting = this.#project.kept.map((name) => this.#machine(name)).filter(wantsToGoOn);
    for (const machine of waiting) {
      const report: Report = { say: (text) => this.#note(`${machine.name} ${text}`), output: () => undefined };
      await machine
        .start({}, report, new AbortController().signal)
        .catch((error: unknown) => this.#note(`${machine.name}: ${String(error)}`));
    }
  }

  /** Resolves when no machine has been up and nobody has asked for so long. */
  #idle(patience: number): Promise<void> {
    return new Promise((resolve) => {
      let since = performance.now();
      const timer = setInterval(
        () => {
          const isBusy = (this.#server?.active ?? 0) > 0 || [...this.#machines.values()].some(({ isLive }) => isLive);
          if (isBusy) since = performance.now();
          if (performance.now() - since < patience) return;
          clearInterval(timer);
          resolve();
        },
        Math.min(1000, patience / 2),
      );
    });
  }

  async #handle(request: LocalRequest, reply: LocalReply): Promise<void> {
    try {
      const matched = matchRoute(request.method, request.path);
      if (matched === undefined || !("route" in matched)) return reply.send(...nothingThere(matched));
      const { route, parameters } = matched;
      const body = route.method === "GET" ? {} : bodyFor(route, await request.body());
      if (route.lines === true && request.accept.includes(LINES))
        return await this.#answerInLines(route, parameters, body, reply);
      const value = await this.#answer(route, parameters, body, SILENT, reply.gone);
      if (typeof value === "string") reply.send(200, route.type ?? "text/plain", value);
      else reply.send(200, "application/json", `${JSON.stringify(value ?? {})}\n`);
    } catch (error) {
      this.#noteBug(error, reply.gone);
      reply.send(statusFor(error), "application/json", errorJson(error));
    }
  }

  /** What a client that has gone has broken off is no mistake. */
  #noteBug(error: unknown, gone?: AbortSignal): void {
    if (error instanceof WasmvisorError || gone?.aborted === true) return;
    this.#note(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }

  async #answerInLines(route: Route, parameters: Parameters, body: unknown, reply: LocalReply): Promise<void> {
    const stream = reply.stream(LINES);
    const { machine = "" } = parameters;
    const line = (value: object): void => stream.write(`${JSON.stringify(value)}\n`);
    const report: Report = {
      say: (say) => line({ machine, say }),
      output: (output) => line({ machine, output }),
    };
    try {
      line({ value: (await this.#answer(route, parameters, body, report, reply.gone)) ?? {} });
    } catch (error) {
      this.#noteBug(error, reply.gone);
      stream.write(errorJson(error));
    }
    stream.end();
  }

  async #answer(
    route: Route,
    parameters: Parameters,
    body: unknown,
    report: Report,
    gone: AbortSignal,
  ): Promise<unknown> {
    const { machine: name, snapshot = "" } = parameters;
    if (name === undefined) return this.#answerForAll(route.id, body as Bodies["down"], report);
    const machine = this.#machine(this.#project.expect(name));
    switch (route.id) {
      case "status":
        return machine.status;
      case "up":
      case "resume":
        await machine.start(body as Bodies["up"], report, gone);
        return machine.status;
      case "down":
        return machine.down(body as Bodies["down"], report);
      case "reload":
        await machine.down({}, report);
        await machine.start(body as Bodies["up"], report, gone);
        return machine.status;
      case "pause":
        return machine.pause();
      case "suspend":
        return machine.suspend(false);
      case "provision":
        return machine.provision(report, gone);
      case "destroy":
        await machine.destroy();
        this.#machines.delete(name);
        return undefined;
      case "clone":
        return this.#clone(machine, (body as Bodies["named"]).name, gone);
      case "exec":
        return machine.exec(body as Bodies["exec"], gone);
      case "logs":
        return new TextDecoder().decode(machine.printed);
      case "snapshots":
        return { snapshots: machine.files.snapshotList };
      case "snapshot":
        return machine.snapshot((body as Bodies["named"]).name);
      case "restore":
        return machine.revert(snapshot, report, gone);
      case "forget":
        return machine.forget(snapshot);
      default:
        throw new WasmvisorError(
          "control",
          `${route.path} is asked for by an upgrade of the connection to ${CONTROL_PROTOCOL}.`,
        );
    }
  }

  async #answerForAll(id: string, down: Bodies["down"], report: Report): Promise<unknown> {
    switch (id) {
      case "about":
        return { wasmvisor: this.#version, api: API_VERSION, pid: processNumber(), folder: this.#project.folder };
      case "openapi":
        return openApi(this.#version);
      case "metrics":
        return metricsText(
          this.#all.map((machine) => ({ name: machine.name, state: machine.state, vm: machine.live?.vm })),
          this.#host,
        );
      case "shutdown":
        await Promise.all(
          [...this.#machines.values()].filter(({ isLive }) => isLive).map((machine) => machine.down(down, report)),
        );
        this.#end();
        return undefined;
      default:
        return { machines: this.#all.map(({ status }) => status) };
    }
  }

  async #clone(machine: Machine, name: string, gone: AbortSignal): Promise<unknown> {
    if (this.#project.names.includes(name) || this.#machines.get(name)?.isLive === true)
      throw new WasmvisorError(
        "machine",
        `There is a machine ${name} already; choose another name, or use wasmvisor destroy ${name}.`,
      );
    const other = this.#machine(name);
    await machine.clone(other, gone);
    return other.status;
  }

  #upgrade(request: LocalRequest, link: LocalUpgrade): void {
    try {
      const matched = matchRoute(request.method, request.path);
      if (matched === undefined || !("route" in matched) || matched.route.id !== "control")
        return link.refuse(nothingThere(undefined)[0], nothingThere(undefined)[2]);
      const { vm, log } = this.#machine(this.#project.expect(matched.parameters.machine!)).up;
      void serve(vm, log, link.accept(CONTROL_PROTOCOL));
    } catch (error) {
      this.#noteBug(error);
      link.refuse(statusFor(error), errorJson(error));
    }
  }
}

type Parameters = Readonly<Record<string, string>>;

const SILENT: Report = { say: () => undefined, output: () => undefined };

function wantsToGoOn(machine: Machine): boolean {
  try {
    return machine.state === "suspended" && machine.files.record?.resume === true;
  } catch {
    // What is damaged is said to who asks for it.
    return false;
  }
}

function nothingThere(methods: readonly string[] | undefined): [status: number, type: string, text: string] {
  const sentence =
    methods === undefined
      ? "There is nothing at that path; see /openapi.json."
      : `That path takes ${methods.join(", ")}; see /openapi.json.`;
  return [methods === undefined ? 404 : 405, "application/json", errorJson(new WasmvisorError("control", sentence))];
}
