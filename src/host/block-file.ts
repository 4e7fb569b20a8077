/** Disks in files, in node: reads and writes at an address, done at once through the page cache of the host. */

import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
  writeSync,
} from "node:fs";
import type { BlockBackend, BlockInfo, Done, Extent } from "../backend/block/block.ts";
import { expectChange, expectInside, expectOpen, expectSize } from "../backend/block/range.ts";
import { WasmvisorError } from "../error.ts";
import { FileLock } from "./block-lock.ts";
import { shown } from "./load.ts";

/** How a file is opened as a disk. */
export interface FileBlockOptions {
  /** Refuses everything that would change it. Others may read it at the same time. Default: false. */
  readonly readonly?: boolean;
  /** Makes a file of that many bytes of zeros in the place of what is there. */
  readonly create?: number;
  /** Opens it even if somebody else uses it, and lets others do so. What is read may be half of what they write. Default: false. */
  readonly shared?: boolean;
}

const ZEROS = new Uint8Array(2 ** 20);

/** Bytes of zeros after which other work of the process has its turn. */
const ZEROS_AT_ONCE = 2 ** 25;

/** A file as a disk. It is made by `FileBlock.open`. */
export class FileBlock implements BlockBackend {
  readonly readonly: boolean;
  readonly synchronous = true;
  readonly info: BlockInfo;
  /** Its path, without links. */
  readonly path: string;
  readonly #fd: number;
  readonly #lock: FileLock | undefined;
  #size: number;
  #open = true;
  #flushes = new Set<Promise<void>>();

  private constructor(path: string, fd: number, size: number, readonly: boolean, lock: FileLock | undefined) {
    this.path = path;
    this.info = { description: `file ${shown(path)}` };
    this.readonly = readonly;
    this.#fd = fd;
    this.#size = size;
    this.#lock = lock;
  }

  /**
   * Opens a file.
   *
   * @throws WasmvisorError `source-unreadable` when it cannot be opened; `file-unwritable` when it cannot be made or written; `image-locked`
   * when somebody else uses it
   */
  static open(path: string, options: FileBlockOptions = {}): FileBlock {
    const { readonly = false, create, shared = false } = options;
    if (create !== undefined) expectSize(create);
    let fd: number | undefined;
    let lock: FileLock | undefined;
    try {
      // A pipe would keep the process waiting for its other end.
      if (statSync(path, { throwIfNoEntry: false })?.isFile() === false) throw notAFile(path);
      // A file is emptied when it is sure that nobody uses it.
      fd =
        create === undefined
          ? openSync(path, readonly ? "r" : "r+")
          : openSync(path, constants.O_RDWR | constants.O_CREAT);
      const real = realpathSync(path);
      if (!shared) lock = FileLock.take(real, readonly ? "read" : "write");
      if (create !== undefined) {
        ftruncateSync(fd, 0);
        ftruncateSync(fd, create);
      }
      return new FileBlock(real, fd, fstatSync(fd).size, readonly, lock);
    } catch (cause) {
      lock?.release();
      if (fd !== undefined) closeSync(fd);
      throw cause instanceof WasmvisorError ? cause : unopened(path, cause, readonly);
    }
  }

  get size(): number {
    return this.#size;
  }

  read(at: number, into: Uint8Array): void {
    expectOpen(this, this.#open);
    expectInside(this, at, into.length);
    for (let done = 0; done < into.length;) {
      const count = this.#try("read", () => readSync(this.#fd, into, done, into.length - done, at + done));
      if (count === 0) throw this.#shrunk(at + done);
      done += count;
    }
  }

  write(at: number, from: Uint8Array): void {
    expectChange(this, this.#open, at, from.length);
    this.#put(at, from);
  }

  /** The host's threads do it; other requests go on meanwhile. */
  flush(): Promise<void> {
    expectOpen(this, this.#open);
    if (this.readonly) return Promise.resolve();
    const flush = new Promise<void>((resolve, reject) => {
      fdatasync(this.#fd, (cause) => (cause === null ? resolve() : reject(this.#failed("write", cause))));
    });
    const known = flush.catch(() => undefined).then(() => void this.#flushes.delete(known));
    this.#flushes.add(known);
    return flush;
  }

  flushNow(): void {
    expectOpen(this, this.#open);
    if (!this.readonly) this.#try("write", () => fdatasyncSync(this.#fd));
  }

  writeZeroes(at: number, length: number): Done {
    expectChange(this, this.#open, at, length);
    if (length <= ZEROS_AT_ONCE) this.#putZeros(at, length);
    else return this.#putManyZeros(at, length);
  }

  resize(size: number): void {
    expectChange(this, this.#open, 0, 0);
    expectSize(size);
    this.#try("write", () => ftruncateSync(this.#fd, size));
    this.#size = size;
  }

  /** Node cannot find the holes of a file; it can find out that there is nothing else. */
  extent(at: number): Extent {
    expectOpen(this, this.#open);
    expectInside(this, at, 1);
    const isHole = this.#try("read", () => fstatSync(this.#fd)).blocks === 0;
    return { length: this.#size - at, kind: isHole ? "hole" : "data", fileOffset: at };
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    try {
      await this.flush();
    } finally {
      this.#open = false;
      await Promise.all(this.#flushes);
      closeSync(this.#fd);
      this.#lock?.release();
    }
  }

  #put(at: number, from: Uint8Array, length = from.length): void {
    for (let done = 0; done < length;) {
      done += this.#try("write", () => writeSync(this.#fd, from, done, length - done, at + done));
    }
  }

  #putZeros(at: number, length: number): void {
    for (let done = 0; done < length; done += ZEROS.length) {
      this.#put(at + done, ZEROS, Math.min(ZEROS.length, length - done));
    }
  }

  async #putManyZeros(at: number, length: number): Promise<void> {
    for (let done = 0; done < length; done += ZEROS_AT_ONCE) {
      expectOpen(this, this.#open);
      this.#putZeros(at + done, Math.min(ZEROS_AT_ONCE, length - done));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #try<Value>(what: "read" | "write", act: () => Value): Value {
    try {
      return act();
    } catch (cause) {
      throw this.#failed(what, cause);
    }
  }

  #failed(what: "read" | "write", cause: unknown): WasmvisorError {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const { description } = this.info;
    const isFull = ["ENOSPC", "EDQUOT", "EFBIG"].includes(reason);
    const sentence = isFull
      ? `There is no room left for the ${description} (${reason}); make room on the host.`
      : `The ${description} cannot be ${what === "read" ? "read" : "written"} (${reason}); check the host's disk.`;
    return new WasmvisorError(isFull ? "block-full" : "block-io", sentence, { path: this.path, reason }, { cause });
  }

  #shrunk(at: number): WasmvisorError {
    const { description } = this.info;
    const sentence = `The ${description} ends at ${at}, though it had ${this.#size} bytes; somebody has made it shorter.`;
    return new WasmvisorError("block-io", sentence, { path: this.path, reason: "EOF" });
  }
}

const REASONS: Record<string, string> = {
  ENOENT: "does not exist; check the path",
  ENOTDIR: "does not exist; check the path",
  EISDIR: "is a folder; name a file",
  ENAMETOOLONG: "has too long a name; check the path",
  ELOOP: "is a link that leads to itself; check the path",
};

function notAFile(path: string): WasmvisorError {
  return new WasmvisorError("source-unreadable", `The disk ${shown(path)} is no regular file; name a file.`, {
    location: path,
  });
}

function unopened(path: string, cause: unknown, readonly: boolean): WasmvisorError {
  const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
  const writing = !readonly && !(reason in REASONS);
  const why =
    REASONS[reason] ??
    `cannot be ${writing ? "written" : "read"} (${reason}); check its permissions${writing ? ", or open it to be read only" : ""}`;
  return new WasmvisorError(
    writing ? "file-unwritable" : "source-unreadable",
    `The disk ${shown(path)} ${why}.`,
    { location: path, reason },
    { cause },
  );
}
