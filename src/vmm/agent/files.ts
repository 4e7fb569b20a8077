/** Files of a guest. */

import { WasmvisorError } from "../../error.ts";
import type { AgentClient, Exchange } from "./client.ts";
import { fileError, refusedError } from "./errors.ts";
import { Inflow, Outflow, WINDOW } from "./flow.ts";
import { ChangeFlag, type Frame, FrameType, PAYLOAD_MOST, Payload, PayloadReader, WriteFlag } from "./protocol.ts";
import { Gathered } from "../pieces.ts";
import { checkTexts } from "./process.ts";

/** What a file is, by the type in its mode. (inode(7)) */
export type FileKind = "file" | "folder" | "link" | "other";

/** What is known of a file. */
export interface FileStatus {
  readonly kind: FileKind;
  /** Permissions, as in `chmod`. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970 of the last change. */
  readonly mtime: number;
}

/** A file in a folder. */
export interface FileEntry extends FileStatus {
  readonly name: string;
  /** Where a link leads. */
  readonly target: string;
}

/** How a file is written. */
export interface WriteOptions {
  /** Permissions of a new file. Default 0o644. */
  readonly mode?: number;
  /** Whether it is written behind what is there. Default: in place of it. */
  readonly append?: boolean;
  /** Gives up; what was written by then stays. */
  readonly signal?: AbortSignal;
}

/** How a file is read. */
export interface ReadOptions {
  /** Bytes to leave out at the beginning. */
  readonly offset?: number;
  /** Bytes to read at most. */
  readonly length?: number;
  readonly signal?: AbortSignal;
}

/** What of a file is to be changed. */
export interface FileChange {
  readonly mode?: number;
  /** Milliseconds since 1970. */
  readonly mtime?: number;
}

/** What can be done with the files of a guest, near or far. */
export interface GuestFiles {
  read(path: string, options?: ReadOptions): ReadableStream<Uint8Array>;
  write(path: string, chunks: AsyncIterable<Uint8Array>, options?: WriteOptions): Promise<void>;
  list(path: string): Promise<FileEntry[]>;
  /** Undefined when there is nothing; `follow`: what a link leads to. */
  status(path: string, follow: boolean): Promise<FileStatus | undefined>;
  makeFolder(path: string, mode: number): Promise<void>;
  makeLink(path: string, target: string): Promise<void>;
  remove(path: string): Promise<void>;
  change(path: string, change: FileChange): Promise<void>;
}

const TYPE_MASK = 0o170000;
const KINDS: Readonly<Record<number, FileKind>> = { 0o100000: "file", 0o040000: "folder", 0o120000: "link" };

const ENOENT = 2;
/** Names that one folder may have, and bytes that are said of them. */
const NAMES_MOST = 2 ** 20;
const LIST_BYTES_MOST = 2 ** 27;

/** A request that is answered by `DONE` alone, or by bytes before it. */
class Request implements Exchange {
  readonly over: Promise<{ readonly errno: number; readonly result: Uint8Array }>;
  readonly inflow: Inflow;
  readonly outflow: Outflow;
  #id: number | undefined;
  #resolve!: (done: { readonly errno: number; readonly result: Uint8Array }) => void;
  #reject!: (error: unknown) => void;
  readonly #client: AgentClient;

  constructor(client: AgentClient) {
    this.#client = client;
    this.over = new Promise((...both) => ([this.#resolve, this.#reject] = both));
    this.over.catch(() => undefined);
    const credit = (bytes: number): void => this.say(FrameType.CREDIT, new Payload().u32(bytes));
    // Each frame of a folder may begin within the credit and end beyond it.
    this.inflow = new Inflow(credit, WINDOW + PAYLOAD_MOST);
    this.outflow = new Outflow((bytes) => this.say(FrameType.DATA, new Payload().bytes(bytes)));
  }

  async begin(type: FrameType, payload: Payload, signal?: AbortSignal): Promise<void> {
    this.#id = await this.#client.begin(type, payload, this, signal);
    if (signal === undefined) return;
    const giveUp = (): void => this.cancel(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    const forget = (): void => signal.removeEventListener("abort", giveUp);
    this.over.then(forget, forget);
  }

  say(type: FrameType, payload?: Payload): void {
    if (this.#id !== undefined) this.#client.say(this.#id, type, payload);
  }

  cancel(error: unknown): void {
    if (this.#id !== undefined) this.#client.cancel(this.#id);
    this.fail(error);
  }

  take({ type, payload }: Frame): boolean {
    if (type === FrameType.DATA) return this.inflow.take(payload);
    if (type !== FrameType.CREDIT) return false;
    this.outflow.allow(new PayloadReader(payload).u32());
    return true;
  }

  done(errno: number, result: PayloadReader): void {
    this.inflow.end();
    this.outflow.fail(new DOMException("The request is over.", "AbortError"));
    this.#resolve({ errno, result: result.rest() });
  }

  fail(error: unknown): void {
    this.inflow.fail(error);
    this.outflow.fail(error);
    this.#reject(error);
  }
}

/** Files by way of an agent. */
export class AgentFiles implements GuestFiles {
  readonly #client: AgentClient;

  constructor(client: AgentClient) {
    this.#client = client;
  }

  read(
    path: string,
    { offset = 0, length = Number.MAX_SAFE_INTEGER, signal }: ReadOptions = {},
  ): ReadableStream<Uint8Array> {
    checkPath(path);
    const request = new Request(this.#client);
    const payload = new Payload().u64(checkCount(offset)).u64(checkCount(length)).u32(WINDOW).text(path);
    let begun: Promise<void> | undefined;
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          begun ??= request.begin(FrameType.READ, payload, signal);
          await begun;
          const chunk = await request.inflow.read();
          if (chunk !== undefined) return controller.enqueue(chunk);
          const { errno } = await request.over;
          if (errno !== 0) throw fileError("read", path, errno);
          controller.close();
        },
        cancel: (error) => request.cancel(error),
      },
      { highWaterMark: 0 },
    );
  }

  async write(path: string, chunks: AsyncIterable<Uint8Array>, options: WriteOptions = {}): Promise<void> {
    checkPath(path);
    const { mode = 0o644, append = false, signal } = options;
    const flags = WriteFlag.CREATE | (append ? WriteFlag.APPEND : WriteFlag.TRUNCATE);
    const request = new Request(this.#client);
    await request.begin(FrameType.WRITE, new Payload().u32(flags).u32(mode).u64(0).text(path), signal);
    try {
      for await (const chunk of chunks) await request.outflow.write(chunk, PAYLOAD_MOST);
      request.say(FrameType.END);
    } catch (error) {
      // It has said why it takes no more; else the source has failed.
      const ended = await Promise.race([request.over, Promise.resolve(undefined)]);
      if (ended === undefined) {
        request.cancel(error);
        throw error;
      }
    }
    const { errno } = await request.over;
    if (errno !== 0) throw fileError("written", path, errno);
  }

  async list(path: string): Promise<FileEntry[]> {
    checkPath(path);
    const request = new Request(this.#client);
    await request.begin(FrameType.LIST, new Payload().u32(WINDOW).text(path));
    const entries: FileEntry[] = [];
    let bytes = 0;
    for (let chunk = await request.inflow.read(); chunk !== undefined; chunk = await request.inflow.read()) {
      const reader = new PayloadReader(chunk);
      while (reader.left > 0 && !reader.short) {
        const status = readStatus(reader);
        entries.push({ ...status, name: reader.text(), target: reader.text() });
      }
      bytes += chunk.length;
      if (!reader.short && entries.length <= NAMES_MOST && bytes <= LIST_BYTES_MOST) continue;
      const why = reader.short ? "its names make no sense" : "it has too many names; list the folders in it";
      const error = new WasmvisorError("guest-file", `The guest's ${path} cannot be listed: ${why}.`, { path });
      request.cancel(error);
      throw error;
    }
    const { errno } = await request.over;
    if (errno !== 0) throw fileError("listed", path, errno);
    return entries;
  }

  async status(path: string, follow: boolean): Promise<FileStatus | undefined> {
    checkPath(path);
    const { errno, result } = await this.#ask(FrameType.STAT, new Payload().u32(follow ? 1 : 0).text(path));
    if (errno === ENOENT) return undefined;
    if (errno !== 0) throw fileError("looked at", path, errno);
    return readStatus(new PayloadReader(result));
  }

  async makeFolder(path: string, mode: number): Promise<void> {
    await this.#must("made", path, FrameType.MKDIR, new Payload().u32(mode).text(path));
  }

  async makeLink(path: string, target: string): Promise<void> {
    checkTexts([target]);
    await this.#must("made", path, FrameType.SYMLINK, new Payload().text(target).text(path));
  }

  async remove(path: string): Promise<void> {
    await this.#must("removed", path, FrameType.REMOVE, new Payload().text(path));
  }

  async change(path: string, { mode, mtime }: FileChange): Promise<void> {
    const what = (mode === undefined ? 0 : ChangeFlag.MODE) | (mtime === undefined ? 0 : ChangeFlag.TIME);
    const nanoseconds = BigInt(Math.max(0, Math.round((mtime ?? 0) * 1000))) * 1000n;
    const payload = new Payload()
      .u32(what)
      .u32(mode ?? 0)
      .u32(0)
      .u32(0)
      .u64(nanoseconds)
      .text(path);
    await this.#must("changed", path, FrameType.CHANGE, payload);
  }

  async #must(what: string, path: string, type: FrameType, payload: Payload): Promise<void> {
    checkPath(path);
    const { errno } = await this.#ask(type, payload);
    if (errno !== 0) throw fileError(what, path, errno);
  }

  async #ask(type: FrameType, payload: Payload): ReturnType<typeof ask> {
    return ask(this.#client, type, payload);
  }
}

/** Has an agent do something that it answers at once. */
async function ask(
  client: AgentClient,
  type: FrameType,
  payload: Payload,
  signal?: AbortSignal,
): Promise<{ readonly errno: number; readonly result: Uint8Array }> {
  const request = new Request(client);
  await request.begin(type, payload, signal);
  return request.over;
}

/**
 * Has an agent do something to the guest as a whole; the number that it answers with.
 * @param what - behind "The guest cannot"
 * @throws WasmvisorError `guest-refused`
 */
export async function ofGuest(
  client: AgentClient,
  what: string,
  type: FrameType,
  payload = new Payload(),
  signal?: AbortSignal,
): Promise<number> {
  const { errno, result } = await ask(client, type, payload, signal);
  if (errno !== 0) throw refusedError(what, errno);
  return new PayloadReader(result).u32();
}

function readStatus(reader: PayloadReader): FileStatus {
  const [mode, uid, gid] = [reader.u32(), reader.u32(), reader.u32(), reader.u32()];
  const [size, mtime] = [Number(reader.u64()), Number(reader.u64() / 1000n) / 1000];
  return { kind: KINDS[mode & TYPE_MASK] ?? "other", mode: mode & 0o7777, uid, gid, size, mtime };
}

const PATH_MOST = 4095;

/** @throws WasmvisorError `option` */
function checkPath(path: string): void {
  checkTexts([path]);
  if (path !== "" && new TextEncoder().encode(path).length <= PATH_MOST) return;
  throw new WasmvisorError("option", `A path in a guest has 1 to ${PATH_MOST} bytes; give another.`, { path });
}

/** @throws WasmvisorError `option` */
function checkCount(bytes: number): number {
  if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  throw new WasmvisorError("option", `Bytes of a file are a whole number from 0 up, not ${bytes}.`, { bytes });
}

/** All of a stream, as long as it has no more than `most` bytes. */
export async function collect(
  stream: ReadableStream<Uint8Array>,
  most: number,
  tooLong: () => Error,
): Promise<Uint8Array> {
  const gathered = new Gathered();
  const reader = stream.getReader();
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    if (gathered.length + chunk.value.length > most) {
      const error = tooLong();
      await reader.cancel(error);
      throw error;
    }
    gathered.add(chunk.value);
  }
  return gathered.take();
}

/** What a file may be written from. */
export type FileSource = string | Uint8Array | Blob | ReadableStream<Uint8Array>;

/** The bytes of it, piece by piece. */
export async function* chunksOf(source: FileSource): AsyncGenerator<Uint8Array> {
  if (typeof source === "string") yield new TextEncoder().encode(source);
  else if (source instanceof Uint8Array) yield source;
  else {
    const reader = (source instanceof Blob ? source.stream() : source).getReader();
    try {
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) yield chunk.value;
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  }
}
