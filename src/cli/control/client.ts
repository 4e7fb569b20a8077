/** `wasmvisor exec`, `cp`, `logs`, `snapshot`, `migrate` and `top`: what is asked of a VM in another process. */

import { type Connection, connectTo } from "../../host/control-socket.ts";
import * as host from "../../host/process.ts";
import {
  copyFromGuest,
  copyToGuest,
  type FileEntry,
  type FileStatus,
  type GuestFiles,
  type MigrationStatistics,
  WasmvisorError,
} from "../../index.ts";
import { CONTROL_VERSION, type ControlRequest, FrameKind, framesOf, jsonOf, sendFrame, sendJson } from "./frames.ts";
import { statisticsText } from "../migration.ts";
import type { ControlCommand, TopCommand } from "./options.ts";
import { accountingOf, topJson, type TopRow, topText } from "./top.ts";

type Asked = ControlRequest extends infer Request
  ? Request extends unknown
    ? Omit<Request, "wasmvisor">
    : never
  : never;

/** Sends a request. */
async function ask(path: string, request: Asked): Promise<Connection> {
  const connection = await connectTo(path);
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
      await resultOf(await ask(command.control, { op: "logs", follow: command.follow }), print);
      return 0;
    case "snapshot":
      await snapshot(command);
      return 0;
    case "migrate": {
      const { control, address, options } = command;
      const moved = await resultOf(await ask(control, { op: "migrate", address, options }));
      await host.print(statisticsText(moved as MigrationStatistics));
      return 0;
    }
    case "reclaim":
      await resultOf(await ask(command.control, { op: "reclaim" }));
      return 0;
    case "cp":
      await copy(command);
      return 0;
    case "top":
      return top(command);
  }
}

/** Milliseconds that a VM has to answer before it counts as unreachable. */
const ANSWER_PATIENCE = 3000;

const CLEAR = "\x1b[H\x1b[J";

async function top({ controls, once, json, delay }: TopCommand): Promise<number> {
  let before: readonly TopRow[] = [];
  for (;;) {
    const rows = await Promise.all(controls.map(topRow));
    const text = json ? topJson(rows) : topText(rows, before);
    await host.print(once || json || !host.stdoutIsTerminal() ? text : CLEAR + text);
    if (once) return rows.some(({ accounting }) => accounting !== undefined) ? 0 : 1;
    before = rows;
    await new Promise((resolve) => setTimeout(resolve, delay));
  }
}

async function topRow(control: string): Promise<TopRow> {
  try {
    const connection = await ask(control, { op: "accounting" });
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

async function snapshot({ control, file, disks }: Extract<ControlCommand, { kind: "snapshot" }>): Promise<void> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const written = host.writeStream(file, readable);
  // What the VM says of a failure is said below.
  written.catch(() => undefined);
  try {
    await resultOf(await ask(control, { op: "snapshot", disks }), (_kind, bytes) => writer.write(bytes.slice()));
    await writer.close();
  } catch (error) {
    await writer.abort(error).catch(() => undefined);
    throw error;
  }
  await written;
}

const SIGNALS: Readonly<Record<number, string>> = { 129: "SIGHUP", 130: "SIGINT", 143: "SIGTERM" };

async function exec({ control, command, options, tty }: Extract<ControlCommand, { kind: "exec" }>): Promise<number> {
  const size = host.terminalSize();
  const wantsTerminal = tty ?? (host.stdinIsTerminal() && size !== undefined);
  const terminal = wantsTerminal ? { tty: size ?? { columns: 80, rows: 24 } } : {};
  const connection = await ask(control, { op: "exec", command, options: { ...options, ...terminal } });
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
  readonly #control: string;

  constructor(control: string) {
    this.#control = control;
  }

  async #call(method: string, ...args: readonly unknown[]): Promise<unknown> {
    return resultOf(await ask(this.#control, { op: "files", method, args }));
  }

  read(path: string, options: object = {}): ReadableStream<Uint8Array> {
    const control = this.#control;
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const pump = async (): Promise<void> => {
      const connection = await ask(control, { op: "files", method: "read", args: [path, options] });
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
    const connection = await ask(this.#control, { op: "files", method: "write", args: [path, { mode, append }] });
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

async function copy({ control, from, to }: Extract<ControlCommand, { kind: "cp" }>): Promise<void> {
  const files = new FarFiles(control);
  if (to.isGuest) await copyToGuest(files, from.path, to.path);
  else await copyFromGuest(files, from.path, to.path);
}
