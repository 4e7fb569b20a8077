/** Disks in the browser's own storage: files of the origin private file system (File System Standard), one folder of them. */

import type { BlockBackend, BlockInfo } from "../backend/block/block.ts";
import { expectChange, expectInside, expectOpen, expectSize } from "../backend/block/range.ts";
import { WasmvisorError } from "../error.ts";
import { shown } from "./load.ts";

/** What is used of a `FileSystemSyncAccessHandle`. */
interface AccessHandle {
  read(into: Uint8Array, options: { readonly at: number }): number;
  write(from: Uint8Array, options: { readonly at: number }): number;
  getSize(): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}

/** What is used of a `FileSystemWritableFileStream`. */
interface Writable {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

/** What is used of a `FileSystemFileHandle`. Pages' own threads have no access handles. */
interface FileHandle {
  readonly kind: "file" | "directory";
  getFile(): Promise<Blob & { readonly lastModified: number }>;
  createSyncAccessHandle?(options?: { readonly mode: "readwrite" | "read-only" }): Promise<AccessHandle>;
  createWritable?(options?: { readonly mode: "exclusive" }): Promise<Writable>;
}

/** What is used of a `FileSystemDirectoryHandle`. */
interface Folder {
  getDirectoryHandle(name: string, options: { readonly create: boolean }): Promise<Folder>;
  getFileHandle(name: string, options?: { readonly create: boolean }): Promise<FileHandle>;
  removeEntry(name: string): Promise<void>;
  entries(): AsyncIterable<readonly [name: string, handle: FileHandle]>;
}

interface Storage {
  getDirectory?(): Promise<Folder>;
}

/** The folder's name: other files of the origin are somebody else's. */
const FOLDER = "wasmvisor-disks";

/** How a disk in the browser's storage is opened. */
export interface OpenOpfsOptions {
  /** Refuses everything that would change it. Others may read it at the same time, where the browser can do that. Default: false. */
  readonly readonly?: boolean;
  /** Makes a file of that many bytes of zeros in the place of what is there. */
  readonly create?: number;
}

/** A file in the browser's storage. */
export interface StoredDisk {
  readonly name: string;
  /** Bytes of the file. */
  readonly size: number;
  /** When it was changed last, in milliseconds since 1970. */
  readonly modified: number;
}

/** How a disk is brought into the browser's storage. */
export interface ImportOptions {
  /** Takes the place of a disk of that name. Default: false. */
  readonly replace?: boolean;
  /** Gives up; nothing is left of what was written. */
  readonly signal?: AbortSignal;
  /** Told how many bytes have been written, and of how many when that is known. */
  readonly onProgress?: (done: number, total: number | undefined) => void;
}

/** A file in the browser's storage as a disk, in a worker. It is made by `openOpfs`. */
class OpfsBlock implements BlockBackend {
  readonly readonly: boolean;
  readonly synchronous = true;
  readonly prefersLarge = true;
  readonly info: BlockInfo;
  readonly #name: string;
  readonly #handle: AccessHandle;
  #size: number;
  #open = true;
  /** Whether it has been deleted, by somebody who has cleared the site's data. */
  #gone = false;

  constructor(name: string, handle: AccessHandle, readonly: boolean) {
    this.#name = name;
    this.info = { description: describe(name) };
    this.readonly = readonly;
    this.#handle = handle;
    this.#size = handle.getSize();
    expectSize(this.#size);
  }

  get size(): number {
    return this.#size;
  }

  read(at: number, into: Uint8Array): void {
    expectOpen(this, this.#open);
    expectInside(this, at, into.length);
    for (let done = 0; done < into.length;) {
      const rest = done === 0 ? into : into.subarray(done);
      done += this.#move("read", rest.length, () => this.#handle.read(rest, { at: at + done }));
    }
  }

  write(at: number, from: Uint8Array): void {
    expectChange(this, this.#open, at, from.length);
    for (let done = 0; done < from.length;) {
      const rest = done === 0 ? from : from.subarray(done);
      done += this.#move("write", rest.length, () => this.#handle.write(rest, { at: at + done }));
    }
  }

  /** A file that has been deleted takes writes until it is closed; then they are lost. */
  async flush(): Promise<void> {
    this.flushNow();
    if (this.readonly) return;
    try {
      await (await folder()).getFileHandle(this.#name);
    } catch (cause) {
      const error = this.#failed("write", cause);
      this.#gone ||= error.data.reason === "NotFoundError";
      throw error;
    }
  }

  flushNow(): void {
    expectOpen(this, this.#open);
    if (!this.readonly) this.#try("write", () => this.#handle.flush());
  }

  resize(size: number): void {
    expectChange(this, this.#open, 0, 0);
    expectSize(size);
    this.#try("write", () => {
      this.#handle.truncate(size);
      // Private windows of Chromium say nothing when there is no room.
      if (this.#handle.getSize() !== size) throw new DOMException("The size is unchanged", "QuotaExceededError");
    });
    this.#size = size;
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    try {
      await this.flush();
    } finally {
      this.#open = false;
      // Chromium never comes back from closing what it has deleted.
      if (!this.#gone) this.#handle.close();
    }
  }

  #try<Value>(what: "read" | "write", act: () => Value): Value {
    try {
      return act();
    } catch (cause) {
      throw this.#failed(what, cause);
    }
  }

  /** Moves bytes from or to a place, some of `length`, and returns how many. */
  #move(what: "read" | "write", length: number, act: () => number): number {
    const moved = this.#try(what, act);
    if (moved > 0 && moved <= length) return moved;
    // Private windows of Chromium return their error codes, as unsigned numbers.
    const reason = moved === NO_SPACE ? "QuotaExceededError" : "InvalidStateError";
    throw this.#failed(what, new DOMException(`It says that ${moved} of ${length} bytes were moved`, reason));
  }

  #failed(what: "read" | "write", cause: unknown): WasmvisorError {
    return failure(this.#name, what, cause);
  }
}

/** What a failed write returns in private windows of Chromium: `base::File::FILE_ERROR_NO_SPACE`. */
const NO_SPACE = -8 >>> 0;

/**
 * Opens a file of the browser's storage, in a worker, as raw bytes; `openDisk` opens images. Nobody else can open it meanwhile, in this page
 * or another one.
 *
 * @throws WasmvisorError `unsupported` where there is no such storage, and on a page's own thread; `option` when it cannot have that name;
 * `source-unreadable` when there is none, `image-locked` when it is in use, `block-full`
 */
export async function openOpfs(name: string, options: OpenOpfsOptions = {}): Promise<BlockBackend> {
  const { readonly = false, create } = options;
  if (create !== undefined) expectSize(create);
  checkName(name);
  const disks = await folder();
  const isNew = create !== undefined && (await stored(disks, name)) === undefined;
  let handle: AccessHandle | undefined;
  try {
    const file = await disks.getFileHandle(name, { create: create !== undefined });
    if (file.createSyncAccessHandle === undefined) throw notHere();
    handle = await file.createSyncAccessHandle({ mode: readonly ? "read-only" : "readwrite" });
    if (create !== undefined) handle.truncate(0);
    const disk = new OpfsBlock(name, handle, readonly);
    if (create !== undefined && create > 0) disk.resize(create);
    return disk;
  } catch (cause) {
    handle?.close();
    if (isNew) await disks.removeEntry(name).catch(() => undefined);
    throw failure(name, "open", cause);
  }
}

/**
 * The disks in the browser's storage, by name.
 * @throws WasmvisorError `unsupported` where there is no such storage
 */
export async function listOpfs(): Promise<StoredDisk[]> {
  const found: StoredDisk[] = [];
  for await (const [name, handle] of (await folder()).entries()) {
    if (handle.kind !== "file") continue;
    const file = await handle.getFile().catch(() => undefined);
    // An empty one is what is left of an import that was cut off.
    if (file !== undefined && file.size > 0) found.push({ name, size: file.size, modified: file.lastModified });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Deletes a disk of the browser's storage for good.
 * @throws WasmvisorError `unsupported`, `source-unreadable` when there is none, `image-locked` when it is in use
 */
export async function deleteOpfs(name: string): Promise<void> {
  checkName(name);
  const disks = await folder();
  try {
    await disks.removeEntry(name);
  } catch (cause) {
    throw failure(name, "open", cause);
  }
}

/**
 * Writes an image into the browser's storage. It appears whole, or not at all.
 *
 * ```ts
 * await importOpfs("debian.qcow2", input.files[0], { signal: AbortSignal.timeout(60_000) });
 * ```
 *
 * @throws WasmvisorError `unsupported`, `option` when it cannot have that name, `file-unwritable` when there is one of that name,
 * `image-locked`, `image-source`, `source-broken`, `block-full`; the signal's reason
 */
export async function importOpfs(
  name: string,
  source: Blob | ReadableStream<Uint8Array>,
  options: ImportOptions = {},
): Promise<void> {
  const { replace = false, signal, onProgress } = options;
  checkName(name);
  signal?.throwIfAborted();
  const disks = await folder();
  const present = await stored(disks, name);
  if (present !== undefined && present > 0 && !replace) throw taken(name);
  const total = source instanceof Blob ? source.size : undefined;
  const reader = streamOf(source).getReader();
  let writable: Writable | undefined;
  try {
    const file = await disks.getFileHandle(name, { create: true });
    if (file.createWritable === undefined) throw lacking();
    writable = await file.createWritable({ mode: "exclusive" });
    for (let done = 0; ;) {
      const chunk = await chunkOf(reader, name);
      signal?.throwIfAborted();
      if (chunk === undefined) break;
      await writable.write(chunk);
      signal?.throwIfAborted();
      done += chunk.length;
      onProgress?.(done, total);
    }
    await writable.close();
  } catch (cause) {
    void reader.cancel(cause).catch(() => undefined);
    await writable?.abort().catch(() => undefined);
    if (((await stored(disks, name)) ?? 1) === 0) await disks.removeEntry(name).catch(() => undefined);
    signal?.throwIfAborted();
    throw failure(name, "write", cause);
  }
}

function streamOf(source: Blob | ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  if (source instanceof Blob) return source.stream() as ReadableStream<Uint8Array>;
  if (source instanceof ReadableStream) return source;
  throw notAnImage();
}

async function chunkOf(reader: ReadableStreamDefaultReader<Uint8Array>, name: string): Promise<Uint8Array | undefined> {
  let read: Awaited<ReturnType<typeof reader.read>>;
  try {
    read = await reader.read();
  } catch (cause) {
    const sentence = `What was to become the ${describe(name)} broke off while it was read; try again.`;
    throw new WasmvisorError("source-broken", sentence, { name }, { cause });
  }
  if (read.done) return undefined;
  if (read.value instanceof Uint8Array) return read.value;
  throw notAnImage();
}

/**
 * A disk of the browser's storage as it is now, to be downloaded or copied. When it changes afterwards, it cannot be read any more.
 * @throws WasmvisorError `unsupported`, `source-unreadable` when there is none
 */
export async function exportOpfs(name: string): Promise<Blob> {
  checkName(name);
  const disks = await folder();
  try {
    return await (await disks.getFileHandle(name)).getFile();
  } catch (cause) {
    throw failure(name, "open", cause);
  }
}

/** Bytes of a file, or undefined when there is none. */
export async function storedBytes(name: string): Promise<number | undefined> {
  checkName(name);
  return stored(await folder(), name);
}

async function stored(disks: Folder, name: string): Promise<number | undefined> {
  try {
    return (await (await disks.getFileHandle(name)).getFile()).size;
  } catch (cause) {
    if ((cause as Partial<Error>).name === "NotFoundError") return undefined;
    throw failure(name, "open", cause);
  }
}

/** @throws WasmvisorError `unsupported` */
async function folder(): Promise<Folder> {
  const { storage } = (globalThis as { readonly navigator?: { readonly storage?: Storage } }).navigator ?? {};
  if (storage?.getDirectory === undefined) throw lacking();
  try {
    return await (await storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
  } catch (cause) {
    throw new WasmvisorError(
      "unsupported",
      `The browser's storage cannot be used (${reasonOf(cause)}); allow this page to store data.`,
      {},
      { cause },
    );
  }
}

/**
 * Returns when a file may have that name.
 * @throws WasmvisorError `option`
 */
export function checkName(name: string): void {
  if (/^[^/\\:\p{Cc}\p{Cs}]{1,100}$/u.test(name) && name.trim() === name && !/^\.{1,2}$/.test(name)) return;
  throw new WasmvisorError(
    "option",
    `A disk in the browser's storage cannot have the name ${JSON.stringify(name.slice(0, 120))}; use up to 100 characters without "/", "\\" and ":".`,
    { name },
  );
}

const describe = (name: string): string => `disk ${JSON.stringify(name)} in the browser's storage`;

function lacking(): WasmvisorError {
  return new WasmvisorError(
    "unsupported",
    "There is no storage for disks here; use a browser that has the origin private file system, and a page served by https.",
  );
}

function notHere(): WasmvisorError {
  return new WasmvisorError(
    "unsupported",
    "Disks in the browser's storage can be opened in a worker only; make the host with worker: true.",
  );
}

function notAnImage(): WasmvisorError {
  return new WasmvisorError("image-source", "A disk is brought in from a Blob or a ReadableStream of bytes; give one.");
}

function taken(name: string): WasmvisorError {
  return new WasmvisorError(
    "file-unwritable",
    `There is a ${describe(name)} already; delete it, or choose another name.`,
    { name },
  );
}

function reasonOf(cause: unknown): string {
  const { name, message } = cause instanceof Error || cause instanceof DOMException ? cause : new Error(String(cause));
  return shown(name === "Error" ? message : name);
}

/** What the browser's exceptions mean. */
function failure(name: string, what: "open" | "read" | "write", cause: unknown): WasmvisorError {
  if (cause instanceof WasmvisorError) return cause;
  const reason = reasonOf(cause);
  const make = (code: WasmvisorError["code"], sentence: string) =>
    new WasmvisorError(code, sentence, { name, reason }, { cause });
  const it = describe(name);
  switch (reason) {
    case "NotFoundError":
      return what === "open"
        ? make("source-unreadable", `There is no ${it}; check the name.`)
        : make("block-io", `The ${it} has been deleted while it was used; bring it in again under another name.`);
    case "NoModificationAllowedError":
      return make("image-locked", `The ${it} is in use, here or in another tab; close it there.`);
    case "QuotaExceededError":
      return make("block-full", `There is no room left for the ${it}; delete others, or free space on the host.`);
    default:
      return make(
        what === "open" ? "source-unreadable" : "block-io",
        `The ${it} cannot be ${what === "open" ? "opened" : what === "read" ? "read" : "written"} (${reason}); reload the page.`,
      );
  }
}
