/** `wasmvisor exec`, `cp`, `logs`, `console`, `snapshot`, `migrate` and `top`: what is asked of a VM in another process. */

import { defined } from "../../defined.ts";
import { type Connection, connectTo } from "../../host/control-socket.ts";
import * as host from "../../host/process.ts";
import {
  copyFromGuest,
  copyToGuest,
  type FileEntry,
  type FileStatus,
  type GuestFiles,
  type MigrationStatistics,
  parseMemorySize,
  WasmvisorError,
} from "../../index.ts";
import { CONTROL_VERSION, type ControlRequest, FrameKind, framesOf, jsonOf, sendFrame, sendJson } from "./frames.ts";
import { KeyFilter } from "../keys.ts";
import { statisticsText } from "../migration.ts";
import type { Asked, ControlCommand, TopCommand } from "./options.ts";
import { accountingOf, topJson, type TopRow, topText } from "./top.ts";

type Request = ControlRequest extends infer One ? (One extends unknown ? Omit<One, "wasmvisor"> : never) : never;

/** A connection to whom is asked. */
async function dial({ control, machine, project }: Asked): Promise<Connection> {
  if (control !== undefined) return connectTo(control);
  const [{ dialMachine }, { Project }] = await Promise.all([
    import("../lifecycle/client.ts"),
    import("../lifecycle/project.ts"),
  ]);
  const found = Project.find(project, ", or name a VM's socket with --control");
  return dialMachine(found, found.only(machine));
}

/** Sends a request. */
async function ask(asked: Asked, request: Request): Promise<Connection> {
  const connection = await dial(asked);
  await sendJson(connection, { wasmvisor: CONTROL_VERSION, ...request });
  return connection;
}

/**
 * Waits for the result, and hands out what comes before it.
 * @throws WasmvisorError as the VM's process says
 */
async function resultOf(
  connection: Connection,
  onData: (kind: FrameKind, bytes: Uint8Array) => Promise<unknown> = () => Promise.resolve(),
): Promise<unknown> {
  try {
    for await (const frame of framesOf(connection)) {
      const note = jsonOf(frame);
      if (note === undefined) await onData(frame.kind, frame.bytes);
      else if (note.error === undefined) return note.value;
      else {
        const { code, message } = note.error as { readonly code: string; readonly message: string };
        throw new WasmvisorError(code as WasmvisorError["code"], message);
      }
    }
  } finally {
    connection.close();
  }
  throw new WasmvisorError("control", "The VM has ended before it could answer; start it again.");
}

const print = (kind: FrameKind, bytes: Uint8Array): Promise<unknown> =>
  kind === FrameKind.ERROR_OUTPUT ? host.printError(bytes) : host.print(bytes);

/** Runs the command; the exit code. */
export async function runControl(command: ControlCommand): Promise<number> {
  switch (command.kind) {
    case "exec":
      return exec(command);
    case "logs":
      await logs(command);
      return 0;
    case "console":
      return attach(command);
    case "snapshot-info":
      await (await import("../snapshot-info.ts")).printSnapshotInfo(command.file, command.json);
      return 0;
    case "snapshot":
    case "snapshot-list":
    case "snapshot-delete":
      await keep(command);
      return 0;
    case "migrate": {
      const { asked, address, options } = command;
      const moved = await resultOf(await ask(asked, { op: "migrate", address, options }));
      await host.print(statisticsText(moved as MigrationStatistics));
      return 0;
    }
    case "reclaim":
      await resultOf(await ask(command.asked, { op: "reclaim" }));
      return 0;
    case "memory": {
      const { asked, size } = command;
      const bytes = size === undefined ? undefined : parseMemorySize(size);
      const value = await resultOf(await ask(asked, { op: "memory", ...defined({ bytes }) }));
      await host.print(memoryText(value as Record<"ram" | "target" | "balloon", number>));
      return 0;
    }
    case "cp":
      await copy(command);
      return 0;
    case "top":
      return top(command);
  }
}

function memoryText({ ram, target, balloon }: Readonly<Record<"ram" | "target" | "balloon", number>>): string {
  const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
  return `${mib(ram)} of RAM: it is to work with ${mib(target)}, and works with ${mib(ram - balloon)}\n`;
}

/** Milliseconds that a VM has to answer before it counts as unreachable. */
const ANSWER_PATIENCE = 3000;

const CLEAR = "\x1b[H\x1b[J";

async function top(command: TopCommand): Promise<number> {
  const { once, json, delay } = command;
  let before: readonly TopRow[] = [];
  for (;;) {
    const rows = await Promise.all((await topPlaces(command)).map(topRow));
    const text = json ? topJson(rows) : topText(rows, before);
    await host.print(once || json || !host.stdoutIsTerminal() ? text : CLEAR + text);
    if (once) return rows.some(({ accounting }) => accounting !== undefined) ? 0 : 1;
    before = rows;
    await new Promise((resolve) => setTimeout(resolve, delay));
  }
}

async function topPlaces({ controls, project }: TopCommand): Promise<Asked[]> {
  if (controls.length > 0) return controls.map((control) => ({ control }));
  const { Project } = await import("../lifecycle/project.ts");
  const found = Project.find(project);
  return found.names.map((machine) => ({ machine, project: found.folder }));
}

async function topRow(asked: Asked): Promise<TopRow> {
  const control = asked.control ?? asked.machine ?? "";
  try {
    const connection = await ask(asked, { op: "accounting" });
    const timer = setTimeout(() => connection.close(), ANSWER_PATIENCE);
    try {
      return { control, accounting: accountingOf(await resultOf(connection)) };
    } finally {
      clearTimeout(timer);
    }
  } catch (error) {
    if (error instanceof WasmvisorError) return { control, accounting: undefined };
    throw error;
  }
}

type Named<Kind extends ControlCommand["kind"]> = Extract<ControlCommand, { kind: Kind }>;

/** A machine of a project has its log in a file, also when it is not up. */
async function logs({ asked, follow }: Named<"logs">): Promise<void> {
  if (asked.control === undefined && !follow) return (await import("../lifecycle/logs.ts")).printLog(asked);
  await resultOf(await ask(asked, { op: "logs", follow }), print);
}

/** This terminal at the guest's console. */
async function attach({ asked }: Named<"console">): Promise<number> {
  const connection = await ask(asked, { op: "console" });
  const keys = new KeyFilter();
  let hasLeft = false;
  const leave = (): void => {
    hasLeft = true;
    connection.close();
  };
  if (host.stdinIsTerminal()) {
    await host.printError("wasmvisor: the console; Ctrl-A x leaves it\r\n");
    host.makeTerminalRaw();
  }
  host.onStdin((bytes) => {
    for (const event of host.stdinIsTerminal() ? keys.feed(bytes) : [{ kind: "bytes" as const, bytes }]) {
      if (event.kind === "bytes") void sendFrame(connection, FrameKind.INPUT, event.bytes);
      else if (event.command === "quit") leave();
      else void host.print(CONSOLE_KEYS);
    }
  });
  const ignore = host.onSignal(leave);
  try {
    await resultOf(connection, print);
  } catch (error) {
    if (!hasLeft) throw error;
  } finally {
    ignore();
    host.restoreTerminal();
  }
  return 0;
}

const CONSOLE_KEYS = "\r\nCtrl-A x leaves the console; Ctrl-A Ctrl-A is Ctrl-A for the guest\r\n";

/** A machine of a project is kept under a name, in its folder; another VM, and what has a path, in a file. */
async function keep(command: Named<"snapshot" | "snapshot-list" | "snapshot-delete">): Promise<void> {
  const isFile = command.kind === "snapshot" && (command.asked.control !== undefined || command.file.includes("/"));
  if (isFile) await snapshot(command);
  else await (await import("../lifecycle/snapshots.ts")).keepSnapshot(command);
}

async function snapshot({ asked, file, disks }: Named<"snapshot">): Promise<void> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const written = host.writeStream(file, readable);
  // What the VM says of a failure is said below.
  written.catch(() => undefined);
  try {
    await resultOf(await ask(asked, { op: "snapshot", disks }), (_kind, bytes) => writer.write(bytes.slice()));
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
  await written;
}

const SIGNALS: Readonly<Record<number, string>> = { 129: "SIGHUP", 130: "SIGINT", 143: "SIGTERM" };

async function exec({ asked, command, options, tty }: Named<"exec">): Promise<number> {
  const size = host.terminalSize();
  const wantsTerminal = tty ?? (host.stdinIsTerminal() && size !== undefined);
  const terminal = wantsTerminal ? { tty: size ?? { columns: 80, rows: 24 } } : {};
  const connection = await ask(asked, { op: "exec", command, options: { ...options, ...terminal } });
  const ignore = host.onSignal((code) => void sendJson(connection, { signal: SIGNALS[code] ?? "SIGTERM" }));
  if (wantsTerminal) {
    host.makeTerminalRaw();
    host.onResize((now) => void sendJson(connection, { size: now }));
  }
  host.onStdin((bytes) => {
    host.holdStdin(true);
    void sendFrame(connection, FrameKind.INPUT, bytes).then(() => host.holdStdin(false));
  });
  host.onStdinEnd(() => void sendFrame(connection, FrameKind.END, new Uint8Array(0)));
  try {
    const exit = (await resultOf(connection, print)) as { readonly code: number; readonly timedOut: boolean };
    return exit.timedOut ? host.TIMED_OUT : exit.code & 0xff;
  } finally {
    ignore();
    host.restoreTerminal();
  }
}

/** Files of a guest whose VM is in another process: each request is a connection. */
class FarFiles implements GuestFiles {
  readonly #asked: Asked;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  async #call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    return resultOf(await ask(this.#asked, { op: "files", method, args }));
  }

  read(path: string, options: object = {}): ReadableStream<Uint8Array> {
    const asked = this.#asked;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const pump = async (): Promise<void> => {
      const connection = await ask(asked, { op: "files", method: "read", args: [path, options] });
      await resultOf(connection, (_kind, bytes) => writer.write(bytes.slice()));
      await writer.close();
    };
    pump().catch((error: unknown) => writer.abort(error));
    return readable;
  }

  async write(
    path: string,
    chunks: AsyncIterable<Uint8Array>,
    { mode, append }: { mode?: number; append?: boolean } = {},
  ): Promise<void> {
    const connection = await ask(this.#asked, { op: "files", method: "write", args: [path, { mode, append }] });
    const result = resultOf(connection);
    result.catch(() => undefined);
    for await (const chunk of chunks) await sendFrame(connection, FrameKind.INPUT, chunk);
    await sendFrame(connection, FrameKind.END, new Uint8Array(0));
    await result;
  }

  list(path: string): Promise<FileEntry[]> {
    return this.#call("list", path) as Promise<FileEntry[]>;
  }

  status(path: string, follow: boolean): Promise<FileStatus | undefined> {
    return this.#call("status", path, follow) as Promise<FileStatus | undefined>;
  }

  async makeFolder(...args: Parameters<GuestFiles["makeFolder"]>): Promise<void> {
    await this.#call("makeFolder", ...args);
  }

  async makeLink(...args: Parameters<GuestFiles["makeLink"]>): Promise<void> {
    await this.#call("makeLink", ...args);
  }

  async remove(...args: Parameters<GuestFiles["remove"]>): Promise<void> {
    await this.#call("remove", ...args);
  }

  async change(...args: Parameters<GuestFiles["change"]>): Promise<void> {
    await this.#call("change", ...args);
  }
}

async function copy({ asked, from, to }: Named<"cp">): Promise<void> {
  const files = new FarFiles(asked);
  if (to.isGuest) await copyToGuest(files, from.path, to.path);
  else await copyFromGuest(files, from.path, to.path);
}
