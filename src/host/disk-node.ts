/** Files and compression for disks, in node. */

import { createDecipheriv, hkdfSync } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
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
  readonly zstdCompress?: (bytes: Uint8Array, options: object, done: Told) => void;
  readonly constants: { readonly ZSTD_c_compressionLevel?: number };
  readonly zstdCompressSync?: (bytes: Uint8Array) => Uint8Array;
  readonly zstdDecompressSync?: (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Uint8Array;
}

type Told = (error: Error | null, bytes: Uint8Array) => void;

const { zstdCompress, zstdCompressSync, zstdDecompressSync, constants } = zlib as Zstd;

/** The result of a function that tells it to another one. */
const told = (call: (done: Told) => void): Promise<Uint8Array> =>
  new Promise((resolve, reject) => call((error, bytes) => (error === null ? resolve(bytes) : reject(error))));

const TAG_BYTES = 16;

export const diskHost: DiskHost = {
  decryption: (key, salt, info) => {
    const derived = new Uint8Array(hkdfSync("sha256", key, salt, info, 32));
    return (sealed, nonce, bound) => {
      const decipher = createDecipheriv("aes-256-gcm", derived, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(bound);
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(sealed.subarray(0, -TAG_BYTES)), decipher.final()]);
    };
  },
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
  deleteFile: (file) => rm(file, { force: true }),
  connectTcp: (host, port) => socketTo({ host, port }),
  connectUnix: (name) => socketTo({ path: name }),
  ...(hasWebSocket ? { connectWebSocket: webSocketTo } : {}),
  inflateRaw: (bytes, most) => zlib.inflateRawSync(bytes, { maxOutputLength: most }),
  deflateRaw: (bytes) => zlib.deflateRawSync(bytes, { windowBits: 12 }),
  deflateFast: (bytes) => told((done) => zlib.deflateRaw(bytes, { level: 1 }, done)),
  ...(zstdCompress === undefined
    ? {}
    : {
        zstdFast: (bytes) =>
          told((done) => zstdCompress(bytes, { params: { [constants.ZSTD_c_compressionLevel ?? 100]: 1 } }, done)),
      }),
  ...(zstdDecompressSync === undefined
    ? {}
    : { unzstd: (bytes, most) => zstdDecompressSync(bytes, { maxOutputLength: most }) }),
  ...(zstdCompressSync === undefined ? {} : { zstd: (bytes) => zstdCompressSync(bytes) }),
};
