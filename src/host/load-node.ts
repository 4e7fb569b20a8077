/** Reading files and URLs in node. */

import { open } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { WasmvisorError } from "../error.ts";
import { shown, type Source } from "./load.ts";
import { openSource as openUrl } from "./load-web.ts";

const WHY: Record<string, string> = {
  ENOENT: "does not exist; check the path",
  ENOTDIR: "does not exist; check the path",
  EACCES: "cannot be read; check its permissions",
  EPERM: "cannot be read; check its permissions",
  EISDIR: "is a folder; name a file",
  ENAMETOOLONG: "has too long a name; check the path",
};

/**
 * Opens a file (by path or `file:` URL) or fetches a URL.
 * @throws WasmvisorError `source-unreadable`
 */
export async function openSource(location: string | URL): Promise<Source> {
  if (location instanceof URL && location.protocol !== "file:") return openUrl(location);
  try {
    return await openFile(location instanceof URL ? fileURLToPath(location) : location);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? "";
    const why = WHY[code] ?? `cannot be read (${code || String(cause)}); check the path`;
    throw new WasmvisorError(
      "source-unreadable",
      `The file ${shown(location)} ${why}.`,
      { location, reason: code },
      { cause },
    );
  }
}

async function openFile(path: string): Promise<Source> {
  const handle = await open(path, "r");
  const info = await handle.stat();
  if (info.isDirectory()) {
    await handle.close();
    throw Object.assign(new Error("is a directory"), { code: "EISDIR" });
  }
  const stream = handle.createReadStream({ highWaterMark: 1 << 20 });
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  return {
    stream: new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const chunk = await chunks.next();
          if (chunk.done) controller.close();
          else controller.enqueue(chunk.value);
        },
        cancel: () => void stream.destroy(),
      },
      { highWaterMark: 0 },
    ),
    ...(info.isFile() ? { size: info.size } : {}),
  };
}
