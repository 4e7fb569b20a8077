/** Files of node's, for copying. */

import { constants, type Stats } from "node:fs";
import { chmod, lstat, mkdir, open, readdir, readlink, rm, stat, symlink, utimes } from "node:fs/promises";
import path from "node:path";
import { WasmvisorError } from "../error.ts";
import type { HostEntry } from "./files.ts";
import { openSource } from "./load-node.ts";

const { O_CREAT, O_NOFOLLOW, O_TRUNC, O_WRONLY } = constants;

function kindOf(status: Stats): HostEntry["kind"] {
  if (status.isFile()) return "file";
  if (status.isDirectory()) return "folder";
  return status.isSymbolicLink() ? "link" : "other";
}

/** @throws WasmvisorError `file-unreadable` */
async function reading<Value>(name: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act();
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    const sentence = `The file ${name} cannot be read (${reason}); check the path.`;
    throw new WasmvisorError("file-unreadable", sentence, { path: name, reason }, { cause });
  }
}

/** @throws WasmvisorError `file-unwritable` */
async function writing<Value>(name: string, act: () => Promise<Value>): Promise<Value> {
  try {
    return await act();
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code;
    if (reason === undefined) throw cause;
    const sentence = `The file ${name} cannot be written (${reason}); name another.`;
    throw new WasmvisorError("file-unwritable", sentence, { path: name, reason }, { cause });
  }
}

/**
 * What is at a path; `follow`: what a link leads to.
 * @throws WasmvisorError `file-unreadable`
 */
export function entryOf(name: string, follow: boolean): Promise<HostEntry> {
  return reading(name, async () => {
    const status = await (follow ? stat : lstat)(name);
    const kind = kindOf(status);
    const target = kind === "link" ? await readlink(name) : "";
    return { name: path.basename(name), kind, mode: status.mode & 0o7777, mtime: status.mtimeMs, target };
  });
}

/**
 * What is in a folder.
 * @throws WasmvisorError `file-unreadable`
 */
export async function list(folder: string): Promise<HostEntry[]> {
  const names = await reading(folder, () => readdir(folder));
  const entries: HostEntry[] = [];
  for (const name of names) entries.push(await entryOf(path.join(folder, name), false));
  return entries;
}

/** A file's bytes. A failure is an error of the stream's. */
export function read(name: string): ReadableStream<Uint8Array> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        reader ??= (await openSource(path.resolve(name))).stream.getReader();
        const { done, value } = await reader.read();
        if (done) controller.close();
        // The chunk is good until the next one only.
        else controller.enqueue(value.slice());
      },
      cancel: (reason) => reader?.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/**
 * Writes a file, never through a link.
 * @throws WasmvisorError `file-unwritable`
 */
export async function write(
  name: string,
  chunks: AsyncIterable<Uint8Array>,
  mode: number,
  mtime: number,
): Promise<void> {
  await writing(name, async () => {
    const present = await lstat(name).catch(() => undefined);
    if (present !== undefined && !present.isFile()) await rm(name);
    const file = await open(name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600);
    try {
      for await (const chunk of chunks) await file.write(chunk);
      await file.chmod(mode & 0o777);
      await file.utimes(mtime / 1000, mtime / 1000);
    } finally {
      await file.close();
    }
  });
}

/**
 * Makes a folder unless there is one; with `mustBeReal` a link to one is none.
 * @throws WasmvisorError `file-unwritable`
 */
export async function makeFolder(name: string, mustBeReal: boolean): Promise<void> {
  await writing(name, async () => {
    const present = await (mustBeReal ? lstat : stat)(name).catch(() => undefined);
    if (present?.isDirectory() === true) return;
    if (present?.isSymbolicLink() === true) await rm(name);
    await mkdir(name, { mode: 0o700 });
  });
}

/** @throws WasmvisorError `file-unwritable` */
export async function makeLink(name: string, target: string): Promise<void> {
  await writing(name, async () => {
    const present = await lstat(name).catch(() => undefined);
    if (present !== undefined) await rm(name);
    await symlink(target, name);
  });
}

/** @throws WasmvisorError `file-unwritable` */
export async function change(name: string, mode: number, mtime: number): Promise<void> {
  await writing(name, async () => {
    await chmod(name, mode & 0o777);
    await utimes(name, mtime / 1000, mtime / 1000);
  });
}

export const join = (folder: string, name: string): string => path.join(folder, name);

/** Whether it can be the name of a file in a folder, and of nothing else. */
export function isName(name: string): boolean {
  return name !== "" && name !== "." && name !== ".." && !name.includes("/") && !name.includes(path.sep);
}
