/** Files of the browser's own storage and compression, for disks in browsers. */

import type { DiskHost } from "./disk.ts";
import { checkName, deleteOpfs, openOpfs, storedBytes } from "./opfs.ts";
import { webSocketTo } from "./web-socket.ts";

declare const DecompressionStream: new (format: "deflate-raw") => {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
};

declare const CompressionStream: typeof DecompressionStream;

/** All that a stream makes of bytes. */
async function deflateFast(bytes: Uint8Array): Promise<Uint8Array> {
  const { readable, writable } = new CompressionStream("deflate-raw");
  const writer = writable.getWriter();
  void writer.write(bytes).catch(() => undefined);
  void writer.close().catch(() => undefined);
  return new Uint8Array(await new Response(readable as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

/** Of one folder, `./` may be said. */
function nameOf(path: string): string {
  const name = path.replace(/^(\.\/)+/, "");
  checkName(name);
  return name;
}

/** Takes bytes until there are as many as are wanted, or the stream has none: what comes behind it is an error only then. */
async function inflateRaw(bytes: Uint8Array, most: number): Promise<Uint8Array> {
  const { readable, writable } = new DecompressionStream("deflate-raw");
  const writer = writable.getWriter();
  void writer.write(bytes).catch(() => undefined);
  void writer.close().catch(() => undefined);
  const reader = readable.getReader();
  const output = new Uint8Array(most);
  let length = 0;
  try {
    while (length < most) {
      const { done, value } = await reader.read();
      if (done) break;
      if (length + value.length > most) throw new RangeError("more bytes than there may be");
      output.set(value, length);
      length += value.length;
    }
  } finally {
    void reader.cancel().catch(() => undefined);
  }
  return output.subarray(0, length);
}

export const diskHost: DiskHost = {
  openFile: (path, options) => openOpfs(nameOf(path), options),
  realPath: nameOf,
  isBeside: (file, other) => file !== other,
  allocatedBytes: (path) => storedBytes(nameOf(path)),
  deleteFile: (path) => deleteOpfs(nameOf(path)).catch(() => undefined),
  connectWebSocket: webSocketTo,
  inflateRaw,
  deflateFast,
};
