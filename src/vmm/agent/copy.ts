/** Copying files and folders between a host and its guest. */

import * as host from "#files";
import { WasmvisorError } from "../../error.ts";
import type { HostEntry } from "../../host/files.ts";
import { chunksOf, type FileEntry, type FileSource, type FileStatus, type GuestFiles } from "./files.ts";

/** Folders within folders that are copied. */
const DEPTH_MOST = 128;
/** Files that are on their way at once. */
const AT_ONCE = 8;

/** What a copy has moved. */
export interface Copied {
  readonly files: number;
  readonly folders: number;
  readonly links: number;
  /** Bytes of all files. */
  readonly bytes: number;
}

class Tally implements Copied {
  files = 0;
  folders = 0;
  links = 0;
  bytes = 0;
}

/** Runs `act` for each entry of a folder: files a few at once, then its folders one after another. The first failure ends it. */
async function each<Entry extends FileStatusKind>(
  entries: readonly Entry[],
  act: (entry: Entry) => Promise<void>,
): Promise<void> {
  const left = entries.filter(({ kind }) => kind !== "folder").values();
  const worker = async (): Promise<void> => {
    for (const entry of left) await act(entry);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  for (const entry of entries) if (entry.kind === "folder") await act(entry);
}

type FileStatusKind = Pick<FileStatus, "kind">;

const lastName = (path: string): string => /([^/\\]*)[/\\]*$/.exec(path)![1]!;

/** What is called `folder/` gets the other's name behind it. */
const inFolder = (path: string, name: string): string => (path.endsWith("/") ? path + name : path);

function tooDeep(path: string): WasmvisorError {
  return new WasmvisorError(
    "guest-file",
    `There are more than ${DEPTH_MOST} folders within each other at ${path}; copy a part.`,
    {
      path,
    },
  );
}

/** Copies a file or folder of the host's into the guest. Devices, pipes and sockets are left out. */
export async function copyTreeTo(
  files: GuestFiles,
  source: string,
  target: string,
  signal?: AbortSignal,
): Promise<Copied> {
  const tally = new Tally();
  const entry = await host.entryOf(source, true);
  await copyEntryTo(files, entry, source, inFolder(target, lastName(source)), { tally, signal, depth: 0 });
  return tally;
}

/** Writes bytes to a file of the guest's. */
export async function copyBytesTo(
  files: GuestFiles,
  source: Exclude<FileSource, string>,
  target: string,
  signal?: AbortSignal,
): Promise<Copied> {
  const tally = new Tally();
  await files.write(target, count(chunksOf(source), tally), signal === undefined ? {} : { signal });
  tally.files++;
  return tally;
}

interface Progress {
  readonly tally: Tally;
  readonly signal: AbortSignal | undefined;
  readonly depth: number;
}

async function copyEntryTo(
  files: GuestFiles,
  entry: HostEntry,
  from: string,
  to: string,
  progress: Progress,
): Promise<void> {
  const { tally, signal, depth } = progress;
  signal?.throwIfAborted();
  if (depth > DEPTH_MOST) throw tooDeep(from);
  const { kind, mode, mtime } = entry;
  if (kind === "folder") {
    const present = await files.status(to, true);
    if (present === undefined) await files.makeFolder(to, 0o700);
    tally.folders++;
    await each(await host.list(from), async (child) =>
      copyEntryTo(files, child, host.join(from, child.name), `${to}/${child.name}`, { ...progress, depth: depth + 1 }),
    );
    await files.change(to, present === undefined ? { mode, mtime } : { mtime });
  } else if (kind === "file") {
    const counted = count(chunksOf(host.read(from)), tally);
    await files.write(to, counted, { mode, ...(signal === undefined ? {} : { signal }) });
    await files.change(to, { mode, mtime });
    tally.files++;
  } else if (kind === "link") {
    if ((await files.status(to, false)) !== undefined) await files.remove(to);
    await files.makeLink(to, entry.target);
    tally.links++;
  }
}

async function* count(chunks: AsyncIterable<Uint8Array>, tally: Tally): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    tally.bytes += chunk.length;
    yield chunk;
  }
}

/**
 * Copies a file or folder of the guest's to the host. Devices, pipes and sockets are left out. The guest is not to be trusted: nothing is
 * written through a link below `target`.
 */
export async function copyTreeFrom(
  files: GuestFiles,
  source: string,
  target: string,
  signal?: AbortSignal,
): Promise<Copied> {
  const tally = new Tally();
  const status = await files.status(source, true);
  if (status === undefined) {
    const sentence = `The guest's ${source} cannot be read: there is no such file (ENOENT).`;
    throw new WasmvisorError("guest-file", sentence, { path: source, errno: 2, reason: "ENOENT" });
  }
  const to = inFolder(target, lastName(source));
  await copyEntryFrom(files, { ...status, target: "" }, source, to, { tally, signal, depth: 0 });
  return tally;
}

async function copyEntryFrom(
  files: GuestFiles,
  entry: FileStatus & Pick<FileEntry, "target">,
  from: string,
  to: string,
  progress: Progress,
): Promise<void> {
  const { tally, signal, depth } = progress;
  signal?.throwIfAborted();
  if (depth > DEPTH_MOST) throw tooDeep(from);
  const { kind, mode, mtime } = entry;
  if (kind === "folder") {
    await host.makeFolder(to, depth > 0);
    tally.folders++;
    const children = await files.list(from);
    checkNames(from, children);
    await each(children, (child) =>
      copyEntryFrom(files, child, `${from}/${child.name}`, host.join(to, child.name), {
        ...progress,
        depth: depth + 1,
      }),
    );
    await host.change(to, mode, mtime);
  } else if (kind === "file") {
    const stream = files.read(from, signal === undefined ? {} : { signal });
    await host.write(to, count(chunksOf(stream), tally), mode, mtime);
    tally.files++;
  } else if (kind === "link") {
    await host.makeLink(to, entry.target);
    tally.links++;
  }
}

/** Names of a guest's, which become names of files here. */
function checkNames(folder: string, entries: readonly FileEntry[]): void {
  const names = new Set<string>();
  for (const { name } of entries) {
    if (host.isName(name) && !names.has(name)) {
      names.add(name);
      continue;
    }
    const sentence = `The guest's ${folder} has a file called ${JSON.stringify(name)}, which cannot be made here; rename it.`;
    throw new WasmvisorError("guest-file", sentence, { path: folder, name });
  }
}
