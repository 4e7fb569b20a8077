/** What disks need of the system they run on; see `imports` in package.json. */

import type { BlockBackend, Done } from "../backend/block/block.ts";
import type { Connect } from "../backend/block/nbd/nbd.ts";

/** How a file is opened. */
export interface OpenFile {
  readonly readonly?: boolean;
  /** Makes a file of that many bytes of zeros in the place of what is there. */
  readonly create?: number;
  /** Does not mind who else uses it. */
  readonly shared?: boolean;
}

/** Opens what AES-256-GCM has sealed, its tag last; throws something when it was not sealed so. */
export type Decrypt = (sealed: Uint8Array, nonce: Uint8Array, bound: Uint8Array) => Uint8Array;

/**
 * Files and compression. What a host has not is undefined. In browsers, files are those of the browser's own storage: a path is a name, and all
 * lie in one folder.
 */
export interface DiskHost {
  /** @throws WasmvisorError when the file cannot be opened, or `unsupported` where there are none */
  openFile(path: string, options?: OpenFile): Done<BlockBackend>;
  /** The path without links, of a name as seen from the folder of another file. */
  realPath(name: string, beside?: string): string;
  /** Whether a file lies in the folder of another one, or below it. Both without links. */
  isBeside(file: string, other: string): boolean;
  /** Bytes that a file takes on the host; undefined when there is none. */
  allocatedBytes(path: string): Done<number | undefined>;
  /** Deletes a file that nobody has open; nothing happens when there is none. */
  deleteFile(path: string): Promise<void>;
  readonly connectTcp?: (host: string, port: number) => Connect;
  readonly connectUnix?: (path: string) => Connect;
  /** A WebSocket whose binary messages are the bytes of a connection. */
  readonly connectWebSocket?: (url: string) => Connect;
  /** Decompresses a raw deflate stream; what comes behind it is ignored. At most `most` bytes come out. */
  inflateRaw(bytes: Uint8Array, most: number): Done<Uint8Array>;
  /** Compresses to a raw deflate stream that looks back at most 4 KiB. */
  readonly deflateRaw?: (bytes: Uint8Array) => Done<Uint8Array>;
  readonly unzstd?: (bytes: Uint8Array, most: number) => Done<Uint8Array>;
  readonly zstd?: (bytes: Uint8Array) => Done<Uint8Array>;
  /** Decryption at once, by the key that HKDF-SHA-256 makes. */
  readonly decryption?: (key: Uint8Array, salt: Uint8Array, info: Uint8Array) => Decrypt;
  /** Compress fast, aside where there are threads; a raw deflate stream. */
  readonly deflateFast?: (bytes: Uint8Array) => Promise<Uint8Array>;
  readonly zstdFast?: (bytes: Uint8Array) => Promise<Uint8Array>;
}
