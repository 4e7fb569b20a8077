/** `--control`: what other processes may ask of a VM that runs here. */

import { type Connection, listen } from "../../host/control-socket.ts";
import { type GuestFiles, type MigrationStatistics, type Vm, WasmvisorError } from "../../index.ts";
import { migrateToAddress } from "../migration.ts";
import {
  CONTROL_VERSION,
  type ControlFrame,
  type ControlRequest,
  FrameKind,
  framesOf,
  jsonOf,
  sendFrame,
  sendJson,
} from "./frames.ts";

/** Bytes of the console's output that are kept for `wasmvisor logs`. */
const LOG_BYTES = 2 ** 20;

/** What the console has printed, as far as it is kept. */
export class Log {
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(vm: Vm) {
    vm.on("output", (bytes) => {
      this.#chunks.push(bytes.slice());
      this.#bytes += bytes.length;
      while (this.#bytes - this.#chunks[0]!.length > LOG_BYTES) this.#bytes -= this.#chunks.shift()!.length;
    });
  }

  get chunks(): readonly Uint8Array[] {
    return [...this.#chunks];
  }
}

/**
 * Serves a VM at a socket; what ends that.
 * @param migrationKey - the file with the key by which it is moved
 * @throws WasmvisorError `control`
 */
export function serveControl(vm: Vm, path: string, migrationKey?: string): Promise<() => void> {
  const log = new Log(vm);
  return listen(path, (connection) => void serve(vm, log, connection, migrationKey));
}

/** One request. Whatever comes, the VM goes on. */
export async function serve(vm: Vm, log: Log, connection: Connection, migrationKey?: string): Promise<void> {
  try {
    const frames = framesOf(connection);
    const first = await frames.next();
    const request = first.done === true ? undefined : (jsonOf(first.value) as ControlRequest | undefined);
    if (request?.wasmvisor !== CONTROL_VERSION)
      throw refused("speaks another version; use the same wasmvisor for both");
    const value =
      request.op === "migrate"
        ? await migrate(vm, connection, request, migrationKey)
        : await answer(vm, log, connection, frames, request);
    await sendJson(connection, { value });
  } catch (error) {
    const code = error instanceof WasmvisorError ? error.code : "control";
    const message = error instanceof Error ? error.message : String(error);
    await sendJson(connection, { error: { code, message } }).catch(() => undefined);
  }
  connection.end();
}

function refused(why: string): WasmvisorError {
  return new WasmvisorError("control", `Who asks at the control socket ${why}.`);
}

async function answer(
  vm: Vm,
  log: Log,
  connection: Connection,
  frames: AsyncGenerator<ControlFrame>,
  request: ControlRequest,
): Promise<unknown> {
  switch (request.op) {
    case "exec":
      return exec(vm, connection, frames, request);
    case "logs":
      return logs(vm, log, connection, request.follow);
    case "console":
      return attach(vm, log, connection, frames);
    case "accounting":
      return vm.accounting();
    case "snapshot":
      return snapshot(vm, connection, request.disks);
    case "reclaim":
      return vm.reclaim();
    case "memory":
      return memory(vm, request.bytes);
    case "files":
      return files(await vm.files(), connection, frames, request);
    default:
      throw refused("wants what there is not; use the same wasmvisor for both");
  }
}

function memory(vm: Vm, bytes: number | undefined): unknown {
  if (bytes !== undefined) vm.setMemory(bytes);
  return { ram: vm.memory.size, target: bytes ?? vm.memory.size - vm.balloon.target, balloon: vm.balloon.size };
}

async function exec(
  vm: Vm,
  connection: Connection,
  frames: AsyncGenerator<ControlFrame>,
  { command, options }: Extract<ControlRequest, { op: "exec" }>,
): Promise<unknown> {
  const gone = new AbortController();
  connection.onClose(() => gone.abort());
  const process = await vm.spawn(command, { ...options, signal: gone.signal });
  const input = process.stdin.getWriter();
  const feed = async (): Promise<void> => {
    for await (const frame of frames) {
      const note = jsonOf(frame);
      if (frame.kind === FrameKind.INPUT) await input.write(frame.bytes.slice());
      else if (frame.kind === FrameKind.END) await input.close();
      else if (typeof note?.signal === "string") process.kill(note.signal);
      else if (note?.size !== undefined) {
        const { columns, rows } = note.size as { readonly columns: number; readonly rows: number };
        process.resize(columns, rows);
      }
    }
  };
  // A command that reads no more, or a client that sends nonsense: what it prints goes on.
  feed().catch(() => undefined);
  await Promise.all([
    pour(process.stdout, connection, FrameKind.OUTPUT),
    pour(process.stderr, connection, FrameKind.ERROR_OUTPUT),
  ]);
  return process.exited;
}

async function pour(stream: ReadableStream<Uint8Array>, connection: Connection, kind: FrameKind): Promise<void> {
  const reader = stream.getReader();
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    await sendFrame(connection, kind, chunk.value);
  }
}

async function logs(vm: Vm, log: Log, connection: Connection, isFollowed: boolean): Promise<undefined> {
  if (isFollowed) await follow(vm, connection, log.chunks);
  else for (const chunk of log.chunks) await sendFrame(connection, FrameKind.OUTPUT, chunk);
  return undefined;
}

/** Sends what the console prints, until the client goes, the guest ends or the signal says so. */
async function follow(
  vm: Vm,
  connection: Connection,
  past: readonly Uint8Array[],
  signal?: AbortSignal,
): Promise<void> {
  let sent = Promise.resolve();
  let waiting = 0;
  const send = (bytes: Uint8Array): void => {
    // Who reads too slowly loses the rest, and the guest does not wait.
    if (waiting > 2 * LOG_BYTES) return connection.close();
    waiting += bytes.length;
    sent = sent.then(() => sendFrame(connection, FrameKind.OUTPUT, bytes)).then(() => void (waiting -= bytes.length));
  };
  const stop = vm.on("output", (bytes) => send(bytes.slice()));
  for (const chunk of past) send(chunk);
  const closed = new Promise<void>((resolve) => connection.onClose(resolve));
  const ended = new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
  await Promise.race([closed, ended, vm.exited]);
  stop();
  await sent;
}

/** Bytes of what it has printed that whoever comes to a console sees first. */
const CONSOLE_PAST = 4096;

/** A terminal at the console, until it goes or the guest ends. */
async function attach(
  vm: Vm,
  log: Log,
  connection: Connection,
  frames: AsyncGenerator<ControlFrame>,
): Promise<undefined> {
  const past = log.chunks.slice(-64);
  let room = CONSOLE_PAST;
  const from = past.findLastIndex((chunk) => (room -= chunk.length) < 0) + 1;
  for (const chunk of past.slice(from)) await sendFrame(connection, FrameKind.OUTPUT, chunk);
  const stop = new AbortController();
  const typing = async (): Promise<void> => {
    for await (const { kind, bytes } of frames) if (kind === FrameKind.INPUT) await vm.console.write(bytes.slice());
  };
  typing()
    .catch(() => undefined)
    .finally(() => stop.abort());
  await follow(vm, connection, [], stop.signal);
  return undefined;
}

/** The bytes of a snapshot; given up when nobody takes them any more. */
async function snapshot(vm: Vm, connection: Connection, disks: "reference" | "include"): Promise<void> {
  const stream = vm.snapshot({ disks });
  const reader = stream.getReader();
  connection.onClose(() => void reader.cancel().catch(() => undefined));
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    await sendFrame(connection, FrameKind.OUTPUT, chunk.value);
  }
}

/** Moves the VM; who asks gives it up by going away. */
async function migrate(
  vm: Vm,
  connection: Connection,
  { address, options }: Extract<ControlRequest, { op: "migrate" }>,
  key: string | undefined,
): Promise<MigrationStatistics> {
  const gone = new AbortController();
  connection.onClose(() => gone.abort());
  return migrateToAddress(vm, address, key, { ...options, signal: gone.signal });
}

const METHODS = ["list", "status", "makeFolder", "makeLink", "remove", "change"] as const;

async function files(
  of: GuestFiles,
  connection: Connection,
  frames: AsyncGenerator<ControlFrame>,
  { method, args }: Extract<ControlRequest, { op: "files" }>,
): Promise<unknown> {
  const [path, options = {}] = args as [string, object?];
  if (method === "read") return pour(of.read(path, options), connection, FrameKind.OUTPUT);
  if (method === "write") return of.write(path, inputOf(frames), options);
  const known = METHODS.find((name) => name === method);
  if (known === undefined) throw refused("wants what there is not; use the same wasmvisor for both");
  return (of[known] as (...args: readonly unknown[]) => Promise<unknown>).call(of, ...args);
}

async function* inputOf(frames: AsyncGenerator<ControlFrame>): AsyncGenerator<Uint8Array> {
  for await (const { kind, bytes } of frames) {
    if (kind === FrameKind.END) return;
    if (kind === FrameKind.INPUT) yield bytes.slice();
  }
  throw refused("has gone away before the end of a file");
}
