/** Files that must be whole or not there, whenever the process or the computer ends. */

import {
  appendFileSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { copyFile, open } from "node:fs/promises";
import path from "node:path";
import { WasmvisorError } from "../error.ts";

const reasonOf = (cause: unknown): string => (cause as NodeJS.ErrnoException).code ?? String(cause);

function unwritable(name: string, cause: unknown): WasmvisorError {
  const reason = reasonOf(cause);
  const advice = reason === "ENOSPC" ? "make room on that disk" : "check the path and its owner";
  const sentence = `The file ${name} cannot be written (${reason}); ${advice}.`;
  return new WasmvisorError("file-unwritable", sentence, { path: name, reason }, { cause });
}

/** A name in a folder; one that is absolute stays as it is. */
export const resolvePath = (folder: string, name: string): string => path.resolve(folder, name);

/** The nearest folder that has a file of that name, from `from` upwards. */
export function findUpwards(from: string, file: string): string | undefined {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    if (existsSync(path.join(folder, file))) return folder;
    if (folder === path.dirname(folder)) return undefined;
  }
}

/**
 * Makes a folder for this user alone.
 * @throws WasmvisorError `file-unwritable`, also when it is a link or somebody else's
 */
export function makePrivateFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { uid } = lstatSync(folder);
    if (!lstatSync(folder).isDirectory() || (process.getuid !== undefined && uid !== process.getuid()))
      throw Object.assign(new Error("it is not this user's folder"), { code: "EPERM" });
    chmodSync(folder, 0o700);
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

export const exists = (name: string): boolean => existsSync(name);

/** What is in a folder; nothing when there is none. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** When a file was last written, in milliseconds, and its size; undefined when there is none. */
export function statusOf(name: string): { readonly modified: number; readonly size: number } | undefined {
  const status = statSync(name, { throwIfNoEntry: false });
  return status && { modified: status.mtimeMs, size: status.size };
}

/**
 * A text file of up to `most` bytes; undefined when there is none.
 * @throws WasmvisorError `file-unreadable`
 */
export function readSmallText(name: string, most = 2 ** 20): string | undefined {
  try {
    const status = statSync(name, { throwIfNoEntry: false });
    if (status === undefined) return undefined;
    if (!status.isFile() || status.size > most) throw Object.assign(new Error("it is too large"), { code: "EFBIG" });
    return readFileSync(name, "utf8");
  } catch (cause) {
    const sentence = `The file ${name} cannot be read (${reasonOf(cause)}); check it.`;
    throw new WasmvisorError("file-unreadable", sentence, { path: name }, { cause });
  }
}

/**
 * Writes a text file unless there is one, which another process may be making just now.
 * @throws WasmvisorError `file-unwritable`
 */
export function writeOnce(name: string, text: string): void {
  try {
    writeFileSync(name, text, { mode: 0o600, flag: "wx" });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST") throw unwritable(name, cause);
  }
}

/**
 * Writes a text file in place of what is there, whole or not at all. Of two processes that do it at the same time, one may fail.
 * @throws WasmvisorError `file-unwritable`
 */
export function writeWhole(name: string, text: string): void {
  const part = `${name}.part`;
  try {
    writeFileSync(part, text, { mode: 0o600 });
    keep(part);
    renameSync(part, name);
    keep(path.dirname(name));
  } catch (cause) {
    rmSync(part, { recursive: true, force: true });
    throw unwritable(name, cause);
  }
}

/**
 * Writes what a stream brings in place of what is there, whole or not at all: it is on the disk when this resolves.
 * @throws WasmvisorError `file-unwritable`; what the stream fails with
 */
export async function writeStreamWhole(name: string, stream: ReadableStream<Uint8Array>): Promise<void> {
  const part = `${name}.part`;
  const reader = stream.getReader();
  try {
    const handle = await open(part, "w", 0o600);
    try {
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read())
        await handle.writeFile(chunk.value);
      await handle.sync();
    } finally {
      await handle.close();
    }
    renameSync(part, name);
    keep(path.dirname(name));
  } catch (cause) {
    await reader.cancel(cause).catch(() => undefined);
    rmSync(part, { recursive: true, force: true });
    throw cause instanceof WasmvisorError ? cause : unwritable(name, cause);
  }
}

/**
 * Copies a file in place of what is there, whole or not at all; without copying its bytes where the file system can.
 * @throws WasmvisorError `file-unwritable`
 */
export async function copyWhole(from: string, to: string): Promise<void> {
  const part = `${to}.part`;
  try {
    await copyFile(from, part, constants.COPYFILE_FICLONE);
    keep(part);
    renameSync(part, to);
    keep(path.dirname(to));
  } catch (cause) {
    rmSync(part, { recursive: true, force: true });
    throw unwritable(to, cause);
  }
}

/**
 * Removes a file, for good when this returns.
 * @throws WasmvisorError `file-unwritable`
 */
export function removeFile(name: string): void {
  try {
    if (!existsSync(name)) return;
    rmSync(name, { force: true });
    keep(path.dirname(name));
  } catch (cause) {
    throw unwritable(name, cause);
  }
}

/**
 * Removes a folder: it is gone as a whole, whatever happens meanwhile.
 * @throws WasmvisorError `file-unwritable`
 */
export function removeFolder(folder: string): void {
  const gone = path.join(path.dirname(folder), `.${path.basename(folder)}.part`);
  try {
    rmSync(gone, { recursive: true, force: true });
    if (!existsSync(folder)) return;
    renameSync(folder, gone);
    keep(path.dirname(folder));
    rmSync(gone, { recursive: true, force: true });
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

/**
 * Gives a folder its name, in place of what has it.
 * @throws WasmvisorError `file-unwritable`
 */
export function moveFolder(from: string, to: string): void {
  try {
    removeFolder(to);
    renameSync(from, to);
    keep(path.dirname(to));
  } catch (cause) {
    throw cause instanceof WasmvisorError ? cause : unwritable(to, cause);
  }
}

/** Removes what a process that was killed has left half done, in a folder and in those below it. */
export function removeParts(folder: string, depth = 4): void {
  for (const name of namesIn(folder)) {
    const whole = path.join(folder, name);
    if (name.endsWith(".part")) rmSync(whole, { recursive: true, force: true });
    else if (depth > 0 && lstatSync(whole, { throwIfNoEntry: false })?.isDirectory() === true)
      removeParts(whole, depth - 1);
  }
}

/** Has what was written survive the end of the computer. */
function keep(name: string): void {
  const fd = openSync(name, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A file that is written to at its end, and keeps between one and two times `most` bytes of that (the older half as `NAME.1`). */
export class RotatingFile {
  readonly #name: string;
  readonly #most: number;

  constructor(name: string, most: number) {
    this.#name = name;
    this.#most = most;
  }

  /** Nothing happens where it cannot be written: what is told here is no reason to stop. */
  append(bytes: Uint8Array | string): void {
    try {
      if ((statSync(this.#name, { throwIfNoEntry: false })?.size ?? 0) > this.#most)
        renameSync(this.#name, `${this.#name}.1`);
      appendFileSync(this.#name, bytes, { mode: 0o600 });
    } catch {
      // A full disk, most likely.
    }
  }

  /** All that is kept. */
  read(): Uint8Array {
    const parts = [`${this.#name}.1`, this.#name].filter((name) => existsSync(name)).map((name) => readFileSync(name));
    return Buffer.concat(parts);
  }
}
