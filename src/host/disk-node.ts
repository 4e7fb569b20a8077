/** Files and compression for disks, in node. */

import { realpathSync, statSync } from "node:fs";
import path from "node:path";
import zlib from "node:zlib";
import { WasmvisorError } from "../error.ts";
import { FileBlock } from "./block-file.ts";
import type { DiskHost } from "./disk.ts";
import { shown } from "./load.ts";
import { socketTo } from "./socket.ts";
import { hasWebSocket, webSocketTo } from "./web-socket.ts";

/** Late versions of node have these. */
interface Zstd {
  readonly zstdCompressSync?: (bytes: Uint8Array) => Uint8Array;
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;
}

const { zstdCompressSync, zstdDecompressSync } = zlib as Zstd;

export const diskHost: DiskHost = {
  openFile: (name, options) => FileBlock.open(name, options),
  realPath(name, beside) {
    const whole = beside === undefined ? name : path.resolve(path.dirname(beside), name);
    try {
      return realpathSync(whole);
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
      const sentence = `The disk ${shown(whole)} cannot be found (${reason}); check the path.`;
      throw new WasmvisorError("source-unreadable", sentence, { location: whole, reason }, { cause });
    }
  },
  isBeside(file, other) {
    const way = path.relative(path.dirname(other), file);
    return way !== "" && !path.isAbsolute(way) && way.split(path.sep)[0] !== "..";
  },
  allocatedBytes(file) {
    const blocks = statSync(file, { throwIfNoEntry: false })?.blocks;
    return blocks === undefined ? undefined : blocks * 512;
  },
  connectTcp: (host, port) => socketTo({ host, port }),
  connectUnix: (name) => socketTo({ path: name }),
  ...(hasWebSocket ? { connectWebSocket: webSocketTo } : {}),
  inflateRaw: (bytes, most) => zlib.inflateRawSync(bytes, { maxOutputLength: most }),
  deflateRaw: (bytes) => zlib.deflateRawSync(bytes, { windowBits: 12 }),
  ...(zstdDecompressSync === undefined
    ? {}
    : { unzstd: (bytes, most) => zstdDecompressSync(bytes, { maxOutputLength: most }) }),
  ...(zstdCompressSync === undefined ? {} : { zstd: (bytes) => zstdCompressSync(bytes) }),
};
