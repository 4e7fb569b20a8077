/** Reading files and URLs in node. */

import { constants, openSync } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { Socket } from "node:net";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { WasmvisorError } from "../error.ts";
import { type Compilation, isRequest, type Location, shown, type Source } from "./load.ts";
import { openSource as openUrl } from "./load-web.ts";

const WHY: Record<string, string> = {
  ENOENT: "does not exist; check the path",
  ENOTDIR: "does not exist; check the path",
  EACCES: "cannot be read; check its permissions",
  EPERM: "cannot be read; check its permissions",
  EISDIR: "is a folder; name a file",
  ENAMETOOLONG: "has too long a name; check the path",
};

const CHUNK_BYTES = 2 ** 18;

/** A string that is an address; every other one is a path. */
const ADDRESS = /^(?:https?|file):\/\//i;

/**
 * Opens a file (by path or `file:` URL) or fetches a URL, which may be a string too.
 *
 * @param signal - gives a fetch up, also while the stream is read; files are always there
 * @throws WasmvisorError `source-unreadable`; the signal's reason
 */
export async function openSource(location: Location, signal?: AbortSignal): Promise<Source> {
  if (isRequest(location)) return openUrl(location, signal);
  if (typeof location === "string" && ADDRESS.test(location) && URL.canParse(location))
    return openSource(new URL(location), signal);
  if (location instanceof URL && location.protocol !== "file:") return openUrl(location, signal);
  try {
    const path = location instanceof URL ? fileURLToPath(location) : location;
    if ((await stat(path)).isFIFO()) return { stream: pipeStream(path), repeatable: false };
    const handle = await open(path, "r");
    return await sourceOf(handle, (cause) => unreadable(location, cause));
  } catch (cause) {
    throw unreadable(location, cause);
  }
}

async function sourceOf(handle: FileHandle, explain: (cause: unknown) => WasmvisorError): Promise<Source> {
  const info = await handle.stat();
  if (info.isDirectory()) {
    await handle.close();
    throw Object.assign(new Error("is a directory"), { code: "EISDIR" });
  }
  return {
    stream: fileStream(handle, explain),
    repeatable: info.isFile(),
    ...(info.isFile() ? { size: info.size } : {}),
  };
}

/**
 * A pipe may have nothing to say for long, and a thread that waits in the system for it could not be called back: not even
 * the process could end.
 */
function pipeStream(path: string): ReadableStream<Uint8Array> {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return Readable.toWeb(new Socket({ fd, writable: false })) as ReadableStream<Uint8Array>;
}

/** One buffer for all chunks: a file of many MiB leaves no garbage behind. */
function fileStream(handle: FileHandle, explain: (cause: unknown) => WasmvisorError): ReadableStream<Uint8Array> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  const next = () =>
    handle.read(buffer, 0, buffer.length).catch(async (cause: unknown) => {
      await handle.close();
      throw explain(cause);
    });
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { bytesRead } = await next();
        if (bytesRead > 0) return controller.enqueue(buffer.subarray(0, bytesRead));
        await handle.close();
        controller.close();
      },
      cancel: () => handle.close(),
    },
    { highWaterMark: 0 },
  );
}

/** What suits this thread. */
export const usualCompilation: Compilation = "sync";

/** A string as a location that means the same in a worker. */
export function absoluteLocation(location: string): string {
  return location;
}

function unreadable(location: string | URL, cause: unknown): WasmvisorError {
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  const why = WHY[code] ?? `cannot be read (${code || String(cause)}); check the path`;
  return new WasmvisorError(
    "source-unreadable",
    `The file ${shown(location)} ${why}.`,
    { location: shown(location), reason: code },
    { cause },
  );
}
